"""What a host has in memory before it opens its first plugin."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from plugdeck.binary.facts import ORDINARY, BinaryFacts, ElfFacts
from plugdeck.compat.closure import Closure, Resolver
from plugdeck.compat.ld_cache import LOADER_CACHE, read_loader_cache
from plugdeck.compat.library import Library
from plugdeck.compat.library_files import LibraryFile, LibraryFiles, ReadFacts
from plugdeck.compat.loader_setting import LoaderSetting
from plugdeck.compat.machine import Platform, default_folders, loader_release, musl_folders
from plugdeck.compat.search import Search
from plugdeck.compat.symbol_scope import SymbolScope
from plugdeck.compat.sysroot import Sysroot
from plugdeck.compat.system_files import MOST_LIST_BYTES, read_at_most
from plugdeck.errors import BinaryFormatError
from plugdeck.text import visible

_PRELOAD_LIST = "/etc/ld.so.preload"
_GLIBC_VERSION = re.compile(r"GLIBC_(\d+)\.(\d+)")
_LOADER_NAME = re.compile(r"ld(?:-linux[\w.-]*|-musl-[\w-]+|64)?\.so\.\d")
_OPENERS = frozenset({b"dlopen", b"dlmopen"})


def why_no_host(facts: BinaryFacts, tree: Sysroot) -> str:
    """Why nothing can load plugins into this, as a predicate; empty when a plugin could be loaded."""
    if facts.elf is None:
        return f"is not a Linux program ({facts.description})"
    if loader := facts.elf.interpreter:
        is_there = os.path.exists(tree.real(tree.path(loader)))
        where = "in the tree" if tree.folder else "on this computer"
        return "" if is_there else f"needs the dynamic loader {visible(loader)}, which is not {where}"
    return (
        "is statically linked, and what it can open depends on the C library inside it"
        if facts.elf.is_executable
        else f"is not a program ({facts.description})"
    )


def is_musl_loader(elf: ElfFacts) -> bool:
    """Whether the program's loader is musl's."""
    return "/ld-musl-" in (elf.interpreter or "")


def ordinary_program(loader: ElfFacts, path: str) -> ElfFacts:
    """What a program that needs the C library alone says of itself, with the loader at this path of its machine."""
    libc = "libc.so" if "/ld-musl-" in path else "libc.so.6"
    return replace(
        loader, interpreter=path, needed=(libc,), soname=None, rpath=(), runpath=(), flags=0, flags_1=0,
        version_needs=(), version_definitions=(), details=ORDINARY,
    )  # fmt: skip


def loaders_in(tree: Sysroot, read_facts: ReadFacts, machine: int | None) -> Iterator[tuple[str, ElfFacts]]:
    """The dynamic loaders of a tree, by their paths in it, those of this computer's machine first.

    With ``machine``, only those that are for it.
    """
    found: dict[str, ElfFacts] = {}
    for folder in ("/lib64", "/lib", "/usr/lib64", "/usr/lib"):
        inside = tree.real(tree.path(folder))
        for name in sorted(os.listdir(inside)) if os.path.isdir(inside) else ():
            path = f"{folder}/{name}"
            if _LOADER_NAME.fullmatch(name) and (elf := _elf_at(tree, Path(tree.path(path)), read_facts)):
                found.setdefault(path, elf)
    own = _elf_at(Sysroot(), Path("/proc/self/exe"), read_facts)
    wanted = machine if machine is not None else own.machine if own else 0
    fitting = [(path, elf) for path, elf in found.items() if machine in {None, elf.machine}]
    yield from sorted(fitting, key=lambda each: each[1].machine != wanted)


def _elf_at(tree: Sysroot, path: Path, read_facts: ReadFacts) -> ElfFacts | None:
    try:
        return read_facts(Path(tree.real(os.fspath(path)))).elf
    except BinaryFormatError:
        return None


def resolver_of(executable: Path, elf: ElfFacts, files: LibraryFiles) -> tuple[Resolver, tuple[Closure, ...]]:
    """A resolver that knows what the program has loaded before it opens its first plugin.

    With it, the closures of what the loader was told to load then, the program's own last.
    """
    is_musl, loader_path = is_musl_loader(elf), files.sysroot.path(elf.interpreter or "")
    loader = files.look(loader_path)
    library = None
    if isinstance(loader, LibraryFile):
        library = Library(loader_path, loader, os.path.basename(loader_path), None)
    resolver = Resolver(Search(_setting(executable, elf, library, files), files), is_versioned=not is_musl)
    if library:
        resolver.add(library, (loader_path, library.asked_as, *library.names))
        resolver.search.musl_libc = library if is_musl else None
    return resolver, tuple(_load_first(resolver, executable, elf))


def _setting(executable: Path, elf: ElfFacts, loader: Library | None, files: LibraryFiles) -> LoaderSetting:
    """What the program's loader starts from, where it is on this computer."""
    platform, is_musl, tree = Platform.of(elf), is_musl_loader(elf), files.sysroot
    place = tree.real(tree.path(elf.interpreter or ""))
    return LoaderSetting(
        platform,
        program_path=os.fspath(executable),
        program_rpath=() if elf.runpath and not is_musl else elf.rpath,
        library_path="" if tree.folder else os.environ.get("LD_LIBRARY_PATH", ""),
        default_folders=musl_folders(platform, tree.folder)
        if is_musl
        else default_folders(platform, place, tree.folder),
        cache=() if is_musl else read_loader_cache(Path(tree.real(tree.path(os.fspath(LOADER_CACHE))))),
        sysroot=tree,
        is_musl=is_musl,
        release=loader_release(place, loader.file.definitions) if loader else None,
        is_brief=files.is_brief,
    )


