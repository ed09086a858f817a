"""Lookups through hash tables, and what relocations ask for: on real files, against other readers."""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from functools import reduce
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import given
from hypothesis import strategies as st

from plugdeck.binary import read
from plugdeck.binary.hash_tables import GnuHash, SysvHash, gnu_hash, gnu_hashes
from plugdeck.binary.linking import Linking
from plugdeck.binary.strings import sysv_hash
from plugdeck.binary.versions import SymbolVersion
from plugdeck.errors import BinaryFormatError

LIBRARY = """
int first(void) { return 1; }
int second(void) { return 2; }
__attribute__((weak)) int third(void) { return 3; }
__attribute__((visibility("protected"))) int fourth(void) { return 4; }
__attribute__((visibility("hidden"))) int fifth(void) { return 5; }
__thread int sixth = 6;
__asm__(".section .unloaded,\\"\\",@progbits\\n.quad unused\\n.text");
int asked_for(void);
int puts(const char *);
int Call(void) { return asked_for() + puts("") + first() + fourth() + fifth() + sixth; }
"""


def linking_of(path: Path) -> Linking:
    linking = read(path, symbols=False, linking=True).linking
    assert linking
    return linking


def finds(linking: Linking, name: str, version: SymbolVersion | None = None) -> bool:
    raw = name.encode()
    return linking.definitions.has(raw, gnu_hash(raw), version)


@given(st.lists(st.binary(max_size=5000).filter(lambda name: b"\0" not in name), max_size=3))
def test_gnu_hash_is_that_of_the_definition(names: list[bytes]):
    hashes = [reduce(lambda value, byte: (value * 33 + byte) % 2**32, name, 5381) for name in names]
    assert [gnu_hash(name) for name in names] == gnu_hashes(names) == hashes


def test_symbols_whose_name_or_table_was_changed_are_astray(build_plugin: Callable[..., Path]):
    definitions = linking_of(
        build_plugin(LIBRARY, name="astray.so", flags=("-Wl,--hash-style=gnu", "-fvisibility=default"))
    ).definitions
    table = definitions.hash
    assert isinstance(table, GnuHash)
    numbers = range(table.first, table.first + len(table.chains))
    names = [definitions.strings[definitions.fields(number)[0] :].split(b"\0")[0] for number in numbers]
    others = [name + b"_" for name in names]
    assert len(names) >= 5
    assert not [*table.astray(numbers, names)]
    assert [*table.astray(numbers, others)] == list(zip(numbers, others, strict=True))
    without_filter = table._replace(bloom=[0] * len(table.bloom))
    assert [*without_filter.astray(numbers, names)] == list(zip(numbers, names, strict=True))
    without_buckets = table._replace(buckets=[0] * len(table.buckets))
    assert [*without_buckets.astray(numbers, names)] == list(zip(numbers, names, strict=True))


@pytest.mark.parametrize(("name", "value"), [(b"", 0), (b"printf", 0x077905A6), (b"exit", 0x0006CF04)])
def test_sysv_hash_is_that_of_the_gabi(name: bytes, value: int):
    assert sysv_hash(name) == value


@pytest.mark.parametrize(("style", "kind"), [("gnu", GnuHash), ("sysv", SysvHash), ("both", GnuHash)])
def test_everything_that_is_exported_is_found_and_nothing_else(
    build_plugin: Callable[..., Path], style: str, kind: type
):
    linking = linking_of(build_plugin(LIBRARY, flags=["-fvisibility=default", f"-Wl,--hash-style={style}"]))
    assert isinstance(linking.definitions.hash, kind)
    found = {name for name in ("first", "second", "third", "fourth", "sixth", "Call") if finds(linking, name)}
    assert found == {"first", "second", "third", "fourth", "sixth", "Call"}
    assert not any(finds(linking, name) for name in ("fifth", "asked_for", "puts", "unused", "", "firs", "first_"))


@pytest.mark.parametrize("style", ["gnu", "sysv"])
def test_only_what_a_relocation_names_is_asked_for(build_plugin: Callable[..., Path], style: str):
    plugin = build_plugin(LIBRARY, flags=["-fvisibility=default", f"-Wl,--hash-style={style}"])
    linking, imports = linking_of(plugin), read(plugin).imports
    assert imports
    assert "unused" in {symbol.name for symbol in imports}
    asked = {reference.name.decode(): reference for reference in linking.references}
    assert {"asked_for", "puts"} <= asked.keys()
    assert not {"unused", "first", "second", "third", "fourth", "fifth", "Call"} & asked.keys()
    assert asked["asked_for"].version is None
    assert not asked["asked_for"].is_weak


