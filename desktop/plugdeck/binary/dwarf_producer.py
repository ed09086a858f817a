"""Which compilers the debug information names: DW_AT_producer of the first compilation units (DWARF 2 to 5).

Only the first entry of each unit is read, from its abbreviation to its attributes; a whole reader of DWARF would
take seconds for a large library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from plugdeck.binary.layout import Layout
from plugdeck.binary.sections import SectionContents
from plugdeck.binary.source import damaged

MAX_UNITS = 500
"""A file of one compiler says so in the first; more are read since some linkers put others' units first."""
MAX_PRODUCER_BYTES = 2000
"""GCC names every option that it was given."""

_MAX_ENTRY_BYTES = 1024 + 2 * MAX_PRODUCER_BYTES
_MAX_ABBREVIATION_BYTES = 64 * 1024  # GCC puts the most frequent ones first, and a unit's own among the last
_MAX_ABBREVIATION_BYTES_OF_ALL = 256 * 1024
_DW_TAG_COMPILE_UNIT = 0x11
_DW_AT_PRODUCER, _DW_AT_STR_OFFSETS_BASE = 0x25, 0x72
_DW_UT_TYPE, _DW_UT_SKELETON, _DW_UT_SPLIT_COMPILE, _DW_UT_SPLIT_TYPE = 2, 4, 5, 6

# Forms (DWARF 5, chapter 7.5.6) by how long their values are.
_FIXED_BYTES = {
    0x0B: 1, 0x0C: 1, 0x11: 1, 0x25: 1, 0x29: 1,  # data1, flag, ref1, strx1, addrx1
    0x05: 2, 0x12: 2, 0x26: 2, 0x2A: 2,  # data2, ref2, strx2, addrx2
    0x27: 3, 0x2B: 3,  # strx3, addrx3
    0x06: 4, 0x13: 4, 0x28: 4, 0x2C: 4, 0x1C: 4,  # data4, ref4, strx4, addrx4, ref_sup4
    0x07: 8, 0x14: 8, 0x20: 8, 0x24: 8,  # data8, ref8, ref_sig8, ref_sup8
    0x1E: 16,  # data16
    0x19: 0, 0x21: 0,  # flag_present, implicit_const
}  # fmt: skip
_OFFSETS = {0x0E, 0x17, 0x1D, 0x1F, 0x1F20, 0x1F21}  # strp, sec_offset, strp_sup, line_strp, GNU_ref_alt, GNU_strp_alt
_LEBS = {0x0D, 0x0F, 0x15, 0x1A, 0x1B, 0x22, 0x23, 0x1F01, 0x1F02}  # sdata, udata, ref_udata, strx, addrx, …
_BLOCK_LENGTHS = {0x0A: 1, 0x03: 2, 0x04: 4}  # block1, block2, block4
_STRING, _STRP, _LINE_STRP = 0x08, 0x0E, 0x1F
_STRX = {0x1A, 0x25, 0x26, 0x27, 0x28, 0x1F02}
_ADDRESS, _REF_ADDR, _INDIRECT, _IMPLICIT_CONST = 0x01, 0x10, 0x16, 0x21
_BLOCKS = {0x09, 0x18}  # block, exprloc


@dataclass(frozen=True, slots=True)
class _Unit:
    """The header of one unit."""

    next: int
    entry_at: int
    version: int
    abbreviations_at: int
    offset_bytes: int
    address_bytes: int
    has_producer: bool


class _Bytes:
    """A cursor over some bytes; reading beyond them is damage."""

    __slots__ = ("_data", "_order", "position")

    def __init__(self, data: bytes, byte_order: str) -> None:
        self._data = data
        self._order = byte_order
        self.position = 0

    def number(self, size: int) -> int:
        piece = self.take(size)
        return int.from_bytes(piece, "little" if self._order == "little" else "big")

    def take(self, size: int) -> bytes:
        piece = self._data[self.position : self.position + size]
        if len(piece) < size:
            raise damaged("The debug information ends within an entry")
        self.position += size
        return piece

    def leb128(self) -> int:
        """An unsigned LEB128 number; of a signed one, only the length counts here."""
        value = shift = 0
        for position in range(self.position, min(self.position + 10, len(self._data))):
            byte = self._data[position]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                self.position = position + 1
                return value
            shift += 7
        raise damaged("A number of the debug information does not end")

    def string(self) -> str:
        """A string in place; one that is cut off by the limit counts as far as it goes."""
        text, _nul, _rest = self._data[self.position :].partition(b"\0")
        self.position += len(text) + 1
        return text[:MAX_PRODUCER_BYTES].decode("utf-8", "surrogateescape")


def read_producers(contents: Mapping[str, SectionContents], layout: Layout) -> Iterator[str]:
    """The texts of DW_AT_producer in file order, of at most ``MAX_UNITS`` units; equal ones may come again.

    Args:
        contents: The sections ``.debug_info``, ``.debug_abbrev``, and where they exist ``.debug_str``,
            ``.debug_line_str`` and ``.debug_str_offsets``.
        layout: The file's class and byte order.

    Raises:
        BinaryFormatError: A unit contradicts the format; those before it were given.
    """
    budget = _MAX_ABBREVIATION_BYTES_OF_ALL
    for unit in _units(contents[".debug_info"], layout.byte_order):
        if not unit.has_producer:
            continue
        table = _Bytes(
            contents[".debug_abbrev"].read(unit.abbreviations_at, _MAX_ABBREVIATION_BYTES), layout.byte_order
        )
        if producer := _producer(unit, table, contents, layout.byte_order):
            yield producer
        budget -= table.position
        if budget < 0:
            return


