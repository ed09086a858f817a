"""Damaged and crafted Go files: an answer each time, within bounds, and nothing made up."""

from __future__ import annotations

import os
import re
import struct
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugdeck.binary.sections import read_sections
from plugdeck.binary.source import open_source
from plugdeck.catalogue.examine import examine
from plugdeck.dialects.go import GoBuildMode, read_go_file
from plugdeck.dialects.go.image import GoImage
from plugdeck.dialects.go.module_data import read_module_data
from plugdeck.errors import BinaryFormatError

from .recipes import CORPUS, HOST, STRIPPED_CORPUS

MOST_MEMORY = 64 * 1024 * 1024


@pytest.fixture(scope="session")
def whole(workshop):
    return workshop.build(STRIPPED_CORPUS)


@pytest.fixture(scope="session")
def places(whole):
    """Where in the file its Go data are: each name with the offset and size of a range."""
    with open_source(whole) as source:
        image = GoImage(source)
        found = {section.name: (section.offset, section.size_bytes) for section in read_sections(source, image.layout)}
        record = read_module_data(image)
        words = image.words(record.slot - 5 * 8, 8, "the record")
        return {
            "build information": found[".go.buildinfo"],
            "relocations": found[".rela.dyn"],
            "symbols": found[".dynsym"],
            "names": found[".dynstr"],
            "types": found[".data.rel.ro"],
            "record": (image.loads.place_of(record.slot - 60 * 8, 70 * 8, "it"), 70 * 8),
            "exports": (image.loads.place_of(words[0], 8 * words[1], "it"), 8 * words[1]),
            "hashes": (image.loads.place_of(words[5], 40 * words[6], "it"), 40 * words[6]),
            "slot": (image.loads.place_of(record.slot, 8, "it"), 8),
        }


class Mutant:
    """Copies of one file, each with some bytes changed, under one name."""

    def __init__(self, original, path):
        self.data = original.read_bytes()
        self.path = path

    def __call__(self, *changes):
        data = bytearray(self.data)
        for offset, replacement in changes:
            data[offset : offset + len(replacement)] = replacement
        self.path.unlink(missing_ok=True)
        self.path.write_bytes(data)
        return self.path


@pytest.fixture
def mutant(whole, tmp_path):
    return Mutant(whole, tmp_path / "mutant.so")


@pytest.fixture(scope="session")
def session_mutant(whole, tmp_path_factory):
    return Mutant(whole, tmp_path_factory.mktemp("mutants") / "mutant.so")


def answer(path):
    """What reading gives; any other error than the reader's own fails the test."""
    try:
        return read_go_file(path)
    except BinaryFormatError:
        return None


AREAS = ("build information", "relocations", "symbols", "names", "types", "record", "exports", "hashes")