def _load_first(resolver: Resolver, executable: Path, elf: ElfFacts) -> Iterator[Closure]:
    """Loads what is to be there before the program begins, and the program, as its loader does."""
    search, tree = resolver.search, resolver.search.sysroot
    place = Path(tree.real(os.path.realpath(executable) if not tree.folder else os.fspath(executable)))
    program = Library(os.fspath(place), LibraryFile(elf, place), os.fspath(executable), None)
    for name in _preloaded(tree):
        if preloaded := search.find(name, program):
            yield resolver.load(preloaded)
    if elf.needed and place.is_dir():  # no program is named: only what it would need is there
        yield resolver.closure(program)
        for name in elf.needed:
            if needed := search.find(name, program):
                resolver.load(needed)
        return
    yield resolver.load(program)
    if not search.is_musl:
        resolver.add(program, ("",))  # glibc's own name for it


def _preloaded(tree: Sysroot) -> list[str]:
    """What LD_PRELOAD and /etc/ld.so.preload put into every process (``ld.so(8)``)."""
    try:
        listed = os.fsdecode(read_at_most(tree.real(tree.path(_PRELOAD_LIST)), MOST_LIST_BYTES))
    except OSError:
        listed = ""
    return re.findall(r"[^\s:]+", f"{'' if tree.folder else os.environ.get('LD_PRELOAD', '')} {listed}")


def glibc_version(resolver: Resolver) -> tuple[int, int] | None:
    """The newest version that the host's C library defines: (2, 36)."""
    library = resolver.loaded.get("libc.so.6")
    versions = (_GLIBC_VERSION.fullmatch(version) for version in (library.file.definitions if library else ()))
    return max(((int(found[1]), int(found[2])) for found in versions if found), default=None)


def can_open_files(loaded: Sequence[Library], scope: SymbolScope) -> bool:
    """Whether the program or one of its libraries calls the loader; the C library's own calls do not count."""
    for library in loaded:
        name = library.file.elf.soname or ""
        if not name.startswith(("libc.so", "ld-linux", "libdl.so", "libc.musl-")):
            linking = scope.linking(library)
            if linking is None or any(reference.name in _OPENERS for reference in linking.references):
                return True
    return False
