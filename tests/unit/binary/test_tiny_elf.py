"""Every class and byte order, from files written field by field."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from plugdeck.binary import read
from plugdeck.binary.facts import BinaryFormat, Binding, SymbolKind, VersionNeed

LAYOUTS = [(32, "little", 40), (32, "big", 20), (64, "little", 183), (64, "big", 21)]


@pytest.fixture(params=LAYOUTS, ids=lambda row: f"{row[0]}-bit {row[1]}")
def elf(request, tiny_elf):
    bits, byte_order, machine = request.param
    return tiny_elf(bits=bits, byte_order=byte_order, machine=machine)


@pytest.fixture
def file(elf, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.so"
    path.write_bytes(elf.build())
    return path


def test_header_and_dynamic_table_are_read(elf, file: Path) -> None:
    facts = read(file)
    assert facts.format is BinaryFormat.ELF
    assert facts.elf is not None
    assert (facts.elf.bits, facts.elf.byte_order, facts.elf.machine) == (elf.bits, elf.byte_order, elf.machine)
    assert (facts.elf.soname, facts.elf.needed) == ("libtiny.so.1", ("libc.so.6", "libm.so.6"))
    assert facts.elf.runpath == ("$ORIGIN/lib", "/opt/lib")
    assert facts.elf.build_id == "abcdef01"
    assert not facts.elf.executable_stack


def test_version_needs_are_read(file: Path) -> None:
    facts = read(file)
    assert facts.elf is not None
    assert facts.elf.version_needs == (
        VersionNeed("libc.so.6", "GLIBC_2.4", weak=False),
        VersionNeed("libc.so.6", "GLIBC_2.38", weak=False),
    )


def test_symbols_are_read(file: Path) -> None:
    facts = read(file)
    assert facts.exports is not None
    assert facts.imports is not None
    assert [(s.name, s.kind, s.address, s.size_bytes) for s in facts.exports] == [
        ("Transform", SymbolKind.FUNCTION, 0x200, 8),
        ("Priority", SymbolKind.VARIABLE, 0x300, 8),
    ]
    assert [(s.name, s.version, s.binding) for s in facts.imports] == [("imported", "GLIBC_2.4", Binding.GLOBAL)]


def test_facts_without_symbols_are_the_same_but_for_them(file: Path) -> None:
    with_symbols, without = read(file), read(file, symbols=False)
    assert without.exports is None
    assert without.imports is None
    assert with_symbols.elf == without.elf


def test_description_names_class_order_and_machine(elf, file: Path) -> None:
    machine = {40: "ARM", 20: "PowerPC", 183: "AArch64", 21: "PowerPC64"}[elf.machine]
    order = "big-endian " if elf.byte_order == "big" else ""
    assert read(file).description == f"{elf.bits}-bit {order}ELF shared object, {machine}"


@pytest.mark.skipif(not shutil.which("readelf"), reason="readelf is not installed")
def test_readelf_reads_the_same_names(file: Path) -> None:
    command = ["readelf", "--use-dynamic", "--dynamic", "--syms", "--wide", str(file)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    for expected in ("[libtiny.so.1]", "[libc.so.6]", "[$ORIGIN/lib:/opt/lib]", " Transform", " Priority", "imported"):
        assert expected in said


@pytest.mark.parametrize(
    ("kind", "description"),
    [
        (1, "64-bit ELF object file, not linked yet, x86-64"),
        (4, "64-bit ELF core dump, x86-64"),
        (2, "64-bit ELF program, x86-64"),
        (0xFE00, "64-bit ELF file of type 0xfe00, x86-64"),
    ],
)
def test_description_names_the_kind(tiny_elf, tmp_path: Path, kind: int, description: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(tiny_elf(type=kind).build())
    assert read(path).description == description


def test_position_independent_program_is_no_shared_object(tiny_elf, tmp_path: Path) -> None:
    elf = tiny_elf()
    data = elf.build()
    elf.layout.dynamic_entry.pack_into(data, elf.at["tag 0x60000000"], 0x6FFF_FFFB, 0x0800_0000)
    path = tmp_path / "program"
    path.write_bytes(data)
    facts = read(path)
    assert facts.elf is not None
    assert facts.elf.is_executable
    assert facts.description == "64-bit ELF program (position-independent), x86-64"
