"""The host: the program that would load a plugin, with all that decides what its loader accepts."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

from plugdeck.binary import read
from plugdeck.binary.facts import BinaryFacts, ElfFacts
from plugdeck.compat.closure import Closure, Resolver
from plugdeck.compat.finding import Finding, Severity
from plugdeck.compat.ld_cache import LOADER_CACHE, read_loader_cache
from plugdeck.compat.library_files import LibraryFile, LibraryFiles, ReadFacts
from plugdeck.compat.loader_setting import LoaderSetting, split_library_path
from plugdeck.compat.machine import Platform, default_folders
from plugdeck.compat.search import Library, Search
from plugdeck.compat.symbol_scope import SymbolScope
from plugdeck.errors import BinaryFormatError
from plugdeck.text import visible

read_briefly: ReadFacts = partial(read, symbols=False)
"""How a host reads libraries when it is given no cache of facts."""

_PRELOAD_LIST = Path("/etc/ld.so.preload")
_GLIBC_VERSION = re.compile(r"GLIBC_(\d+)\.(\d+)")


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
    platform: Platform | None
    """None when the file is no program, which ``findings`` explain."""
    findings: tuple[Finding, ...] = ()
    """What makes it useless as a host, for any plugin."""
    resolver: Resolver | None = field(default=None, repr=False, compare=False)
    scope: SymbolScope | None = field(default=None, repr=False, compare=False)

    @classmethod
    def default(cls, read_facts: ReadFacts = read_briefly) -> Host:
        """Plugdeck's own worker: the Python that runs this.

        With ``read_facts``, a cache for instance, the host is for one scan: it looks at each path once.
        """
        return cls.from_executable(Path(sys.executable), name="Plugdeck's worker", read_facts=read_facts)

    @classmethod
    def from_executable(cls, path: Path, *, name: str = "", read_facts: ReadFacts = read_briefly) -> Host:
        """The program at this path, whatever it is: what cannot be a host says so in ``findings``."""
        executable = Path(os.path.abspath(path))
        build = _built_before if read_facts is read_briefly else _build
        return build(executable, name or visible(executable.name), host_key(executable), read_facts)

    def closure(self, facts: BinaryFacts) -> Closure | None:
        """The file with all it needs here, or None for a file or a host without dynamic loading."""
        if self.resolver is None or facts.elf is None:
            return None
        return self.resolver.closure(self.root(facts.path, facts.elf))

    def root(self, path: Path, elf: ElfFacts) -> Library:
        """The file as this host would open it: by its path, with no library that asked for it."""
        return Library(os.fspath(path), LibraryFile(elf), path.name, None)


def host_key(executable: Path) -> str:
    """What a host depends on beside the files that plugins bring themselves, as one comparable text."""
    library_path = os.environ.get("LD_LIBRARY_PATH", "")
    watched = [os.fspath(executable), os.fspath(LOADER_CACHE), os.fspath(_PRELOAD_LIST), "/lib", "/usr/lib", "/lib64"]
    folders = [folder or "." for folder in split_library_path(library_path)]
    stamps = [_stamp(path) for path in (*watched, *folders, *_multiarch_folders())]
    return "\n".join([os.fspath(executable), library_path, os.environ.get("LD_PRELOAD", ""), *stamps])


def _build(executable: Path, name: str, key: str, read_facts: ReadFacts) -> Host:
    try:
        facts = read_facts(executable)
    except BinaryFormatError as error:
        return Host(name, key, executable, None, (_useless(name, f"cannot be read: {error}"),))
    elf, reason = facts.elf, _why_no_host(facts)
    if elf is None or reason:
        return Host(name, key, executable, None, (_useless(name, reason),))
    platform = Platform.of(elf)
    files = LibraryFiles(read_facts, platform, is_brief=read_facts is not read_briefly)
    resolver = _resolver(executable, elf, platform, files)
    libc = _libc(resolver)
    described = f"{name} ({platform.bits}-bit {platform.machine_name}{f', {libc}' if libc else ''})"
    scope = SymbolScope(resolver.loaded.values())
    return Host(described, key, executable, platform, (), resolver, scope)


_built_before = lru_cache(maxsize=8)(_build)


def _resolver(executable: Path, elf: ElfFacts, platform: Platform, files: LibraryFiles) -> Resolver:
    """A resolver that knows what the program has loaded before it opens its first plugin."""
    setting = LoaderSetting(
        platform,
        program_path=os.fspath(executable),
        program_rpath=() if elf.runpath else elf.rpath,
        library_path=os.environ.get("LD_LIBRARY_PATH", ""),
        default_folders=default_folders(platform, elf.interpreter),
        cache=read_loader_cache(),
    )
    resolver = Resolver(Search(setting, files))
    program = Library(os.path.realpath(executable), LibraryFile(elf), os.fspath(executable), None)
    loader = files.look(elf.interpreter) if elf.interpreter else None
    if isinstance(loader, LibraryFile) and elf.interpreter:
        library = Library(elf.interpreter, loader, os.path.basename(elf.interpreter), None)
        resolver.loaded.update((name, library) for name in library.names)
    for name in _preloaded():
        if preloaded := resolver.search.find(name, program):
            resolver.load(preloaded)
    resolver.load(program)
    return resolver


def _preloaded() -> list[str]:
    """What LD_PRELOAD and /etc/ld.so.preload put into every process (``ld.so(8)``)."""
    try:
        listed = _PRELOAD_LIST.read_text(errors="surrogateescape")
    except OSError:
        listed = ""
    return re.findall(r"[^\s:]+", f"{os.environ.get('LD_PRELOAD', '')} {listed}")


def _libc(resolver: Resolver) -> str:
    """``glibc 2.36``, from the newest version that the host's C library defines."""
    library = resolver.loaded.get("libc.so.6")
    versions = (_GLIBC_VERSION.fullmatch(version) for version in (library.file.definitions if library else ()))
    newest = max(((int(found[1]), int(found[2])) for found in versions if found), default=None)
    return f"glibc {newest[0]}.{newest[1]}" if newest else ""


def _why_no_host(facts: BinaryFacts) -> str:
    """Why nothing can load plugins into this, as a predicate; empty when a plugin could be loaded."""
    if facts.elf is None:
        return f"is not a Linux program, but {facts.description}"
    if not facts.elf.interpreter:
        is_program = facts.elf.is_executable or not facts.elf.needed
        return (
            "is statically linked: it has no dynamic loader, so it can open no plugin at all"
            if is_program
            else "is a shared library rather than a program"
        )
    return ""


def _useless(name: str, reason: str) -> Finding:
    return Finding(
        "host.cannot-load",
        Severity.ERROR,
        f"{name} cannot load plugins: it {reason}.",
        remedy="Name a dynamically linked program that opens plugins itself.",
        stops_load=True,
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