def _units(info: SectionContents, byte_order: str) -> Iterator[_Unit]:
    position = 0
    for _number in range(MAX_UNITS):
        if position >= info.size_bytes or (info.is_cut and position + _MAX_ENTRY_BYTES >= info.size_bytes):
            return
        head = info.read(position, 40)
        if len(head) < 12:  # only zeros for alignment are so short
            return
        unit = _parse_unit(_Bytes(head, byte_order), position)
        yield unit
        position = unit.next


def _parse_unit(head: _Bytes, start: int) -> _Unit:
    length, offset_bytes = head.number(4), 4
    if length == 0xFFFF_FFFF:  # 64-bit DWARF
        length, offset_bytes = head.number(8), 8
    end = start + head.position + length
    version = head.number(2)
    if not 2 <= version <= 5 or not length:
        raise damaged(f"Debug information of version {version} does not exist")
    kind = 0
    if version == 5:
        kind, address_bytes, abbreviations_at = head.number(1), head.number(1), head.number(offset_bytes)
    else:
        abbreviations_at, address_bytes = head.number(offset_bytes), head.number(1)
    if kind in {_DW_UT_SKELETON, _DW_UT_SPLIT_COMPILE}:
        head.take(8)  # the id of the split unit
    has_producer = kind not in {_DW_UT_TYPE, _DW_UT_SPLIT_TYPE}
    entry_at = start + head.position
    return _Unit(end, entry_at, version, abbreviations_at, offset_bytes, address_bytes, has_producer)


def _producer(unit: _Unit, table: _Bytes, contents: Mapping[str, SectionContents], byte_order: str) -> str:
    """The producer of one unit; empty where it names none, or names it in another file."""
    entry = _Bytes(contents[".debug_info"].read(unit.entry_at, _MAX_ENTRY_BYTES), byte_order)
    code = entry.leb128()
    producer: tuple[int, int | str] | None = None
    base = 2 * unit.offset_bytes  # behind the header of .debug_str_offsets, which is as long
    for attribute, form in _attributes(table, code):
        value = _value(entry, form, unit)
        if attribute == _DW_AT_PRODUCER:
            producer = form, value
        elif attribute == _DW_AT_STR_OFFSETS_BASE and isinstance(value, int):
            base = value
    if producer is None:
        return ""
    return _text(producer, base, unit.offset_bytes, contents, byte_order)


def _attributes(table: _Bytes, wanted: int) -> Iterator[tuple[int, int]]:
    """Attributes and forms of the abbreviation ``wanted``; nothing where it is no compilation unit's."""
    while code := table.leb128():
        tag, _has_children = table.leb128(), table.take(1)
        is_wanted = code == wanted
        if is_wanted and tag != _DW_TAG_COMPILE_UNIT:
            return
        while True:
            attribute, form = table.leb128(), table.leb128()
            if form == _IMPLICIT_CONST:
                table.leb128()
            if not attribute and not form:
                break
            if is_wanted:
                yield attribute, form
        if is_wanted:
            return


def _value(entry: _Bytes, form: int, unit: _Unit) -> int | str:  # noqa: PLR0911 - one line for each way to write a value
    """The value, or 0 for one that is only skipped."""
    if form == _INDIRECT:
        form = entry.leb128()
    if form in _FIXED_BYTES:
        return entry.number(_FIXED_BYTES[form])
    if form in _OFFSETS:
        return entry.number(unit.offset_bytes)
    if form in _LEBS:
        return entry.leb128()
    if form == _STRING:
        return entry.string()
    if form == _ADDRESS or (form == _REF_ADDR and unit.version == 2):
        return entry.number(unit.address_bytes)
    if form == _REF_ADDR:
        return entry.number(unit.offset_bytes)
    if form in _BLOCK_LENGTHS or form in _BLOCKS:
        entry.take(entry.number(_BLOCK_LENGTHS[form]) if form in _BLOCK_LENGTHS else entry.leb128())
        return 0
    raise damaged(f"Values of form {form:#x} do not exist in debug information")


def _text(
    written: tuple[int, int | str],
    base: int,
    offset_bytes: int,
    contents: Mapping[str, SectionContents],
    byte_order: str,
) -> str:
    form, value = written
    if isinstance(value, str):
        return value
    name = ".debug_line_str" if form == _LINE_STRP else ".debug_str"
    if form in _STRX and ".debug_str_offsets" in contents:
        offsets = contents[".debug_str_offsets"].read(base + value * offset_bytes, offset_bytes)
        form, value = _STRP, _Bytes(offsets, byte_order).number(offset_bytes)
    if form not in {_STRP, _LINE_STRP} or name not in contents:
        return ""
    return contents[name].text(value, MAX_PRODUCER_BYTES)
