"""What would kill a loader is refused with the reason: one field of a real file changed at a time."""

from __future__ import annotations

import platform
import struct
from array import array
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import given
from hypothesis import strategies as st

from plugdeck.binary import read
from plugdeck.binary.relocation_checks import is_ascending
from plugdeck.errors import BinaryFormatError

SOURCE = """
#include <string.h>
__thread int counter __attribute__((visibility("default"))) = 1;
const char *name __attribute__((visibility("default"))) = "one";
__attribute__((visibility("default"))) int Do(const char *text) { return (int)strlen(text) + counter + !name; }
__attribute__((constructor)) static void begin(void) { counter = Do(name); }
"""
FLAGS = ("-Wl,--hash-style=gnu", "-Wl,-z,nopack-relative-relocs")
RELATIVE, GLOB_DAT, JUMP_SLOT, THREAD_LOCAL = 8, 6, 7, 16
HUGE = 1 << 46

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the types of relocations are x86-64's")


@pytest.fixture
def plugin(build_plugin: Callable[..., Path]) -> Path:
    return build_plugin(SOURCE, name="relocated.so", flags=FLAGS)


def section(path: Path, name: str) -> tuple[int, int, int]:
    """Offset, size and address."""
    with path.open("rb") as file:
        found = ELFFile(file).get_section_by_name(name)
        return found["sh_offset"], found["sh_size"], found["sh_addr"]


def entry(path: Path, kind: int, name: str = ".rela.dyn") -> int:
    """The offset of the first relocation of this type."""
    start, size, _ = section(path, name)
    data = path.read_bytes()
    return next(at for at in range(start, start + size, 24) if struct.unpack_from("<I", data, at + 8)[0] == kind)


def assert_refused(words: str, path: Path, folder: Path, at: int, form: str, value: int) -> None:
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, at, value)
    changed = folder / "changed.so"
    changed.write_bytes(data)
    read(path)
    with pytest.raises(BinaryFormatError, match=words):
        read(changed)


@pytest.mark.parametrize(
    ("kind", "field", "form", "value", "words"),
    [
        (GLOB_DAT, 0, "<Q", 0, "not in a writable segment"),
        (GLOB_DAT, 0, "<Q", HUGE, "not in a writable segment"),
        (GLOB_DAT, 12, "<I", 5_000, "A relocation names symbol 5,000"),
        (GLOB_DAT, 12, "<I", 0, "names no symbol"),
        (GLOB_DAT, 16, "<Q", 8, "adds to a symbol's address"),
        (RELATIVE, 8, "<I", GLOB_DAT, "counted as relative"),
        (RELATIVE, 16, "<Q", 0, "A constructor or resolver at address 0x0"),
        (THREAD_LOCAL, 16, "<Q", HUGE, "leads out of the thread-local data"),
    ],
)
def test_bad_relocation_is_named(plugin: Path, tmp_path: Path, kind: int, field: int, form: str, value: int, words):
    assert_refused(words, plugin, tmp_path, entry(plugin, kind) + field, form, value)


def test_two_relocations_of_one_place_are_refused(plugin: Path, tmp_path: Path):
    first = entry(plugin, GLOB_DAT)
    place = struct.unpack_from("<Q", plugin.read_bytes(), first)[0]
    assert_refused("Two relocations write to one place", plugin, tmp_path, first + 24, "<Q", place)


def test_constructor_that_nothing_relocates_is_refused(plugin: Path, tmp_path: Path):
    *_, constructors = section(plugin, ".init_array")
    start, size, _ = section(plugin, ".rela.dyn")
    data = plugin.read_bytes()
    at = next(at for at in range(start, start + size, 24) if struct.unpack_from("<Q", data, at)[0] == constructors)
    *_, elsewhere = section(plugin, ".bss")
    assert_refused("constructor's address is not relocated", plugin, tmp_path, at, "<Q", elsewhere - elsewhere % 8)


def test_bucket_of_the_hash_table_below_its_first_symbol_is_refused(plugin: Path, tmp_path: Path):
    at, *_ = section(plugin, ".gnu.hash")
    words = struct.unpack_from("<I", plugin.read_bytes(), at + 8)[0]
    assert_refused("names a symbol that it does not cover", plugin, tmp_path, at + 4, "<I", 1_000_000)
    assert_refused("names a symbol that it does not cover", plugin, tmp_path, at + 16 + 8 * words, "<I", 1)


def test_version_of_another_names_hash_is_refused(plugin: Path, tmp_path: Path):
    at, *_ = section(plugin, ".gnu.version_r")
    assert_refused("another name's hash", plugin, tmp_path, at + 16, "<I", 7)


def test_thread_local_block_that_no_thread_has_room_for_is_refused(plugin: Path, tmp_path: Path):
    data = plugin.read_bytes()
    start, count = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    at = next(at for at in range(start, start + 56 * count, 56) if struct.unpack_from("<I", data, at)[0] == 7)
    assert_refused("more room than any thread has", plugin, tmp_path, at + 40, "<Q", 1 << 36)
    assert_refused("not aligned as they say", plugin, tmp_path, at + 48, "<Q", 24)


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 200), max_size=8), st.booleans(), st.integers(0, 9))
def test_places_that_ascend_by_whole_words_do_so(places: list[int], is_sorted: bool, counted: int):
    places = sorted(places) if is_sorted else places
    are_apart = all(following - before >= 8 for before, following in pairwise(places))
    found = is_ascending(array("Q", places), counted, 8)
    assert found <= are_apart  # that it is not is only ever a matter of speed
    if max(places, default=0) < 2**62:
        assert found == are_apart or not places