@pytest.mark.parametrize("area", AREAS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_mutated_files_are_answered_for(area, session_mutant, places, whole, data):
    start, size = places[area]
    changes = data.draw(
        st.lists(st.tuples(st.integers(0, size - 8), st.binary(min_size=1, max_size=8)), min_size=1, max_size=12)
    )
    path = session_mutant(*[(start + offset, replacement) for offset, replacement in changes])
    found = answer(path)
    if found is not None and found.symbols and not found.unknown:
        names = {symbol.name for symbol in found.symbols}
        with open_source(path) as source:  # nothing is told that the dynamic linker would not find
            known = GoImage(source).names
        assert all(f"{found.plugin_path}.{name}".encode() in known for name in names)
    report = examine(path)
    assert report.loads or report.findings


HUGE = struct.pack("<Q", 1 << 40)


@pytest.mark.parametrize(
    ("area", "offset", "replacement"),
    (
        ("slot", 8, HUGE + HUGE),
        ("slot", -8, HUGE),
        ("slot", -32, HUGE + HUGE),
        ("slot", -32, struct.pack("<QQ", 9_999, 9_999)),
        ("slot", -32, struct.pack("<QQ", 60, 59)),
        ("hashes", 8, HUGE),
        ("hashes", 24, HUGE),
        ("hashes", 24, bytes(8)),
        ("exports", 0, struct.pack("<ii", -1, -1)),
        ("exports", 0, struct.pack("<ii", 0x7FFF_FFFF, 0x7FFF_FFFF)),
        ("exports", 0, struct.pack("<ii", 0, 0)),
    ),
)
def test_what_contradicts_itself_is_unknown(mutant, places, area, offset, replacement):
    found = answer(mutant((places[area][0] + offset, replacement)))
    assert found is not None and found.mode is GoBuildMode.PLUGIN
    assert found.unknown
    assert all(not symbol.type for symbol in found.symbols)


def test_hashes_stay_known_by_symbols_when_the_record_is_damaged(mutant, places, whole):
    found = answer(mutant((places["slot"][0] + 8, HUGE)))
    assert found.unknown and found.symbols == ()
    assert found.hashes == read_go_file(whole).hashes


@pytest.mark.parametrize(
    "tail",
    (
        b"\xff" * 64,
        b"\x80" * 32,
        b"\x0ago1.21.0\x00\xff\xff\xff\xff\x7f" + bytes(16),
        bytes(64),
        b"\x0dgo1.27\x1b[31m!!\x00",
    ),
)
def test_crafted_build_information_is_no_build_information(mutant, places, tail):
    found = answer(mutant((places["build information"][0] + 32, tail)))
    assert found is None or found.build is None


@pytest.mark.parametrize("address", (0, 8, 32, 40, (1 << 64) - 8))
def test_relocations_that_lead_nowhere_leave_the_record_unknown(mutant, places, whole, address):
    start, size = places["relocations"]
    with open_source(whole) as source:
        numbers = set(GoImage(source).find_symbols(re.compile(rb"go:link\.pkghash\.([^\0]+)\0"), 1000).values())
    rows = [(offset, struct.unpack_from("<QQq", mutant.data, offset)) for offset in range(start, start + size, 24)]
    named = [offset for offset, (_, info, _) in rows if info >> 32 in numbers]
    assert len(named) > 10
    found = answer(mutant(*[(offset, struct.pack("<Q", address)) for offset in named]))
    assert found.unknown and found.plugin_path == "" and found.hashes


def test_names_that_contradict_themselves_take_the_types_alone(mutant, places, whole):
    offset, size = places["exports"]
    name = struct.unpack_from("<i", mutant.data, offset)[0]
    swapped = struct.pack("<ii", name, struct.unpack_from("<ii", mutant.data, offset + size - 8)[1])
    found = answer(mutant((offset, swapped)))
    assert found.plugin_path == "example.com/corpus"
    if found.unknown:
        assert {symbol.name for symbol in found.symbols} == {symbol.name for symbol in read_go_file(whole).symbols}


def test_cut_files_are_answered_for(mutant):
    for share in range(1, 20):
        size = len(mutant.data) * share // 20
        mutant.path.unlink(missing_ok=True)
        mutant.path.write_bytes(mutant.data[:size])
        answer(mutant.path)
        assert not examine(mutant.path).loads


def test_reading_takes_little_memory(workshop):
    plugin, host = workshop.build(CORPUS), workshop.build(HOST)
    tracemalloc.start()
    try:
        assert read_go_file(plugin, None) and read_go_file(host, None)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY / 4
    finally:
        tracemalloc.stop()


def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.so")
    with pytest.raises(BinaryFormatError):
        read_go_file(tmp_path / "pipe.so")


def test_another_file_at_the_same_path_is_not_taken_for_it(mutant, whole):
    with open_source(whole) as source:
        identity = source.identity
    with pytest.raises(BinaryFormatError):
        read_go_file(mutant(), identity)


def test_names_that_are_read_again_and_again_are_too_many(whole):
    with open_source(whole) as source:
        image = GoImage(source)
        slot = read_module_data(image).slot
        address, size = image.words(slot - 2 * 8, 2, "the plugin's path")
        with pytest.raises(BinaryFormatError, match="add up to more"):
            for _ in range(1_000_000):
                image.text(address, size, "the plugin's path")
