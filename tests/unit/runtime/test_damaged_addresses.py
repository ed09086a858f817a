"""Damaged addresses are refused before the loader follows them out of the file."""

import os
import struct
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from plugdeck.binary import read
from plugdeck.errors import BinaryFormatError, OpenError

SOURCE = """
#include "plugdeck.h"
#include <stdlib.h>
PD_PLUGIN("relocated", "1.0.0", "test", "MIT", "Has relocations of many kinds.")
PD_FUNCTION(int, Absolute, (int))
__attribute__((constructor)) static void started(void) {}
__thread int per_thread = 4;
static const char *const names[] = {"one", "two"};
PD_EXPORT const char *const *Names = names;
int Absolute(int value) { return abs(value) + rand() % 1 + (names[0] != 0) + per_thread - 5; }
"""
OUTSIDE = 0x7FFF_0000_0000


@pytest.fixture
def whole(plugin_file):
    file = plugin_file(SOURCE, flags=("-Wl,-z,relro",))
    read(file)
    return file


def sections(file):
    with file.open("rb") as stream:
        return {
            section.name: (section["sh_offset"], section["sh_size"], section["sh_addr"])
            for section in ELFFile(stream).iter_sections()
        }


def patch(file, offset, data):
    with file.open("r+b") as stream:
        stream.seek(offset)
        stream.write(data)


def dynamic_entry(file, tag):
    """The file offset of the entry's value."""
    place, size, _ = sections(file)[".dynamic"]
    content = file.read_bytes()[place : place + size]
    return next(place + at + 8 for at in range(0, size, 16) if struct.unpack_from("<q", content, at)[0] == tag)


def program_header(file, name):
    with file.open("rb") as stream:
        elf = ELFFile(stream)
        types = [segment["p_type"] for segment in elf.iter_segments()]
        return elf["e_phoff"] + types.index(name) * elf["e_phentsize"]


def refuses(file, words, open_plain):
    with pytest.raises(BinaryFormatError, match=words) as caught:
        read(file)
    assert caught.value.remedy
    with pytest.raises(OpenError, match="could not be opened"):  # the reader may refuse it first, in its own words
        open_plain(file)


@pytest.mark.parametrize("address", [OUTSIDE, 2**64 - 4, 0x40])
def test_a_relocation_that_writes_outside_of_writable_memory_is_refused(whole, open_plain, address):
    patch(whole, sections(whole)[".rela.dyn"][0], struct.pack("<Q", address))
    refuses(whole, "A relocation writes to a place", open_plain)


def test_a_relocation_of_an_absent_symbol_is_refused(whole, open_plain):
    place, size, _ = sections(whole)[".rela.dyn"]
    patch(whole, place + size - 24 + 12, struct.pack("<I", 0x00FF_FFFF))
    refuses(whole, "A relocation names symbol", open_plain)


def test_a_constructor_outside_of_the_code_is_refused(whole, open_plain):
    _, _, constructors = sections(whole)[".init_array"]
    place, size, _ = sections(whole)[".rela.dyn"]
    content = whole.read_bytes()
    entry = next(
        at for at in range(place, place + size, 24) if struct.unpack_from("<Q", content, at)[0] == constructors
    )
    patch(whole, entry + 16, struct.pack("<q", OUTSIDE))
    refuses(whole, "A constructor or resolver", open_plain)


@pytest.mark.parametrize("tag", [12, 13])
def test_an_initialiser_in_data_is_refused(whole, open_plain, tag):
    patch(whole, dynamic_entry(whole, tag), struct.pack("<Q", sections(whole)[".dynamic"][2]))
    refuses(whole, "A constructor or destructor", open_plain)


@pytest.mark.parametrize("tag", [8, 9, 27])
def test_a_table_without_its_size_is_refused(whole, open_plain, tag):
    patch(whole, dynamic_entry(whole, tag) - 8, struct.pack("<q", 0x6FFF_0001))
    refuses(whole, "without the size that belongs to it", open_plain)


@pytest.mark.parametrize(("tag", "value", "words"), [(9, 23, "Relocations of 23"), (0x6FFFFFF9, 2**40, "More reloca")])
def test_sizes_and_counts_that_contradict_the_table_are_refused(whole, open_plain, tag, value, words):
    patch(whole, dynamic_entry(whole, tag), struct.pack("<Q", value))
    refuses(whole, words, open_plain)


def test_a_counted_relocation_of_another_kind_is_refused(whole, open_plain):
    patch(whole, sections(whole)[".rela.dyn"][0] + 8, struct.pack("<Q", 1))
    refuses(whole, "counted as relative and is not", open_plain)


@pytest.mark.parametrize(
    ("segment", "field", "value", "words"),
    [
        ("PT_LOAD", 4, struct.pack("<I", 0), "not inside a loaded part"),
        ("PT_GNU_RELRO", 40, struct.pack("<Q", 1 << 40), "lies outside of all of them"),
        ("PT_TLS", 16, struct.pack("<Q", OUTSIDE), "The thread-local data"),
    ],
)
def test_a_segment_that_misleads_the_loader_is_refused(whole, open_plain, segment, field, value, words):
    patch(whole, program_header(whole, segment) + field, value)
    refuses(whole, words, open_plain)


def test_real_libraries_pass():
    """Nothing that the system itself loads may be refused: every library that this process has mapped."""
    names = {line.split(maxsplit=5)[5] for line in Path("/proc/self/maps").read_bytes().splitlines() if b".so" in line}
    files = [Path(os.fsdecode(name)) for name in names if Path(os.fsdecode(name)).is_file()]
    assert len(files) > 5
    for file in files:
        facts = read(file, symbols=False)
        if facts.elf and not facts.elf.is_executable:
            read(file)


def test_relocated_code_of_other_linkers_and_options_passes(plugin_file, open_plain):
    variants = [("-Wl,-z,now",), ("-Wl,-z,norelro",), ("-Wl,--hash-style=sysv",), ("-Wl,-z,lazy", "-Wl,-O2"), ("-g",)]
    for number, flags in enumerate(variants):
        plugin = open_plain(plugin_file(SOURCE, name=f"{number}.so", flags=flags))
        assert plugin.lookup("Absolute").assume("int(int)")(-6) == 6