def test_systems_libraries_define_what_readelf_and_pyelftools_list():
    """Each exported name with its version, and as many names that no library has."""
    generator = random.Random(7)
    libc = Path(
        next(line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "libc.so" in line)
    )
    linking = linking_of(libc)
    with libc.open("rb") as file:
        elf = ELFFile(file)
        table, marks = elf.get_section_by_name(".dynsym"), elf.get_section_by_name(".gnu.version")
        records = elf.get_section_by_name(".gnu.version_d").iter_versions()
        names = {record["vd_ndx"]: next(iter(entries)).name for record, entries in records}
        rows = [
            (symbol.name, marks.get_symbol(number)["ndx"])
            for number, symbol in enumerate(table.iter_symbols())
            if symbol["st_shndx"] != "SHN_UNDEF" and symbol["st_info"]["bind"] != "STB_LOCAL"
        ]
    assert len(rows) > 1000
    for name, mark in rows:
        if isinstance(mark, int) and mark & 0x7FFF in names:
            assert finds(linking, name, SymbolVersion(names[mark & 0x7FFF], "libc.so.6")), name
    assert not any(finds(linking, f"{generator.choice(rows)[0]}_{number}") for number in range(1000))
    assert not finds(linking, "printf", SymbolVersion("GLIBC_9.9", "libc.so.6"))


def test_library_of_many_symbols_is_no_less_known(tmp_path: Path):
    """More than are listed for people."""
    source = tmp_path / "many.s"
    count = 100_200
    lines = [f".globl s{number}\n.type s{number}, @object\ns{number}:\n.byte 0" for number in range(count)]
    source.write_text(".data\n" + "\n".join(lines) + '\n.section .note.GNU-stack,"",@progbits\n')
    target = tmp_path / "many.so"
    command = [shutil.which("cc") or "gcc", "-shared", "-nostdlib", os.fspath(source), "-o", os.fspath(target)]
    subprocess.run(command, check=True, timeout=100)
    facts = read(target, linking=True)
    assert facts.exports is None
    assert facts.linking
    assert finds(facts.linking, f"s{count - 1}")
    assert not finds(facts.linking, f"s{count}")


@pytest.mark.parametrize(("style", "section"), [("gnu", ".gnu.hash"), ("sysv", ".hash")])
def test_table_with_a_chain_as_long_as_the_table_is_refused(
    build_plugin: Callable[..., Path], tmp_path: Path, style: str, section: str
):
    """Each of many lookups would walk all of it; linkers make chains of a dozen."""
    source = "\n".join(f"int symbol{number}(void) {{ return {number}; }}" for number in range(300))
    plugin = build_plugin(source, flags=["-fvisibility=default", f"-Wl,--hash-style={style}"])
    whole = bytearray(plugin.read_bytes())
    with plugin.open("rb") as file:
        elf = ELFFile(file)
        at, count = elf.get_section_by_name(section)["sh_offset"], elf.get_section_by_name(".dynsym").num_symbols()
    buckets, first, filters, _ = struct.unpack_from("<4I", whole, at)
    if style == "gnu":
        filters_at, chains_at = at + 16, at + 16 + 8 * filters + 4 * buckets
        words = struct.unpack_from(f"<{count - first}I", whole, chains_at)
        table = [1, first, filters, 0], [first, *(word & ~1 for word in words[:-1]), words[-1] | 1]
        whole[at : at + 16] = struct.pack("<4I", *table[0])
        whole[filters_at + 8 * filters : filters_at + 8 * filters + 4 * len(table[1])] = struct.pack(
            f"<{len(table[1])}I", *table[1]
        )
    else:
        links = [1, count, 1, 0, *range(2, count), 0]
        whole[at : at + 4 * len(links)] = struct.pack(f"<{len(links)}I", *links)
    assert linking_of(plugin)
    mutant = tmp_path / "mutant.so"
    mutant.write_bytes(whole)
    with pytest.raises(BinaryFormatError, match="chain of the hash table is longer"):
        read(mutant, symbols=False, linking=True)


def test_a_filter_that_shifts_by_more_than_a_hash_has_is_refused(build_plugin: Callable[..., Path], tmp_path: Path):
    """What the loader then finds depends on the processor and on how its own library was compiled."""
    plugin = build_plugin("int symbol(void) { return 1; }", flags=["-fvisibility=default", "-Wl,--hash-style=gnu"])
    whole = bytearray(plugin.read_bytes())
    with plugin.open("rb") as file:
        at = ELFFile(file).get_section_by_name(".gnu.hash")["sh_offset"]
    whole[at + 12 : at + 16] = struct.pack("<I", 0x0080_0006)
    mutant = tmp_path / "mutant.so"
    mutant.write_bytes(whole)
    with pytest.raises(BinaryFormatError, match="filter shifts by 8,388,614 bits"):
        read(mutant, symbols=False, linking=True)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_tables_are_refused_or_read_and_lookups_end(
    build_plugin: Callable[..., Path], tmp_path: Path, seed: int
):
    whole = build_plugin(LIBRARY, flags=["-fvisibility=default", "-Wl,--hash-style=both"]).read_bytes()
    generator, path = random.Random(seed), tmp_path / "mutant.so"
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(generator.randint(1, 4)):
            data[generator.randrange(64, 0x1000)] = generator.randrange(256)
        path.write_bytes(data)
        try:
            linking = read(path, symbols=False, linking=True).linking
        except BinaryFormatError:
            continue
        if linking:
            for name in ("first", "Call", "nothing"):
                finds(linking, name)
                finds(linking, name, SymbolVersion("GLIBC_2.2.5", "libc.so.6"))


def test_interpreters_own_file_can_be_read():
    assert any(linking_of(Path(sys.executable).resolve()).references)
