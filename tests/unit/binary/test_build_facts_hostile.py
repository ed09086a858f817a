"""Files that are made to harm the reader of build facts: an answer or a refusal, and little memory."""

from __future__ import annotations

import json
import os
import random
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugdeck.binary.build_facts import BuildFacts, read_build_facts
from plugdeck.binary.dwarf_producer import read_producers
from plugdeck.binary.hardening import Use
from plugdeck.binary.layout import LAYOUTS
from plugdeck.binary.sections import MAX_SECTIONS, MAX_UNPACKED_BYTES
from plugdeck.binary.symbols import MAX_SYMBOLS
from plugdeck.errors import BinaryFormatError

MAX_BYTES = 64 * 1024 * 1024
MUTANTS = 300
GIB = 1024**3
SHF_ALLOC, SHF_COMPRESSED = 2, 0x800

# What reading took beyond importing, by the kernel's own count, which never goes down.
MEASURE = """
import json, resource, sys
from pathlib import Path
from plugdeck.binary.build_facts import read_build_facts
from plugdeck.binary.symbols import MAX_SYMBOLS
from plugdeck.errors import BinaryFormatError

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

before = peak()
try:
    build = read_build_facts(Path(sys.argv[1]))
    said = build.problem or ", ".join(tool.label for tool in build.toolchain.tools)
except BinaryFormatError as error:
    said = "refused: " + str(error)
print(json.dumps([said, peak() - before]))
"""


