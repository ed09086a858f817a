"""Bad bytes: each has an error that says what is wrong, and nothing else ever escapes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugdeck.binary import read
from plugdeck.binary.facts import BinaryFacts
from plugdeck.dialects.recognise import recognise
from plugdeck.errors import BinaryFormatError

U16, U32, U64 = "<H", "<I", "<Q"
HUGE = 2**64 - 1


def _part(name: str, inside: int = 0) -> Callable[[dict[str, int]], int]:
    return lambda at: at[name] + inside


def _header(inside: int) -> Callable[[dict[str, int]], int]:
    return lambda _at: inside


# Where, how wide, the bad value, and words of the error. Offsets are those of the 64-bit structures (elf.h).
BAD_FIELDS = [
    pytest.param(_header(4), "<B", 7, "ELF class 7", id="class"),
    pytest.param(_header(5), "<B", 0, "byte order 0", id="byte order"),
    pytest.param(_header(6), "<B", 2, "version is not 1", id="version in the identification"),
    pytest.param(_header(20), U32, 9, "version is not 1", id="version"),
    pytest.param(_header(52), U16, 0, "claims to be 0 bytes", id="header size"),
    pytest.param(_header(54), U16, 55, "Program headers of 55 bytes", id="program header size"),
    pytest.param(_header(56), U16, 0, "no program headers", id="no program headers"),
    pytest.param(_header(56), U16, 0xFFFF, "too many program headers", id="too many program headers"),
    pytest.param(_header(56), U16, 0xFFFE, "within the program header table", id="program headers past the end"),
    pytest.param(_header(32), U64, HUGE, "within the program header table", id="program headers far away"),
    pytest.param(_part("segments", 8), U64, 4096, "beyond the end of the file", id="segment past the end"),
    pytest.param(_part("segments", 8), U64, HUGE, "beyond the end of the file", id="segment offset wraps around"),
    pytest.param(_part("segments", 32), U64, HUGE, "beyond the end of the file", id="segment size wraps around"),
    pytest.param(_part("segments", 40), U64, 8, "larger in the file than in memory", id="small in memory"),
    pytest.param(_part("segments", 0), U32, 0x70000000, "not inside a loaded part", id="nothing is loaded"),
    pytest.param(_part("segments", 56), U32, 1, "overlap", id="overlapping segments"),
    pytest.param(_part("segments", 56 + 16), U64, 2**40, "not inside a loaded part", id="dynamic table is not loaded"),
    pytest.param(_part("segments", 56 + 8), U64, 0, "disagree", id="dynamic table in two places"),
    pytest.param(_part("segments", 56 + 32), U64, 0, "debug information", id="dynamic table left out"),
    pytest.param(_part("segments", 56 + 32), U64, 2**32, "4,294,967,296 bytes", id="dynamic table of 4 GiB"),
    pytest.param(_part("segments", 56 + 32), U64, 16, "does not end", id="dynamic table without an end"),
    pytest.param(_part("segments", 112 + 32), U64, 2**32, "The notes at address", id="notes of 4 GiB"),
    pytest.param(_part("segments", 112 + 8), U64, 2**40, "disagree", id="notes in two places"),
    pytest.param(_part("notes", 0), U32, 2**32 - 1, "A note reaches beyond", id="note owner of 4 GiB"),
    pytest.param(_part("notes", 4), U32, 2**32 - 1, "A note reaches beyond", id="note of 4 GiB"),
    pytest.param(_part("tag 0xe", 8), U64, 2**31, "outside the string table", id="soname outside"),
    pytest.param(_part("tag 0x1", 8), U64, HUGE, "outside the string table", id="needed outside"),
    pytest.param(_part("tag 0x5", 8), U64, 2**40, "The string table at address", id="string table is not loaded"),
    pytest.param(_part("tag 0xa", 8), U64, 2**40, "The string table at address", id="string table of a TiB"),
    pytest.param(_part("tag 0xa", 8), U64, 1, "outside the string table", id="string table of one byte"),
    pytest.param(_part("tag 0x6", 8), U64, HUGE, "The symbol table at address", id="symbol table is not loaded"),
    pytest.param(_part("tag 0xb", 8), U64, 23, "Symbols of 23 bytes", id="symbol size"),
    pytest.param(_part("tag 0x4", 8), U64, HUGE, "The hash table at address", id="hash table is not loaded"),
    pytest.param(_part("hash", 4), U32, 5_000, "The hash table leads out", id="symbol count past the end"),
    pytest.param(_part("symbols", 24), U32, 2**32 - 1, "A symbol's name", id="symbol name outside"),
    pytest.param(
        _part("tag 0x6ffffff0", 8), U64, HUGE, "symbols' version table at address", id="versions are not loaded"
    ),
    pytest.param(_part("tag 0x5"), U64, 0x60000002, "does not say where the string", id="no string table"),
    pytest.param(_part("tag 0x6"), U64, 0x60000002, "does not say where the symbol", id="no symbol table"),
    pytest.param(_part("tag 0x6ffffff0"), U64, 0x60000002, "its symbols have none", id="versions of no symbols"),
    pytest.param(_part("symbols", 8), U64, 1, "begin with an empty entry", id="first symbol"),
    pytest.param(_part("versions", 0), U16, 1, "begin with an empty entry", id="version of the first symbol"),
    pytest.param(_part("versions", 2), U16, 77, "version 77", id="symbol of an unknown version"),
    pytest.param(
        _part("tag 0x6ffffffe", 8), U64, HUGE, "table of needed versions at address", id="needs are not loaded"
    ),
    pytest.param(_part("tag 0x6fffffff", 8), U64, HUGE, "ends at another place", id="endless number of needs"),
    pytest.param(_part("needs", 0), U16, 3, "of kind 3", id="version record of an unknown kind"),
    pytest.param(_part("needs", 2), U16, 0xFFFF, "more than 32,767", id="too many versions"),
    pytest.param(_part("needs", 2), U16, 9, "ends at another place", id="version chain shorter than its count"),
    pytest.param(_part("needs", 8), U32, 2**32 - 1, "leads out of a segment", id="version chain far away"),
    pytest.param(_part("needs", 12), U32, 16, "ends at another place", id="version chain longer than its count"),
    pytest.param(_part("needs", 24), U32, 2**32 - 1, "outside the string table", id="version name outside"),
    pytest.param(_part("needs", 28), U32, 2**32 - 1, "leads out of a segment", id="version entry far away"),
]


@pytest.mark.parametrize(("place", "form", "value", "words"), BAD_FIELDS)
def test_bad_field_is_named(tiny_elf, tmp_path: Path, place, form: str, value: int, words: str) -> None:
    elf = tiny_elf()
    data = elf.build()
    struct.pack_into(form, data, place(elf.at), value)
    path = tmp_path / "bad.so"
    path.write_bytes(data)
    with pytest.raises(BinaryFormatError) as caught:
        read(path)
    assert words in str(caught.value)
    assert caught.value.path == path
    assert caught.value.remedy


# Two entries, each a tag and its value, written over padding of the dynamic table, and words of the error.
BAD_PAIRS = [
    ((0x08, 48), (0x09, 23), "Relocations of 23 bytes"),  # DT_RELASZ, DT_RELAENT
    ((0x08, 48), (0x6FFFFFF9, 3), "More relocations are counted"),  # DT_RELACOUNT
    ((0x08, 48), (0x07, 4), "without the size"),  # DT_RELA, and no DT_RELAENT, which glibc looks at
    ((0x1B, 8), (0x19, 2), "is not aligned"),  # DT_INIT_ARRAYSZ, DT_INIT_ARRAY
    ((0x02, 48), (0x14, 7), "without the size"),  # DT_PLTRELSZ, DT_PLTREL, and no DT_JMPREL
    ((0x02, 48), (0x17, 2**63), "relocations of the PLT are of kind None"),  # DT_JMPREL
]


@pytest.mark.parametrize(("first", "second", "words"), BAD_PAIRS)
def test_bad_pair_of_entries_of_the_dynamic_table_is_named(tiny_elf, tmp_path: Path, first, second, words) -> None:
    elf = tiny_elf()
    data = elf.build()
    elf.layout.dynamic_entry.pack_into(data, elf.at["tag 0x60000000"], *first)
    elf.layout.dynamic_entry.pack_into(data, elf.at["tag 0x60000001"], *second)
    assert_refused_with(words, data, tmp_path)


def assert_refused_with(words: str | None, data: bytes, folder: Path) -> None:
    """Reading refuses the bytes with these words, or reads them when there are none."""
    path = folder / "bad.so"
    path.write_bytes(data)
    if words is None:
        assert read(path).elf is not None
        return
    with pytest.raises(BinaryFormatError, match=words):
        read(path)


def test_segment_without_bytes_behind_the_end_begins_there(tiny_elf, tmp_path: Path) -> None:
    """As in files of debug information alone, which ``objcopy --only-keep-debug`` makes."""
    elf = tiny_elf()
    data = elf.build()
    struct.pack_into(U64, data, elf.at["segments"] + 8, 1 << 20)  # p_offset
    struct.pack_into(U64, data, elf.at["segments"] + 32, 0)  # p_filesz
    assert_refused_with("A segment begins beyond the end of the file at offset 0x100000", data, tmp_path)


# One such entry.
BAD_TAGS = [
    (0x0F, 2**20, "outside the string table"),  # DT_RPATH
    (0x19, 2**40, "without the size"),  # DT_INIT_ARRAY: glibc takes its size without asking whether there is one
    (0x1B, 64, None),  # DT_INIT_ARRAYSZ, at address 0, which is loaded here
    (0x1B, 2**40, "The table of constructors at address"),
    (0x08, 2**63, "The relocation table at address"),  # DT_RELASZ
    (0x02, 24, "relocations of the PLT are of kind None"),  # DT_PLTRELSZ
    (0x08, 25, "no whole number of entries"),  # DT_RELASZ
    (0x12, 2**40, "The relocation table at address"),  # DT_RELSZ
    (0x23, 2**40, "The table of relative relocations at address"),  # DT_RELRSZ
    (0x0C, 2**40, "A constructor or destructor at address"),  # DT_INIT
    (0x0D, 2**40, "A constructor or destructor at address"),  # DT_FINI
    (0x0D, 64, None),
    (0x6FFFFEF5, 2**40, "The hash table at address"),  # DT_GNU_HASH: glibc takes it, also where there is a DT_HASH
    (0x6FFFFFFC, 2**40, "without the size"),  # DT_VERDEF
]


@pytest.mark.parametrize(("tag", "value", "words"), BAD_TAGS)
def test_bad_entry_of_the_dynamic_table_is_named(tiny_elf, tmp_path: Path, tag: int, value: int, words) -> None:
    elf = tiny_elf()
    data = elf.build()
    elf.layout.dynamic_entry.pack_into(data, elf.at["tag 0x60000000"], tag, value)
    assert_refused_with(words, data, tmp_path)


def _read_or_refuse(path: Path) -> BinaryFacts | None:
    """The facts, or None for a BinaryFormatError; anything else escapes and fails the test."""
    try:
        facts = read(path)
    except BinaryFormatError as error:
        assert str(error)
        assert error.path == path
        return None
    recognise(facts)
    return facts


def test_every_truncation_of_a_small_file_is_refused_or_named(tiny_elf, tmp_path: Path) -> None:
    data = bytes(tiny_elf().build())
    path = tmp_path / "cut.so"
    for size in range(len(data)):
        path.write_bytes(data[:size])
        facts = _read_or_refuse(path)
        assert facts is None or (size < 4 and facts.elf is None)


def test_every_truncation_of_a_real_plugin_is_survived(plugin: Path, tmp_path: Path) -> None:
    data = plugin.read_bytes()
    path = tmp_path / "cut.so"
    for size in range(1, len(data), 97):
        path.write_bytes(data[:size])
        _read_or_refuse(path)


_SETTINGS = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)


@given(data=st.binary(max_size=600))
@_SETTINGS
def test_any_bytes_are_survived(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(data)
    _read_or_refuse(path)


@given(data=st.binary(max_size=600), ei_class=st.sampled_from([1, 2]), ei_data=st.sampled_from([1, 2]))
@_SETTINGS
def test_any_bytes_behind_an_elf_identification_are_survived(
    tmp_path: Path, data: bytes, ei_class: int, ei_data: int
) -> None:
    path = tmp_path / "any.so"
    path.write_bytes(b"\x7fELF" + bytes([ei_class, ei_data, 1]) + bytes(9) + data)
    _read_or_refuse(path)


INTERESTING = [b"\0", b"\xff", b"\x7f", b"\x01", b"\xff" * 4, b"\xff" * 8, b"\0" * 8, b"\0\0\0\x80", b"\0\0\1\0"]


@given(
    changes=st.lists(
        st.tuples(st.integers(0, 2**16), st.one_of(st.sampled_from(INTERESTING), st.binary(min_size=1, max_size=8))),
        min_size=1,
        max_size=6,
    )
)
@_SETTINGS
def test_any_change_of_a_real_plugin_is_survived(plugin: Path, tmp_path: Path, changes) -> None:
    data = bytearray(plugin.read_bytes())
    for place, new in changes:
        # The first 4 KiB hold the headers and most tables: let every second change hit them.
        at = place % (4096 if place % 2 else len(data))
        data[at : at + len(new)] = new
    path = tmp_path / "mutant.so"
    path.write_bytes(data)
    _read_or_refuse(path)


@given(changes=st.lists(st.tuples(st.integers(0, 2000), st.sampled_from(INTERESTING)), min_size=1, max_size=5))
@_SETTINGS
def test_any_change_of_a_small_big_endian_file_is_survived(tiny_elf, tmp_path: Path, changes) -> None:
    data = tiny_elf(bits=32, byte_order="big", machine=20).build()
    for place, new in changes:
        at = place % len(data)
        data[at : at + len(new)] = new
    path = tmp_path / "mutant.so"
    path.write_bytes(data)
    _read_or_refuse(path)
