"""Reading one Go file: each part for itself, so that what is damaged or gone takes nothing else with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from plugdeck.binary.elf import is_elf
from plugdeck.binary.elf_header import ET_DYN, ET_EXEC
from plugdeck.binary.facts import ElfFacts, FileIdentity, SymbolKind
from plugdeck.binary.source import ByteSource, damaged, identity_of, open_source
from plugdeck.dialects.go.build_info import read_build_info
from plugdeck.dialects.go.facts import BuildInfo, GoBuildMode, GoFile, GoSymbol
from plugdeck.dialects.go.image import GoImage
from plugdeck.dialects.go.module_data import ModuleData, dynamic_hashes, read_module_data, types_addresses
from plugdeck.dialects.go.type_data import FUNC, POINTER, Types
from plugdeck.errors import BinaryFormatError

NOTE_OWNER = "Go"
"""Of the note that Go's linker writes into every file (``.note.go.buildid``)."""

MAX_SYMBOLS = 100_000
"""Of the plugin's own package."""

_ADD_MODULE = re.compile(rb"(runtime\.addmoduledata\.abi0)\0")
_VERSION = re.compile(r"\bgo1\.(\d{1,3})")
_OBJECT, _FUNCTION = 1, 2  # STT_OBJECT, STT_FUNC
_EXPORTED = re.compile(r"[^\W\d_]\w*")

_Part = TypeVar("_Part")


def may_be_go(elf: ElfFacts) -> bool:
    """Whether reading the file as one of Go's is worth it."""
    return any(note.owner == NOTE_OWNER for note in elf.notes)


def minor_version(toolchain: str) -> int | None:
    """21 for ``go1.21.13``; None where it is not known."""
    found = _VERSION.search(toolchain)
    return int(found[1]) if found else None


def read_go_file(path: Path, identity: FileIdentity | None = None) -> GoFile | None:
    """What the ELF file at ``path`` says of itself as one that Go built; None for any other file.

    Args:
        path: a regular file, or a link to one.
        identity: which file is meant; another one at this path raises.

    Raises:
        BinaryFormatError: it cannot be read, is another file than was meant, or is damaged where a loader looks.
    """
    return _read(path, identity or identity_of(path))


@lru_cache(maxsize=16)
def _read(path: Path, identity: FileIdentity) -> GoFile | None:
    """One check asks for the same file several times."""
    with open_source(path) as source:
        if source.identity != identity:
            raise BinaryFormatError("The file changed while it was being read", remedy="Scan again.")
        found = _go_file(source) if is_elf(source.head) else None
        source.check_unchanged()
        return found


def _go_file(source: ByteSource) -> GoFile | None:
    image, unknown = GoImage(source), list[str]()
    build = _part("How it was built", unknown, lambda: read_build_info(image))
    hashes = _part("The hashes of its packages", unknown, lambda: dynamic_hashes(image)) or {}
    if build is None and not hashes:
        return None
    mode = _mode(image, build)
    if mode is not GoBuildMode.PLUGIN:
        return GoFile(mode, build, "", hashes, (), tuple(unknown))
    record = _part("What it exports", unknown, lambda: read_module_data(image))
    if record is None:
        return GoFile(mode, build, "", hashes, (), tuple(unknown))
    toolchain = build.toolchain if build else ""
    symbols = _part("The types of what it exports", unknown, lambda: _typed_symbols(image, record, toolchain))
    if symbols is None:
        symbols = tuple(_untyped_symbols(image, record.plugin_path))
    return GoFile(mode, build, record.plugin_path, record.hashes, symbols, tuple(unknown))


def _part(what: str, unknown: list[str], read: Callable[[], _Part]) -> _Part | None:
    """What ``read`` gives; None, and a sentence more, where it is damaged."""
    try:
        return read()
    except BinaryFormatError as error:
        unknown.append(f"{what} is unknown: {error}.".replace(" is unknown", " are unknown", what.startswith("The ")))
        return None


def _mode(image: GoImage, build: BuildInfo | None) -> GoBuildMode:
    """By the build's own words; without them, by what only a plugin or only a program has."""
    said = build.settings.get("-buildmode", "") if build else ""
    if said:
        return {"pie": GoBuildMode.PROGRAM}.get(said) or GoBuildMode(said if said in set(GoBuildMode) else "")
    if image.header.type == ET_EXEC:
        return GoBuildMode.PROGRAM
    if image.header.type == ET_DYN and image.find_symbols(_ADD_MODULE, 1):
        return GoBuildMode.PLUGIN if _has_path(image) else GoBuildMode.PROGRAM
    return GoBuildMode.OTHER


def _has_path(image: GoImage) -> bool:
    try:
        return bool(read_module_data(image).plugin_path)
    except BinaryFormatError:
        return False


def _typed_symbols(image: GoImage, record: ModuleData, toolchain: str) -> tuple[GoSymbol, ...]:
    """The exports with their types. Nothing is believed that the dynamic symbols do not confirm."""
    if not record.exports:
        return ()
    problem = None
    for start in types_addresses(image, record.slot, minor_version(toolchain)):
        try:
            return _symbols(image, record, Types(image, start))
        except BinaryFormatError as error:
            problem = problem or error
    raise problem or damaged("No version of Go is known that writes such a record")


def _symbols(image: GoImage, record: ModuleData, types: Types) -> tuple[GoSymbol, ...]:
    known = _symbols_of(image, record.plugin_path)
    rows = [(types.name(export.name_offset), types.at(export.type_offset)) for export in record.exports]
    for name, type_ in rows:
        expected = _FUNCTION if type_.kind == FUNC else _OBJECT
        is_sound = type_.kind == FUNC or (type_.kind == POINTER and type_.name.startswith("*"))
        if not is_sound or known.get(name) != expected:
            raise damaged("The plugin's record and its symbols disagree")
    variables = [type_ for _, type_ in rows if type_.kind == POINTER]
    methods = iter(types.methods_of_variables(variables))
    return tuple(
        GoSymbol(name, SymbolKind.FUNCTION, type_.name)
        if type_.kind == FUNC
        else GoSymbol(name, SymbolKind.VARIABLE, type_.name[1:], next(methods))
        for name, type_ in rows
    )


def _untyped_symbols(image: GoImage, plugin_path: str) -> Iterator[GoSymbol]:
    """What the dynamic symbols alone say: names of the plugin's package that Go exports."""
    for name, kind in _symbols_of(image, plugin_path).items():
        if _EXPORTED.fullmatch(name) and name[0].isupper():
            yield GoSymbol(name, SymbolKind.FUNCTION if kind == _FUNCTION else SymbolKind.VARIABLE, "")


def _symbols_of(image: GoImage, plugin_path: str) -> dict[str, int]:
    """The types of symbols (``st_info``) in the plugin's own package, by name; functions and variables alone."""
    pattern = re.compile(re.escape(plugin_path.encode()) + rb"\.([^\0]+)\0")
    kinds = {name: image.symbol(number)[0] for name, number in image.find_symbols(pattern, MAX_SYMBOLS).items()}
    return {
        name.decode("utf-8", "surrogateescape"): kind for name, kind in kinds.items() if kind in {_OBJECT, _FUNCTION}
    }