def measured(path: Path) -> str:
    """The problem, the tools, or the refusal, after checking how much memory that took."""
    command = [sys.executable, "-c", MEASURE, os.fspath(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    said, taken_bytes = json.loads(done.stdout)
    assert taken_bytes < MAX_BYTES
    return said


def sectioned(data: bytearray, sections: Sequence[tuple[str, int, int, bytes]], *, claimed: int | None = None) -> bytes:
    """A 64-bit little-endian file with a section table behind it: name, type, flags and contents of each."""
    names = bytearray(b"\0")
    rows = [bytes(64)]
    for name, kind, flags, given_contents in (*sections, (".shstrtab", 3, 0, b"")):
        at = len(names)
        names += name.encode() + b"\0"
        contents = given_contents if name != ".shstrtab" else bytes(names)
        rows.append(struct.pack("<IIQQQQIIQQ", at, kind, flags, 0, len(data), len(contents), 0, 0, 1, 0))
        data += contents
    struct.pack_into("<Q", data, 0x28, len(data))
    struct.pack_into("<HHH", data, 0x3A, 64, len(rows) if claimed is None else claimed, len(rows) - 1)
    return bytes(data + b"".join(rows))


def packed(contents: bytes) -> bytes:
    """The contents of a section that is compressed as SHF_COMPRESSED says."""
    return struct.pack("<IIQQ", 1, 0, len(contents), 1) + zlib.compress(contents, 9)


def unit(abbreviations_at: int = 0, entry: bytes = b"\x01\0\0\0\0") -> bytes:
    """A compilation unit of 32-bit DWARF 4; its entry is abbreviation 1 with a producer at 0 of .debug_str."""
    body = struct.pack("<HIB", 4, abbreviations_at, 8) + entry
    return struct.pack("<I", len(body)) + body


PRODUCER_BY_OFFSET = b"\x01\x11\x00\x25\x0e\0\0\0"  # code 1, compile unit, no children, producer as strp


@pytest.fixture
def write(tiny_elf, tmp_path: Path) -> Callable[..., Path]:
    def write(sections: Sequence[tuple[str, int, int, bytes]], *, claimed: int | None = None) -> Path:
        path = tmp_path / "made.so"
        path.write_bytes(sectioned(tiny_elf().build(), sections, claimed=claimed))
        return path

    return write


def test_made_debug_information_is_read(write):
    sections = [
        (".debug_info", 1, 0, unit()),
        (".debug_abbrev", 1, 0, PRODUCER_BY_OFFSET),
        (".debug_str", 1, 0, b"GNU C17 99.1.0 -g\0"),
        (".comment", 1, 0, b"GCC: (A packager) 99.1.0\0"),
    ]
    assert measured(write(sections)) == "GCC 99.1.0"


def test_bombs_in_every_section_are_unpacked_no_further_than_the_limit(write):
    bomb = packed(bytes(40 * MAX_UNPACKED_BYTES))
    names = (".debug_info", ".debug_abbrev", ".debug_str", ".debug_line_str", ".debug_str_offsets", ".comment")
    assert isinstance(measured(write([(name, 1, SHF_COMPRESSED, bomb) for name in names])), str)


def test_many_units_with_long_tables_of_abbreviations_end(write):
    table = b"".join(bytes([0x80 | number & 0x7F, 0x02, 0x34, 0, 3, 8, 0, 0]) for number in range(100)) * 90
    sections = [
        (".debug_info", 1, 0, unit(entry=b"\x7f\0\0\0\0") * 5_000),
        (".debug_abbrev", 1, 0, table),
        (".debug_str", 1, 0, b"x\0"),
    ]
    assert isinstance(measured(write(sections)), str)


def test_units_without_an_end_are_told_and_the_rest_is_read(write):
    sections = [
        (".debug_info", 1, 0, unit() + b"\xff\xff\xff\xff" + b"\xff" * 60),
        (".debug_abbrev", 1, 0, PRODUCER_BY_OFFSET),
        (".debug_str", 1, 0, b"clang version 99.0.1\0"),
        (".comment", 1, 0, b"Linker: LLD 99.0.1\0"),
    ]
    build = read_build_facts(write(sections))
    assert [tool.label for tool in build.toolchain.tools] == ["Clang 99.0.1", "LLD 99.0.1"]
    assert "does not exist" in build.problem


def test_more_sections_than_there_are_is_told_and_segments_count_instead(write):
    build = read_build_facts(write([], claimed=MAX_SECTIONS))
    assert "section header table" in build.problem
    assert build.sizes.data_bytes > 0


def test_absurd_number_of_sections_in_the_first_one_is_told(write):
    path = write([(".comment", 1, 0, b"GCC: (x) 1.2\0")], claimed=0)
    data = bytearray(path.read_bytes())
    table = struct.unpack_from("<Q", data, 0x28)[0]
    struct.pack_into("<Q", data, table + 32, 2**60)  # sh_size of the first section
    path.write_bytes(data)
    assert "claims to have 1,152,921,504,606,846,976 sections" in measured(path)


def test_many_sections_with_one_endless_name_are_read(write):
    assert measured(write([("n" * 10, 8, SHF_ALLOC, b"")] * 15_000)) == ""


def test_sparse_file_of_gibibytes_with_debug_information_is_read(write):
    path = write([(".comment", 1, 0, b"GCC: (x) 1.2\0")])
    os.truncate(path, 3 * GIB)
    assert measured(path) == "GCC 1.2"


def test_section_of_gibibytes_is_read_as_far_as_the_limit(write):
    path = write([(".comment", 1, 0, b"GCC: (x) 1.2\0")])
    data = bytearray(path.read_bytes())
    table = struct.unpack_from("<Q", data, 0x28)[0]
    struct.pack_into("<Q", data, table + 64 + 32, 2 * GIB)
    path.write_bytes(data)
    os.truncate(path, 3 * GIB)
    assert measured(path).startswith("GCC 1.2")


def test_more_symbols_than_are_listed_leave_open_what_they_would_show(tiny_elf, tmp_path: Path):
    path = tmp_path / "many.so"
    path.write_bytes(tiny_elf(symbols=[("same", 0x12, 5, 1)] * MAX_SYMBOLS).build())
    hardening = read_build_facts(path).hardening
    assert not hardening.knows_imports
    assert hardening.stack_canary is Use.NOT_KNOWN


@pytest.fixture(scope="module")
def with_debug(build_plugin: Callable[..., Path]) -> tuple[bytes, ...]:
    source = "#include <stdio.h>\nint say(const char *text) { return puts(text); }"
    flags = (("-g",), ("-g", "-gz=zlib"), ("-g", "-gdwarf-4", "-Wl,-rpath,$ORIGIN:relative"))
    return tuple(build_plugin(source, flags=some).read_bytes() for some in flags)


def attempt(path: Path) -> BuildFacts | BinaryFormatError:
    try:
        return read_build_facts(path)
    except BinaryFormatError as error:
        return error


def test_mutants_of_real_files_give_facts_or_a_refusal(with_debug: tuple[bytes, ...], tmp_path: Path):
    chance = random.Random(6)  # the same mutants in each run
    answers = set()
    for number in range(MUTANTS):
        data = bytearray(with_debug[number % len(with_debug)])
        table = struct.unpack_from("<Q", data, 0x28)[0]
        for low, high in chance.choices([(0, 64), (0, 4096), (table, len(data)), (0, len(data))], k=4):
            place = chance.randrange(low, high)
            data[place : place + 2] = chance.choice([b"\0\0", b"\xff\xff", b"\x7f", chance.randbytes(2)])
        path = tmp_path / "mutant.so"
        path.write_bytes(data)
        answers.add(type(attempt(path)))
    assert answers == {BuildFacts, BinaryFormatError}


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_files_that_are_cut_off_give_facts_or_a_refusal(with_debug: tuple[bytes, ...], tmp_path: Path, share: float):
    for data in with_debug:
        path = tmp_path / "cut.so"
        path.write_bytes(data[: int(len(data) * share)])
        assert isinstance(attempt(path), BuildFacts | BinaryFormatError)


class Held:
    """Stands for a section's contents where only their bytes matter."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size_bytes = len(data)
        self.is_cut = False

    def read(self, position: int, most_bytes: int) -> bytes:
        return self._data[position : position + most_bytes]

    def text(self, position: int, most_bytes: int) -> str:
        return self.read(position, most_bytes).partition(b"\0")[0].decode("utf-8", "surrogateescape")


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(info=st.binary(max_size=200), table=st.binary(max_size=80), strings=st.binary(max_size=40))
def test_any_debug_information_gives_texts_or_damage(info: bytes, table: bytes, strings: bytes):
    contents = {".debug_info": Held(info), ".debug_abbrev": Held(table), ".debug_str": Held(strings)}
    for layout in LAYOUTS.values():
        try:
            assert all(isinstance(text, str) for text in read_producers(contents, layout))
        except BinaryFormatError as error:
            assert str(error)
