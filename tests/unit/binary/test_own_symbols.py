"""What a program has for itself, and what of that a linker could export."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from plugdeck.binary.layout import LAYOUTS
from plugdeck.binary.own_symbols import OwnSymbols
from plugdeck.errors import BinaryFormatError

SOURCE = """
#pragma GCC visibility push(default)
extern int elsewhere;
int service(int value) { return value; }
__attribute__((weak)) int weak_service(void) { return 1; }
static __attribute__((used)) int private_service(void) { return 2; }
__attribute__((visibility("hidden"), used)) int hidden_service(void) { return 3; }
int a_longer_name_of_service_too;
int *pointer = &elsewhere;
"""


@pytest.fixture
def program(build_plugin, tmp_path) -> Path:
    flags = ("-nostartfiles", "-Wl,-e,service,--unresolved-symbols=ignore-all", "-fno-pie", "-no-pie")
    built = build_plugin(SOURCE, name="program", shared=False, flags=flags)
    copy = tmp_path / "program"
    copy.write_bytes(built.read_bytes())
    return copy


@pytest.mark.parametrize(
    ("name", "is_there"),
    [
        ("service", True),
        ("weak_service", True),
        ("private_service", False),
        ("hidden_service", False),
        ("elsewhere", False),
        ("absent", False),
        ("servic", False),
        ("", False),
    ],
)
def test_only_what_could_be_exported_counts(program, name, is_there):
    assert OwnSymbols.read(program).defines(name.encode()) is is_there


def test_a_stripped_program_has_none(program):
    subprocess.run(["strip", program], check=True)
    assert not OwnSymbols.read(program).defines(b"service")


@pytest.mark.parametrize("kind", LAYOUTS)
def test_every_class_and_byte_order_is_read(kind):
    layout, strings = LAYOUTS[kind], b"\0one\0two\0"
    rows = b"".join(
        layout.symbol.pack(place, 0x12, 0, section, 0, 0)
        if layout.bits == 64
        else layout.symbol.pack(place, 0, 0, 0x12, 0, section)
        for place, section in ((0, 0), (1, 7), (5, 0))
    )
    symbols = OwnSymbols(layout, rows + b"cut", strings)
    assert [symbols.defines(name) for name in (b"one", b"two")] == [True, False]


def test_damaged_tables_define_nothing_or_raise(program):
    data = bytearray(program.read_bytes())
    sections = struct.unpack_from("<Q", data, 40)[0]
    for at in range(sections, len(data)):
        changed = bytearray(data)
        changed[at] ^= 0xFF
        program.write_bytes(changed)
        try:
            OwnSymbols.read(program).defines(b"service")
        except BinaryFormatError as error:
            assert error.path == program
