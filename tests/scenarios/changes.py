"""Changes to the bytes of a built file, for what no linker of today makes."""

from __future__ import annotations

import struct

_TAGS = {"NEEDED": 1, "STRTAB": 5, "SONAME": 14, "RPATH": 15, "DEBUG": 21, "TEXTREL": 22, "INIT": 12, "RUNPATH": 29}
_TAGS |= {"GNU_PRELINKED": 0x6FFFFDF5, "CHECKSUM": 0x6FFFFDF8, "FLAGS_1": 0x6FFFFFFB, "VERNEED": 0x6FFFFFFE}
_TAGS |= {"GNU_HASH": 0x6FFFFEF5, "HASH": 4, "SYMTAB": 6, "FILTER": 0x7FFFFFFF, "AUXILIARY": 0x7FFFFFFD}
_SEGMENTS = {"NULL": 0, "LOAD": 1, "DYNAMIC": 2, "NOTE": 4, "TLS": 7, "STACK": 0x6474E551, "RELRO": 0x6474E552}


def apply(change: str, data: bytearray) -> None:
    """Makes one change, written as ``name argument…``."""
    name, *arguments = change.split()
    CHANGES[name](data, *arguments)


def set_bytes(data: bytearray, offset: str, hexadecimal: str) -> None:
    """Other bytes at an offset."""
    new = bytes.fromhex(hexadecimal)
    data[int(offset, 0) : int(offset, 0) + len(new)] = new


def cut(data: bytearray, part: str) -> None:
    """Only the first part of the file, in per cent."""
    del data[len(data) * int(part) // 100 :]


def set_type(data: bytearray, number: str) -> None:
    """Another ``e_type``."""
    struct.pack_into("<H", data, 16, int(number))


def set_dynamic(data: bytearray, tag: str, value: str) -> None:
    """Another value for the first entry of this tag."""
    struct.pack_into("<Q", data, _entry(data, _TAGS[tag]) + 8, int(value, 0))


def rename_dynamic(data: bytearray, old: str, new: str) -> None:
    """Another tag for the first entry of this one; its value stays."""
    struct.pack_into("<Q", data, _entry(data, _TAGS[old]), _TAGS[new])


def add_dynamic(data: bytearray, tag: str, value: str) -> None:
    """One more entry, in the room that linkers leave behind the table's end."""
    end, limit = _entry(data, 0), _dynamic(data)[1]
    if end + 32 > limit:
        raise ValueError("the linker left no room in the dynamic table")
    struct.pack_into("<QQQQ", data, end, _TAGS[tag], int(value, 0), 0, 0)


def set_segment(data: bytearray, kind: str, field: str, value: str) -> None:
    """Another value for a field of the first program header of this type."""
    place = {"type": (0, "I"), "flags": (4, "I"), "offset": (8, "Q"), "address": (16, "Q"), "align": (48, "Q")}
    place |= {"file_bytes": (32, "Q"), "memory_bytes": (40, "Q")}
    at, form = place[field]
    number = _SEGMENTS[value] if field == "type" else int(value, 0)
    struct.pack_into(f"<{form}", data, next(_headers(data, _SEGMENTS[kind])) + at, number)


def set_symbol(data: bytearray, name: str, field: str, value: str) -> None:
    """Another ``st_info``, ``st_other``, ``st_shndx`` or ``st_value`` for a dynamic symbol."""
    at, form = {"info": (4, "B"), "other": (5, "B"), "section": (6, "H"), "value": (8, "Q")}[field]
    strings, symbols = _value(data, "STRTAB"), _value(data, "SYMTAB")
    wanted = data.index(b"\0" + name.encode() + b"\0", strings) + 1 - strings
    while struct.unpack_from("<I", data, symbols)[0] != wanted:
        symbols += 24
    struct.pack_into(f"<{form}", data, symbols + at, int(value, 0))


def weaken_needs(data: bytearray) -> None:
    """Every needed version is a weak need."""
    need = _value(data, "VERNEED")
    while True:
        count, _file, first, following = struct.unpack_from("<2xHIII", data, need)
        entry = need + first
        for _ in range(count):
            struct.pack_into("<H", data, entry + 4, 2)
            entry += struct.unpack_from("<I", data, entry + 12)[0]
        if not following:
            return
        need += following


CHANGES = {
    function.__name__: function
    for function in (
        set_bytes,
        cut,
        set_type,
        set_dynamic,
        rename_dynamic,
        add_dynamic,
        set_segment,
        set_symbol,
        weaken_needs,
    )
}


def _headers(data: bytearray, kind: int):
    """Offsets of the program headers of one type."""
    start, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    for at in range(start, start + size * count, size):
        if struct.unpack_from("<I", data, at)[0] == kind:
            yield at


def _dynamic(data: bytearray) -> tuple[int, int]:
    at = next(_headers(data, _SEGMENTS["DYNAMIC"]))
    offset, size = struct.unpack_from("<Q", data, at + 8)[0], struct.unpack_from("<Q", data, at + 32)[0]
    return offset, offset + size


def _entry(data: bytearray, tag: int) -> int:
    """The offset of the first dynamic entry of this tag."""
    start, end = _dynamic(data)
    for at in range(start, end, 16):
        if struct.unpack_from("<Q", data, at)[0] == tag:
            return at
    raise ValueError(f"no dynamic entry {tag:#x}")


def _value(data: bytearray, tag: str) -> int:
    """A dynamic entry's value; of an address in the first segment, that is also its offset."""
    return struct.unpack_from("<Q", data, _entry(data, _TAGS[tag]) + 8)[0]
