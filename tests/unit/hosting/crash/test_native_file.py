"""Symbols and frame rules of real files are what nm and readelf say; damaged files give less, and no error."""

from __future__ import annotations

import os
import random
import re
import struct
import subprocess
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugdeck.binary.source import open_source
from plugdeck.errors import BinaryFormatError
from plugdeck.hosting.crash.native_file import NativeFile

SOURCE = """
#include <string>
#include <stdexcept>
#include <vector>
#define APART __attribute__((noinline, noclone, visibility("default")))
namespace pixels {
APART int sum(const std::vector<int> &values) { int all = 0; for (int each : values) all += each; return all; }
APART std::string name(int value) {
  if (value < 0) throw std::out_of_range("below");
  return std::to_string(value) + std::string(value % 7, '-');
}
static APART int hidden(int n) { char room[n]; for (int i = 0; i < n; i++) room[i] = i; return room[n / 2]; }
}
extern "C" APART int Enter(int n) {
  try { return pixels::hidden(n) + (int)pixels::name(n).size() + pixels::sum(std::vector<int>(n)); }
  catch (const std::exception &) { return -1; }
}
"""
REGISTERS = {"rbx": 3, "rbp": 6, "rsp": 7, "ra": 16} | {f"r{number}": number for number in range(8, 16)}
ROW = re.compile(r"^([0-9a-f]{16}) (\S+) +(.*)$")


@pytest.fixture(scope="module")
def built(build_plugin) -> Path:
    return build_plugin(SOURCE, name="frames.so", language="c++", flags=("-O2",))


@pytest.fixture
def native(built) -> Iterator[NativeFile]:
    with open_source(built) as source:
        yield NativeFile(source)


def test_functions_are_those_that_nm_lists(built, native):
    rows = subprocess.run(["nm", "-CS", "--defined-only", built], capture_output=True, text=True, check=True)
    listed = [line.split(maxsplit=3) for line in rows.stdout.replace("> >", ">>").splitlines()]
    functions = [(int(row[0], 16), int(row[1], 16), row[3]) for row in listed if len(row) == 4 and row[2] in "tTW"]
    assert len(functions) > 4
    for begin, size, _ in functions:
        for address in {begin, begin + size // 2, begin + size - 1}:
            found = native.names([address])[address]
            assert found.offset == address - begin
            assert found.symbol in {name for start, _, name in functions if start == begin}
    names = native.names(begin for begin, _, _ in functions)
    assert {"pixels::sum(std::vector<int, std::allocator<int>> const&)", "Enter"} <= {
        place.symbol for place in names.values()
    }


def test_address_outside_of_every_function_has_no_name(native):
    assert native.names([0, 1 << 40, (1 << 64) - 1]) == {}


@pytest.mark.parametrize("name", ["built", "libm.so.6"])
def test_rules_are_those_that_readelf_works_out(built, name):
    path = built if name == "built" else loaded_library(name)
    command = ["readelf", "--wide", "--debug-dump=frames-interp", path]  # exits with 1 after a mere warning
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    with open_source(path) as source:
        native, checked = NativeFile(source), 0
        for address, canonical, saved in rows_of(text):
            rules = native.rules(address)
            if canonical == "exp":
                assert rules is None
                continue
            assert rules
            register, _, offset = canonical.partition("+")
            assert (rules.register, rules.offset) == (REGISTERS[register], int(offset))
            assert rules.saved == {REGISTERS[name]: place for name, place in saved.items()}
            checked += 1
    assert checked > 15


def rows_of(text: str) -> Iterator[tuple[int, str, dict[str, int]]]:
    """The rows of all functions: address, CFA, and the places of the saved registers."""
    columns: list[str] = []
    is_function = False
    for line in text.splitlines():
        if " FDE " in line or " CIE " in line:
            is_function = " FDE " in line
        elif line.strip().startswith("LOC"):
            columns = line.split()[2:]
        elif is_function and (row := ROW.match(line)):
            values = dict(zip(columns, row[3].split(), strict=False))
            yield int(row[1], 16), row[2], {name: int(value[1:]) for name, value in values.items() if value[0] == "c"}


def loaded_library(name: str) -> Path:
    import ctypes

    ctypes.CDLL(name)
    maps = Path("/proc/self/maps").read_text("utf-8")
    return Path(next(line.split()[-1] for line in maps.splitlines() if line.endswith(f"/{name}")))


def test_damaged_files_give_less_and_no_other_error(built, tmp_path):
    data, choice = built.read_bytes(), random.Random(7)
    addresses = range(0x1000, 0x3000, 0x55)
    for number in range(300):
        damaged = bytearray(data)
        for _ in range(choice.choice((1, 8, 200))):
            damaged[choice.randrange(len(damaged))] = choice.randrange(256)
        path = tmp_path / f"{number}.so"
        path.write_bytes(damaged[: choice.choice((len(damaged), choice.randrange(len(damaged))))])
        try:
            with open_source(path) as source:
                native = NativeFile(source)
                native.names(addresses)
                for address in addresses:
                    native.rules(address)
                native.address_of(choice.randrange(1 << 16))
        except BinaryFormatError:
            pass
        os.unlink(path)


def section(name: int, kind: int, offset: int, size: int, link: int = 0) -> bytes:
    return struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, offset, size, link, 0, 8, 24)


def test_symbols_that_are_all_around_one_address_take_no_memory(tmp_path):
    """Each of 350,000 functions claims to be a terabyte long."""
    names, strings, begin = b"\0.symtab\0.strtab\0", b"\0here\0", 64 + 56
    symbols = struct.pack("<IBBHQQ", 1, 0x12, 0, 1, 0, 1 << 40) * 349_000
    code = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 4096, 4096, 4096)  # PT_LOAD
    end = begin + len(symbols)
    table = section(1, 2, begin, len(symbols), 2) + section(9, 3, end, len(strings))
    sections = bytes(64) + table + section(0, 3, end + len(strings), len(names))
    place = end + len(strings) + len(names)
    place_of_heads = place + -place % 8
    head = b"\x7fELF\2\1\1".ljust(16, b"\0")
    head += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, place_of_heads, 0, 64, 56, 1, 64, 4, 3)
    content = (head + code + symbols + strings + names).ljust(place_of_heads, b"\0") + sections
    path = tmp_path / "around.so"
    path.write_bytes(content)

    with open_source(path) as source:
        native = NativeFile(source)
        tracemalloc.start()
        found = native.names(range(4096, 4096 + 40))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert {each.symbol for each in found.values()} == {"here"}
    assert peak < 32 * 1024 * 1024
