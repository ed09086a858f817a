"""What a file defines, as the dynamic loader finds it: through the hash table alone (glibc ``elf/dl-lookup.c``).

A symbol that the table of symbols has and the hash table does not lead to is no definition. The tables stay bytes:
a lookup costs microseconds, and nobody looks up all names of a library.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat
from operator import or_
from struct import Struct
from typing import NamedTuple

from plugdeck.binary.hash_tables import GnuHash, SysvHash
from plugdeck.binary.versions import SymbolVersion

SHN_UNDEF, SHN_ABS = 0, 0xFFF1
STT_OBJECT, STT_TLS, STT_GNU_IFUNC = 1, 6, 10
DEFINING_TYPES = frozenset({0, STT_OBJECT, 2, 5, STT_TLS, STT_GNU_IFUNC})  # none, object, function, common
BINDINGS = frozenset({1, 2, 10})  # global, weak, unique
_HIDDEN_VERSION = 0x8000
_HIDDEN_VISIBILITIES = frozenset({1, 2})  # internal, hidden
_WIDE_ROW_BYTES = 24
"""Of ``Elf64_Sym``, whose fields are in another order than those of ``Elf32_Sym``."""


class Row(NamedTuple):
    """``Elf_Sym``, in one order for both classes."""

    name: int
    info: int
    other: int
    section: int
    value: int
    size: int


class Definitions(NamedTuple):
    """The tables of one file that lookups go through."""

    hash: GnuHash | SysvHash | None
    """None where there is none, or it is empty: then nothing is found in the file."""
    rows: bytes
    record: Struct
    strings: bytes
    versions: array[int] | None
    """DT_VERSYM; None in a file without any version, which answers every request."""
    labels: Mapping[int, SymbolVersion]
    """By index; the base version and the indices 0 and 1 have none."""

    @property
    def size_bytes(self) -> int:
        """About how much memory they take."""
        return len(self.rows) + len(self.strings)

    def row(self, index: int) -> Row:
        """The symbol of this number, which must be inside the table."""
        return Row(*self.fields(index))

    def fields(self, index: int) -> tuple[int, ...]:
        """As ``row``, for loops over whole tables."""
        record = self.record
        fields = record.unpack_from(self.rows, index * record.size)
        if record.size == _WIDE_ROW_BYTES:
            return fields
        name, value, size, info, other, section = fields
        return name, info, other, section, value, size

    def many(self, indexes: Iterable[int]) -> Iterator[tuple[int, ...]]:
        """The fields of many symbols, as quickly as the class of the file allows."""
        size = self.record.size
        if size == _WIDE_ROW_BYTES:
            return map(self.record.unpack_from, repeat(self.rows), map(size.__mul__, indexes))
        return map(self.fields, indexes)

    def hashes(self) -> frozenset[int] | None:
        """``gnu_hash(name) | 1`` of all that ``has`` could answer for; None where no table tells."""
        if self.hash is None:
            return frozenset()
        return frozenset(map(or_, self.hash.chains, repeat(1))) if isinstance(self.hash, GnuHash) else None

    def has(self, name: bytes, value: int, version: SymbolVersion | None) -> bool:
        """Whether the loader takes a definition of this file for a request (``do_lookup_x`` and ``check_match``).

        Args:
            name: the symbol's name.
            value: its ``gnu_hash``, which the caller has for all files of a scope.
            version: the version asked for; None asks for the oldest, or the only one.
        """
        if self.hash is None:
            return False
        wanted, versions, only = name + b"\0", self.versions, list[bool]()
        for index in self.hash.candidates(name, value):
            is_visible = self._is_visible(index, wanted)
            if is_visible is None:
                continue
            if version is not None:
                if self._has_version(index, version):
                    return is_visible  # if it is not, the loader does not look for another one in the same file
                continue
            number = versions[index] if versions is not None else 1
            if number & ~_HIDDEN_VERSION < 3:
                return is_visible
            if not number & _HIDDEN_VERSION:
                only.append(is_visible)
        return only == [True]

    def _is_visible(self, index: int, wanted: bytes) -> bool | None:
        """Whether other files may use the symbol of this number; None if it does not define something of this name."""
        if (index + 1) * self.record.size > len(self.rows):
            return None
        start, info, other, section, value, _ = self.fields(index)
        kind = info & 15
        has_place = value or section == SHN_ABS or kind == STT_TLS
        if not has_place or section == SHN_UNDEF or kind not in DEFINING_TYPES:
            return None
        if not self.strings.startswith(wanted, start):
            return None
        return info >> 4 in BINDINGS and other & 3 not in _HIDDEN_VISIBILITIES

    def _has_version(self, index: int, version: SymbolVersion) -> bool:
        if self.versions is None:
            return True
        number = self.versions[index]
        label = self.labels.get(number & ~_HIDDEN_VERSION)
        if label is None:
            return not version.is_exact and not number & _HIDDEN_VERSION
        return label.name == version.name
