"""The host: the program that would load a plugin, with all that decides what its loader accepts."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path

from plugdeck.binary import read
from plugdeck.binary.facts import BinaryFacts, ElfFacts
from plugdeck.compat.closure import Closure, Resolver
from plugdeck.compat.finding import Finding
from plugdeck.compat.host_findings import unable, unasked
from plugdeck.compat.host_memory import (
    can_open_files,
    glibc_version,
    is_musl_loader,
    loaders_in,
    ordinary_program,
    resolver_of,
    why_no_host,
)
from plugdeck.compat.host_start import start_findings
from plugdeck.compat.library import Library
from plugdeck.compat.library_files import LibraryFiles, ReadFacts
from plugdeck.compat.loader_setting import split_library_path
from plugdeck.compat.machine import Platform
from plugdeck.compat.static_tls import NO_STATIC_BLOCK, StaticBlock
from plugdeck.compat.symbol_scope import SymbolScope
from plugdeck.compat.sysroot import Sysroot
from plugdeck.errors import BinaryFormatError
from plugdeck.text import visible

read_briefly: ReadFacts = partial(read, symbols=False)
"""How a host reads libraries when it is given no cache of facts."""


@dataclass(frozen=True, slots=True)
class Host:
    """A program that could load plugins. Its answers hold for as long as ``key`` is what ``host_key`` gives.

    A host may be shared by threads: what it remembers is only ever added to.
    """

    name: str
    """For people: ``Plugdeck's worker (64-bit x86-64, glibc 2.36)``."""
    key: str
    """Another one as soon as the program, the libraries of the system, or the environment are others."""
    executable: Path
    """On this computer; in another machine's tree, the path in it with the tree's folder in front."""
    platform: Platform | None
    """None when the file is no program, which ``findings`` explain."""
    findings: tuple[Finding, ...] = ()
    """What makes it useless as a host, for any plugin."""
    resolver: Resolver | None = field(default=None, repr=False, compare=False)
    scope: SymbolScope | None = field(default=None, repr=False, compare=False)
    glibc: tuple[int, int] | None = None
    """The version of its C library; None for musl, and where it is not known."""
    is_musl: bool = False
    static_block: StaticBlock = NO_STATIC_BLOCK
    """What it has left for thread-local variables at a fixed place."""
    is_elsewhere: bool = False
    """It is another machine's, whose processor and settings are not known."""

    @classmethod
    def default(cls, read_facts: ReadFacts = read_briefly) -> Host:
        """Plugdeck's own worker: the Python that runs this.

        With ``read_facts``, a cache for instance, the host is for one scan: it looks at each path once.
        """
        return _made(Path(sys.executable), "Plugdeck's worker", Sysroot(), read_facts)

    @classmethod
    def from_executable(
        cls, path: Path, *, name: str = "", sysroot: Path | None = None, read_facts: ReadFacts = read_briefly
    ) -> Host:
        """The program at this path, whatever it is: what cannot be a host says so in ``findings``.

        Args:
            path: the program; with a ``sysroot`` its path in that tree, which may have the tree's folder in front.
            name: what to call it; its file name when empty.
            sysroot: the file tree of another machine, where everything is looked up then.
            read_facts: as for ``default``.
        """
        tree = Sysroot.at(sysroot)
        absolute = os.path.normpath(os.path.join("/", path)) if tree.folder else os.path.abspath(path)
        outside = os.path.abspath(path)
        inside = outside if tree.contains(outside) else tree.path(absolute)
        return _made(Path(inside), name or visible(path.name), tree, read_facts)

    @classmethod
    def from_sysroot(cls, sysroot: Path, *, machine: int | None = None, read_facts: ReadFacts = read_briefly) -> Host:
        """An ordinary dynamically linked program of another machine's tree, with nothing but the C library.

        Args:
            sysroot: the root folder of the tree.
            machine: ``e_machine`` of the loader to take, where the tree has several; this computer's own when None,
                if it is there.
            read_facts: as for ``default``.
        """
        tree = Sysroot.at(sysroot)
        name = visible(os.fspath(sysroot))
        for path, loader in loaders_in(tree, read_facts, machine):
            elf = ordinary_program(loader, path)
            named = cls(f"A program of {name}", f"{name}\n{path}", Path(tree.folder or "/"), Platform.of(elf))
            return _read_host(named, elf, tree, read_facts, is_able=True)
        return cls(name, name, Path(sysroot), None, (unable(name, "has no dynamic loader in lib or lib64"),))

    def closure(self, facts: BinaryFacts) -> Closure | None:
        """The file with all it needs here, or None for a file or a host without dynamic loading."""
        if self.resolver is None or facts.elf is None:
            return None
        return self.resolver.last_closure(facts) or self.resolver.closure(self.root(facts))

    def root(self, facts: BinaryFacts) -> Library:
        """The file as this host would open it: by its path, with no library that asked for it."""
        assert self.resolver
        return Library(os.fspath(facts.path), self.resolver.search.files.of(facts), facts.path.name, None)

    def has_loaded(self, facts: BinaryFacts) -> bool:
        """Whether the file is in the host's memory from its start: opening it again gives what is there."""
        key = facts.identity.device, facts.identity.inode
        return self.resolver is not None and key in self.resolver.by_file


