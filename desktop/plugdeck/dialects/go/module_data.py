"""The runtime's record of one plugin (``runtime.moduledata``): its path, the hashes of its packages, what it exports.

It has no symbol in a stripped file. But the loader writes the host's hash of each package (``go:link.pkghash.…``) into
the table of hashes, so relocations tell where that table is; the record is what points to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import NamedTuple

from plugdeck.binary.source import damaged
from plugdeck.dialects.go.image import GoImage

MAX_PACKAGES = 20_000
MAX_EXPORTS = 10_000

_HASH = re.compile(rb"go:link\.pkghash\.([^\0]+)\0")
_HASH_BYTES = re.compile(rb"go:link\.pkghashbytes\.([^\0]+)\0")
_WORDS_OF_HASH = 5
"""``modulehash``: name, linktimehash (strings of two words), and the pointer runtimehash."""

_MOST_CANDIDATES = 8
_STT_OBJECT = 1
_TYPES_BEFORE = {21: 18, 22: 18, 23: 18, 24: 18, 25: 18, 26: 19, 27: 16}
"""How many words before ``pkghashes`` the record has the address of types, by Go 1's minor version."""


class Export(NamedTuple):
    """``ptabEntry``: a name and a type, as distances from the beginning of the types."""

    name_offset: int
    type_offset: int


class ModuleData(NamedTuple):
    """What is told of a plugin here."""

    plugin_path: str
    hashes: dict[str, bytes]
    exports: tuple[Export, ...]
    slot: int
    """The address of the record's field ``pkghashes``."""


def dynamic_hashes(image: GoImage) -> dict[str, bytes]:
    """The link hash of each package by the dynamic symbols: what plugins are compared with in this file's process."""
    found = dict[str, bytes]()
    for name, number in image.find_symbols(_HASH_BYTES, MAX_PACKAGES).items():
        kind, address, size = image.symbol(number)
        if address and kind == _STT_OBJECT and 0 < size <= 64:
            found[name.decode("utf-8", "surrogateescape")] = image.read(address, size, "a package's hash")
    return found


def read_module_data(image: GoImage) -> ModuleData:
    """The record of a plugin.

    Raises:
        BinaryFormatError: it is not found, or contradicts itself.
    """
    for table, count in _hash_tables(image):
        for slot in islice(image.places_of_pointer(table), _MOST_CANDIDATES):
            length, capacity = image.unpack(f"2{image.word_code}", slot + image.word_bytes, "the plugin's record")
            if length == capacity == count:
                return _record(image, slot, table, count)
    raise damaged("The record of the plugin is not where its relocations lead")


def _record(image: GoImage, slot: int, table: int, count: int) -> ModuleData:
    word = image.word_bytes
    exports, exported, capacity, path, path_bytes = image.words(slot - 5 * word, 5, "the plugin's record")
    if exported != capacity or exported > MAX_EXPORTS:
        raise damaged("The plugin's record says nothing sensible of its exports")
    numbers = image.unpack(f"{2 * exported}i", exports, "the list of exports") if exported else ()
    entries = tuple(Export(*numbers[index : index + 2]) for index in range(0, len(numbers), 2))
    return ModuleData(
        image.text(path, path_bytes, "the plugin's path"), dict(_hashes(image, table, count)), entries, slot
    )


def _hash_tables(image: GoImage) -> Iterator[tuple[int, int]]:
    """Where tables of hashes may begin, and of how many packages they are."""
    places = image.places_naming(frozenset(image.find_symbols(_HASH, MAX_PACKAGES).values()))
    stride, inside = _WORDS_OF_HASH * image.word_bytes, (_WORDS_OF_HASH - 1) * image.word_bytes
    starts = places[:1] + [after for before, after in pairwise(places) if after - before != stride]
    known = frozenset(places)
    for start in [start for start in starts if start > inside][:_MOST_CANDIDATES]:
        count = 0
        while start + count * stride in known:
            count += 1
        yield start - inside, count


def _hashes(image: GoImage, table: int, count: int) -> Iterator[tuple[str, bytes]]:
    """Name and hash of each package, in the runtime's order."""
    words = image.words(table, count * _WORDS_OF_HASH, "the packages' hashes")
    for index in range(0, len(words), _WORDS_OF_HASH):
        name, name_bytes, value, value_bytes, _ = words[index : index + _WORDS_OF_HASH]
        if not 0 < value_bytes <= 64:
            raise damaged("The hash of a package has no sensible length")
        yield image.text(name, name_bytes, "a package's name"), image.read(value, value_bytes, "a package's hash")


def types_addresses(image: GoImage, slot: int, minor: int | None) -> tuple[int, ...]:
    """Where the types may begin that exports are counted from; one place where the version of Go is known here."""
    known = _TYPES_BEFORE.get(minor) if minor is not None else None
    distances = (known,) if known else tuple(dict.fromkeys(reversed(_TYPES_BEFORE.values())))
    return tuple(image.words(slot - distance * image.word_bytes, 1, "the plugin's record")[0] for distance in distances)
