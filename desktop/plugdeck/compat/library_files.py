"""Library files as a loader of one platform sees them: usable, skipped, or fatal; each file is read once."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from plugdeck.binary.facts import BinaryFacts, ElfFacts
from plugdeck.compat.machine import Platform
from plugdeck.compat.sysroot import Sysroot
from plugdeck.errors import BinaryFormatError

ReadFacts = Callable[[Path], BinaryFacts]
"""How files are read: ``binary.read`` without symbols, or a cache in front of it. Raises BinaryFormatError."""

HERE = Sysroot()
_ET_DYN = 3
_NOOPEN = 0x40  # DF_1_NOOPEN
_GNU_ABI = 3  # ELFOSABI_GNU
_ABI_VERSIONS = 4  # glibc libc-abis: none, unique symbols, indirect functions, absolute symbols


def is_system_abi(elf: ElfFacts) -> bool:
    """Whether the loader knows the binary interface that the file's header names (``VALID_ELF_ABIVERSION``)."""
    version = elf.details.abi_version
    if elf.os_abi == _GNU_ABI:
        return version < _ABI_VERSIONS
    return elf.os_abi == 0 and version == 0


class LibraryFile:
    """One shared object on disk, whatever names lead to it; two are equal only when they are the same object."""

    def __init__(self, elf: ElfFacts, place: Path | None = None, key: tuple[int, ...] = ()) -> None:
        self.elf = elf
        self.place = place
        """Where it was read, which in the tree of another machine is not the path that the loader knows."""
        self.key = key or (id(self),)
        """The file's device and inode, by which the loader knows it again under another name."""

    @cached_property
    def definitions(self) -> frozenset[str]:
        """The versions that it defines, the base version among them; empty for a file without versions of its own."""
        base = self.elf.details.base_version
        return frozenset((*self.elf.version_definitions, base) if base else self.elf.version_definitions)

    @cached_property
    def needed_versions(self) -> dict[str, frozenset[str]]:
        """By the library that is to define them; without weak ones, which it need not."""
        needed: dict[str, list[str]] = {}
        for need in self.elf.version_needs:
            needed.setdefault(need.library, []).extend(() if need.weak else (need.version,))
        return {library: frozenset(versions) for library, versions in needed.items()}

    def lacks(self, versions: frozenset[str]) -> bool:
        """Whether it defines not all of these versions; one without versions of its own passes for having any."""
        return bool(self.definitions) and not versions <= self.definitions

    @cached_property
    def requests(self) -> tuple[str, ...]:
        """All that it asks for by name, in the loader's order."""
        details = self.elf.details
        return (*details.filters, *details.auxiliaries, *self.elf.needed)

    @cached_property
    def has_no_versions(self) -> bool:
        """Whether it neither defines nor needs any version: then it has no table of its symbols' versions."""
        return not (self.elf.version_needs or self.elf.has_definitions)


class Refusal(NamedTuple):
    """Why the loader does not take a file that has the right name."""

    reason: str
    """A predicate: ``is 32-bit``, ``is not an ELF file (text)``."""
    ends_search: bool
    """The loader gives up here rather than looking on (glibc ``elf/dl-load.c``, ``open_verify``)."""
    is_other_machine: bool = False
    """It is a library, for processes of another kind."""


class LibraryFiles:
    """What is at a path, for a loader of one platform."""

    def __init__(self, read: ReadFacts, platform: Platform, *, is_brief: bool = False, sysroot: Sysroot = HERE) -> None:
        """``is_brief`` is for one scan: then each path is looked at once, and what appears meanwhile is not seen."""
        self._read = read
        self._platform = platform
        self.sysroot = sysroot
        self.is_brief = is_brief
        self._seen: dict[str, LibraryFile | Refusal | None] | None = {} if is_brief else None
        self._known: dict[tuple[int, ...], LibraryFile | Refusal] = {}
        self.stamps: dict[str, tuple[int, ...]] = {}
        """What was at each path when it was last looked at: the numbers of a file's identity, none for nothing."""

    def look(self, path: str) -> LibraryFile | Refusal | None:
        """The library at this path, why it is refused, or None when nothing is there."""
        if self._seen is None:
            return self._look(path)
        if path not in self._seen:
            self._seen[path] = self._look(path)
        return self._seen[path]

    def of(self, facts: BinaryFacts) -> LibraryFile:
        """The ELF file that these facts are of; in one scan, the same object as for those that need it as a library."""
        assert facts.elf
        at = facts.identity
        key = (at.device, at.inode, at.size_bytes, at.mtime_ns, at.ctime_ns)
        known = self._known.get(key)
        if isinstance(known, LibraryFile):
            return known
        file = LibraryFile(facts.elf, self.sysroot.place_of(facts.path), (at.device, at.inode))
        if known is None and self._seen is not None and self._refuse(facts.elf) is None:
            self._known[key] = file
        return file

    def _look(self, path: str) -> LibraryFile | Refusal | None:
        real = self.sysroot.real(path)
        try:
            found = os.stat(real)
        except FileNotFoundError:
            self.stamps[path] = ()
            return None
        except (OSError, ValueError) as error:
            self.stamps[path] = ()
            return Refusal(f"cannot be reached ({_words(error)})", ends_search=False)
        key = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        self.stamps[path] = key
        known = self._known.get(key)
        return known or self._known.setdefault(key, self._examine(real))

    def _examine(self, path: str) -> LibraryFile | Refusal:
        if not os.access(path, os.R_OK):
            return Refusal("may not be read", ends_search=False)
        try:
            facts = self._read(Path(path))
        except BinaryFormatError as error:
            return Refusal(f"is damaged ({error})", ends_search=True)
        if facts.elf is None:
            return Refusal(f"is not an ELF file ({facts.description})", ends_search=True)
        refusal = self._refuse(facts.elf)
        return refusal or LibraryFile(facts.elf, facts.path, (facts.identity.device, facts.identity.inode))

    def _refuse(self, elf: ElfFacts) -> Refusal | None:
        here = self._platform
        if elf.bits != here.bits:
            return Refusal(f"is {elf.bits}-bit", ends_search=False, is_other_machine=True)
        if elf.byte_order != here.byte_order:
            return Refusal(f"is {elf.byte_order}-endian", ends_search=False, is_other_machine=True)
        if elf.machine != here.machine:
            return Refusal(f"is for {elf.machine_name}", ends_search=False, is_other_machine=True)
        reasons = {
            "is built for another operating system": not is_system_abi(elf),
            "is a program rather than a library": elf.type != _ET_DYN or elf.is_executable,
            "has no dynamic section": not elf.has_dynamic,
            "is marked as not to be opened by running programs": elf.flags_1 & _NOOPEN,
        }
        reason = next((reason for reason, holds in reasons.items() if holds), None)
        return Refusal(reason, ends_search=True) if reason else None


def _words(error: Exception) -> str:
    return (os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)).lower()
