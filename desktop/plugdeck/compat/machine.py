"""What a dynamic loader of one machine takes for granted: its default folders, its tokens, its release."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from plugdeck.binary.facts import ElfFacts
from plugdeck.compat.sysroot import Sysroot
from plugdeck.compat.system_files import MOST_LIST_BYTES, read_at_most

Release = tuple[int, int]
"""Of glibc: (2, 36)."""

_LARGEST_LOADER_BYTES = 4 << 20
_BANNER, _BEFORE_RELEASE = b"ld.so (", b" release version "  # of ``ld.so --version`` (glibc ``elf/rtld.c``)
_LONGEST_BANNER = 300
_SILENT: Release = (2, 32)
_FOLDER_LIST = re.compile(rb"(?:/[\w.+/-]{0,200}/\0){2,8}")  # bounded: a tree's loader may be any bytes
_FOLDER_BEGIN = re.compile(rb"[\w.+/-]*\Z")
_LONGEST_FOLDER, _MOST_LOOKS = 202, 2000


class Platform(NamedTuple):
    """The kind of code that one process can run."""

    machine: int
    """``e_machine``."""
    machine_name: str
    bits: int
    byte_order: str

    @classmethod
    def of(cls, elf: ElfFacts) -> Platform:
        """The platform that a file was built for."""
        return cls(elf.machine, elf.machine_name, elf.bits, elf.byte_order)

    @property
    def multiarch(self) -> str:
        """Debian's name for it, such as ``x86_64-linux-gnu``; empty when there is none."""
        return _CONVENTIONS.get((self.machine, self.bits), _NO_CONVENTIONS)[0]

    @property
    def musl_name(self) -> str:
        """What musl calls it: ``x86_64``, ``aarch64``, ``i386``."""
        return "armhf" if self.token == "arm" else self.token

    @property
    def token(self) -> str:
        """What ``$PLATFORM`` stands for where the processor is not known."""
        return self.multiarch.partition("-")[0]

    @property
    def cache_architectures(self) -> tuple[int, ...]:
        """The architecture bytes of ``/etc/ld.so.cache`` entries that are for this platform."""
        return _CONVENTIONS.get((self.machine, self.bits), _NO_CONVENTIONS)[1]


# (e_machine, bits) -> (multiarch name, architecture bytes in ld.so.cache: glibc ldconfig.h, FLAG_*)
_NO_CONVENTIONS: tuple[str, tuple[int, ...]] = ("", (0,))
_CONVENTIONS: dict[tuple[int, int], tuple[str, tuple[int, ...]]] = {
    (3, 32): ("i386-linux-gnu", (0x00,)),
    (62, 64): ("x86_64-linux-gnu", (0x03,)),
    (62, 32): ("x86_64-linux-gnux32", (0x08,)),
    (40, 32): ("arm-linux-gnueabihf", (0x09, 0x0B, 0x00)),
    (183, 64): ("aarch64-linux-gnu", (0x0A,)),
    (21, 64): ("powerpc64le-linux-gnu", (0x05,)),
    (22, 64): ("s390x-linux-gnu", (0x04,)),
    (243, 64): ("riscv64-linux-gnu", (0x10, 0x0F)),
    (258, 64): ("loongarch64-linux-gnu", (0x12, 0x11)),
}


def default_folders(platform: Platform, interpreter: str | None, root: str = "") -> tuple[str, ...]:
    """The folders that the loader searches last.

    They are compiled into the loader (glibc ``elf/dl-load.c``, ``system_dirs``), so they are read from it; when
    the host's loader is not on this computer, they are what distributions agree on.

    Args:
        platform: what the host is built for.
        interpreter: where its loader is on this computer.
        root: the folder of another machine's tree.
    """
    return _folders_inside(interpreter) or _conventional_folders(platform, root)


def musl_folders(platform: Platform, root: str = "") -> tuple[str, ...]:
    """The folders that musl's loader searches last: those of its list, or else the built-in ones (``ldso``)."""
    tree = Sysroot(root)
    try:
        listed = os.fsdecode(
            read_at_most(tree.real(tree.path(f"/etc/ld-musl-{platform.musl_name}.path")), MOST_LIST_BYTES)
        )
    except FileNotFoundError:
        listed = "/lib:/usr/local/lib:/usr/lib"
    except OSError:
        listed = ""  # as musl does with a list that is there and cannot be read
    return tuple(folder for folder in re.split(r"[:\n]", listed) if folder)


def library_token(platform: Platform, folders: tuple[str, ...]) -> str:
    """What ``$LIB`` stands for: ``lib/x86_64-linux-gnu`` on Debian, ``lib64`` or ``lib`` elsewhere."""
    for token in (f"lib/{platform.multiarch}", "lib64"):
        if f"/{token}" in folders:
            return token
    return "lib"


def loader_release(path: str, versions: Iterable[str]) -> Release | None:
    """Which glibc the loader at this path is of; None for what is none of glibc's.

    Args:
        path: of the file on this computer.
        versions: that it defines. One that does not say its release is older than 2.33, whatever it is exactly.
    """
    if not any(version.startswith("GLIBC_") for version in versions):
        return None
    try:
        data = read_at_most(path, _LARGEST_LOADER_BYTES)
    except OSError:
        return None
    begin = data.find(_BANNER)
    banner = data[begin : begin + _LONGEST_BANNER].partition(b"\n")[0] if begin >= 0 else b""
    parts = banner.partition(_BEFORE_RELEASE)[2].split(b".")  # 2.36. or 2.41.9000.
    return (int(parts[0]), int(parts[1])) if len(parts) > 1 and parts[0].isdigit() and parts[1].isdigit() else _SILENT


def _folders_inside(interpreter: str | None) -> tuple[str, ...]:
    if not interpreter:
        return ()
    try:
        found = _folder_list(read_at_most(interpreter, _LARGEST_LOADER_BYTES))
    except (OSError, ValueError):
        return ()
    return tuple(os.fsdecode(folder).rstrip("/") for folder in found.split(b"\0") if len(folder) > 1)


def _folder_list(data: bytes) -> bytes:
    """The first two or more folders that follow each other, each ended by a slash and a NUL; empty for none.

    Looked for by where one ends and the next begins, which takes a hundredth of the time of a search for the whole.
    """
    end = -1
    for _ in range(_MOST_LOOKS):
        end = data.find(b"/\0/", end + 1)
        if end < 0:
            break
        before = data[max(0, end + 1 - _LONGEST_FOLDER) : end + 1]
        word = _FOLDER_BEGIN.search(before)
        found = _FOLDER_LIST.match(data, end + 1 - len(word[0])) if word else None
        if found:
            return found[0]
    return b""


def _conventional_folders(platform: Platform, root: str) -> tuple[str, ...]:
    tree = Sysroot(root)
    multiarch = (f"/lib/{platform.multiarch}", f"/usr/lib/{platform.multiarch}")
    if platform.multiarch and any(os.path.isdir(tree.real(tree.path(folder))) for folder in multiarch):
        own: tuple[str, ...] = multiarch
    else:
        own = ("/lib64", "/usr/lib64") if platform.bits == 64 else ()
    return (*own, "/lib", "/usr/lib")
