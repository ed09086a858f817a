"""Symbol versions: what is needed, and what is defined (LSB, "Symbol Versioning").

Both tables are chains: each record says how far away the next one is. A crafted chain can be long, not endless:
steps go forward only, inside one segment, and no more versions are taken than a symbol's 15-bit index can name.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from plugdeck.binary.dynamic import DT_VERDEF, DT_VERDEFNUM, DT_VERNEED, DT_VERNEEDNUM, DynamicTable
from plugdeck.binary.facts import VersionNeed
from plugdeck.binary.layout import Layout
from plugdeck.binary.segments import LoadMap
from plugdeck.binary.source import ByteSource, Window, damaged
from plugdeck.binary.strings import StringTable, sysv_hash

MAX_VERSIONS = 0x7FFF
MAX_VERSION_NAME = 1024
VER_FLG_BASE = 1
VER_FLG_WEAK = 2


class Verneed(NamedTuple):
    """``Elf_Verneed``: one library, and where the versions needed of it begin."""

    version: int
    entries: int
    file: int
    first: int
    next: int

    @classmethod
    def parse(cls, window: Window, position: int, layout: Layout) -> Verneed:
        """The record at ``position``."""
        return cls(*window.unpack(layout.version_need, position))


class Vernaux(NamedTuple):
    """``Elf_Vernaux``: one version needed; ``number`` is what the symbols' version table calls it."""

    hash: int
    flags: int
    number: int
    name: int
    next: int

    @classmethod
    def parse(cls, window: Window, position: int, layout: Layout) -> Vernaux:
        """The record at ``position``."""
        return cls(*window.unpack(layout.version_need_entry, position))


class Verdef(NamedTuple):
    """``Elf_Verdef``: one version defined; the first of its entries has its name."""

    version: int
    flags: int
    number: int
    entries: int
    hash: int
    first: int
    next: int

    @classmethod
    def parse(cls, window: Window, position: int, layout: Layout) -> Verdef:
        """The record at ``position``."""
        return cls(*window.unpack(layout.version_definition, position))


class SymbolVersion(NamedTuple):
    """A version as a symbol has it, or as a reference asks for it."""

    name: str
    library: str = ""
    """In references: the file that is to define it."""
    is_exact: bool = False
    """In references: a definition without a version does not do."""


class Versions(NamedTuple):
    """Every version of a file; ``names`` and ``labels`` are by the index that the symbols' version table uses."""

    needs: tuple[VersionNeed, ...]
    definitions: tuple[str, ...]
    names: dict[int, str]
    labels: dict[int, SymbolVersion]
    """As ``names``, without the base version: the loader takes its symbols as having none."""
    base: str = ""
    """The name of the base version, mostly the soname; empty in a file that defines no version."""


def read_versions(
    source: ByteSource, table: DynamicTable, loads: LoadMap, strings: StringTable, layout: Layout
) -> Versions:
    """The versions that DT_VERNEED and DT_VERDEF lead to."""
    names: dict[int, str] = {}
    labels: dict[int, SymbolVersion] = {}
    base = ""
    needs: list[VersionNeed] = []
    definitions: list[str] = []
    if window := _window(source, table, loads, DT_VERNEED, "the table of needed versions"):
        for need, entry in _needs(window, table.values.get(DT_VERNEEDNUM, 0), layout):
            index, library = entry.number & MAX_VERSIONS, strings.text(need.file)
            name = names[index] = strings.text(entry.name)
            _check_hash(name, entry.hash)
            labels[index] = SymbolVersion(name, library, bool(entry.number & ~MAX_VERSIONS))
            needs.append(VersionNeed(library, name, bool(entry.flags & VER_FLG_WEAK)))
    if window := _window(source, table, loads, DT_VERDEF, "the table of defined versions"):
        for definition, name_offset in _definitions(window, table.values.get(DT_VERDEFNUM, 0), layout):
            name = names[definition.number & MAX_VERSIONS] = strings.text(name_offset)
            _check_hash(name, definition.hash)
            if definition.flags & VER_FLG_BASE:
                base = name
            else:
                definitions.append(name)
                labels[definition.number & MAX_VERSIONS] = SymbolVersion(name)
    return Versions(tuple(needs), tuple(definitions), names, labels, base)


def _window(source: ByteSource, table: DynamicTable, loads: LoadMap, tag: int, what: str) -> Window | None:
    if tag not in table.values:
        return None
    offset, rest = loads.span_of(table.values[tag], 1, what)
    return Window(source, offset, rest, what)


def _needs(window: Window, count: int, layout: Layout) -> Iterator[tuple[Verneed, Vernaux]]:
    position = total = 0
    for number in range(count):
        need = Verneed.parse(window, position, layout)
        _check_version(need.version)
        total += need.entries
        _check_total(total)
        entry_position = position + need.first
        for entry_number in range(need.entries):
            entry = Vernaux.parse(window, entry_position, layout)
            yield need, entry
            entry_position += _step(entry.next, entry_number, need.entries)
        position += _step(need.next, number, count)


def _definitions(window: Window, count: int, layout: Layout) -> Iterator[tuple[Verdef, int]]:
    position = 0
    _check_total(count)
    for number in range(count):
        definition = Verdef.parse(window, position, layout)
        _check_version(definition.version)
        if not definition.entries:
            raise damaged("A defined version has no name")
        yield definition, window.unpack(layout.version_definition_entry, position + definition.first)[0]
        position += _step(definition.next, number, count)


def _check_version(version: int) -> None:
    if version != 1:
        raise damaged(f"A version record is of kind {version}, and only 1 exists")


def _check_hash(name: str, said: int) -> None:
    """Loaders compare hashes before names, so a version of another hash is never found."""
    if len(name) > MAX_VERSION_NAME or _version_hash(name) != said:
        raise damaged(f"The version {name[:80]} is recorded with another name's hash")


@lru_cache(maxsize=1024)
def _version_hash(name: str) -> int:
    return sysv_hash(name.encode("utf-8", "surrogateescape"))


def _check_total(total: int) -> None:
    if total > MAX_VERSIONS:
        raise damaged(f"The file claims more than {MAX_VERSIONS:,} symbol versions")


def _step(step: int, number: int, count: int) -> int:
    """The way to the next record; the chain has to end where the count says, since loaders follow the chain."""
    if (step == 0) != (number == count - 1):
        raise damaged(f"A chain of {count:,} versions ends at another place than its count says")
    return step