def host_key(executable: Path) -> str:
    """What a host depends on beside the files that plugins bring themselves, as one comparable text."""
    library_path = os.environ.get("LD_LIBRARY_PATH", "")
    watched = [os.fspath(executable), "/etc/ld.so.cache", "/etc/ld.so.preload", "/lib", "/usr/lib", "/lib64"]
    folders = [folder or "." for folder in split_library_path(library_path)]
    stamps = [_stamp(path) for path in (*watched, *folders, *_multiarch_folders())]
    environment = [os.environ.get(name, "") for name in ("LD_PRELOAD", "GLIBC_TUNABLES")]
    return "\n".join([os.fspath(executable), library_path, *environment, *stamps])


def _made(executable: Path, name: str, tree: Sysroot, read_facts: ReadFacts) -> Host:
    make = _built_before if read_facts is read_briefly and not tree.folder else _build
    return make(executable, name, host_key(executable), tree, read_facts)


def _build(executable: Path, name: str, key: str, tree: Sysroot, read_facts: ReadFacts) -> Host:
    try:
        facts = read_facts(Path(tree.real(os.fspath(executable))))
    except BinaryFormatError as error:
        return Host(name, key, executable, None, (unable(name, f"cannot be read: {error}"),))
    elf, reason = facts.elf, why_no_host(facts, tree)
    if elf is None or reason:
        return Host(name, key, executable, None, (unable(name, reason),))
    is_worker = not tree.folder and os.fspath(executable) == sys.executable
    return _read_host(Host(name, key, executable, Platform.of(elf)), elf, tree, read_facts, is_able=is_worker)


_built_before = lru_cache(maxsize=8)(_build)


def _read_host(host: Host, elf: ElfFacts, tree: Sysroot, read_facts: ReadFacts, *, is_able: bool) -> Host:
    """The host with what it has in memory; ``is_able``: it is known to open files."""
    assert host.platform
    files = LibraryFiles(read_facts, host.platform, is_brief=read_facts is not read_briefly, sysroot=tree)
    resolver, closures = resolver_of(host.executable, elf, files)
    loaded = tuple(dict.fromkeys(resolver.loaded.values()))
    scope = SymbolScope(loaded, read_facts, is_versioned=not is_musl_loader(elf))
    is_running = is_able and not tree.folder  # a program that runs need not be asked whether it starts
    findings = () if is_running else tuple(start_findings(host.name, closures, scope, resolver.search))
    if not (findings or is_able or can_open_files(loaded, scope)):
        findings = (unasked(host.name),)
    glibc = glibc_version(resolver)
    blocks = [block for library in loaded if (block := library.file.elf.details.thread_local)]
    is_musl = is_musl_loader(elf)
    libc = "musl" if is_musl else f"glibc {glibc[0]}.{glibc[1]}" if glibc else ""
    tunables = "" if tree.folder else os.environ.get("GLIBC_TUNABLES", "")
    return replace(
        host,
        name=f"{host.name} ({host.platform.bits}-bit {host.platform.machine_name}{f', {libc}' if libc else ''})",
        findings=findings,
        resolver=resolver,
        scope=scope,
        glibc=glibc,
        is_musl=is_musl,
        static_block=NO_STATIC_BLOCK if is_musl else StaticBlock.of(blocks, tunables),
        is_elsewhere=bool(tree.folder),
    )


def _multiarch_folders() -> tuple[str, ...]:
    multiarch = getattr(sys.implementation, "_multiarch", "")  # Debian's folder for this computer's own kind
    return (f"/lib/{multiarch}", f"/usr/lib/{multiarch}", "/usr/local/lib")


def _stamp(path: str) -> str:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return "-"
    return f"{found.st_dev}:{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"
