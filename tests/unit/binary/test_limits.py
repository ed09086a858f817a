"""However large or crafted a file is: an answer within a second, and little memory."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from plugdeck.binary import read
from plugdeck.binary.symbols import MAX_SYMBOLS

GIB = 1024**3
MAX_SECONDS = 1.0
MAX_BYTES = 64 * 1024 * 1024

# Runs in a process of its own: what it took beyond importing, by the kernel's own count, which never goes down.
MEASURE = """
import json, resource, sys, time
from pathlib import Path
from plugdeck.binary import read
from plugdeck.errors import BinaryFormatError

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

before, started = peak(), time.process_time()
try:
    facts = read(Path(sys.argv[1]))
    said = facts.description
    symbols = None if facts.exports is None else len(facts.exports)
except BinaryFormatError as error:
    said, symbols = "refused: " + str(error), None
print(json.dumps([said, symbols, time.process_time() - started, peak() - before]))
"""


def measured_read(path: Path) -> tuple[str, int | None]:
    """What reading gives (the description or the refusal, the number of exports), after checking what it took."""
    command = [sys.executable, "-c", MEASURE, os.fspath(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    said, symbols, seconds, taken_bytes = json.loads(done.stdout)
    assert seconds < MAX_SECONDS * 3  # the promise is made for this year's machines, others are slower
    assert taken_bytes < MAX_BYTES
    return said, symbols


def write_sparse(path: Path, data: bytes, size: int = 3 * GIB) -> Path:
    """A file of ``size`` bytes that begins with ``data`` and takes almost no room on the disk."""
    path.write_bytes(data)
    os.truncate(path, size)
    return path


def test_sparse_file_of_zeros_is_named(tmp_path: Path) -> None:
    said, _symbols = measured_read(write_sparse(tmp_path / "zeros.so", b""))
    assert said.startswith("unknown format")


def test_sparse_file_behind_a_real_plugin_is_read(plugin: Path, tmp_path: Path) -> None:
    said, symbols = measured_read(write_sparse(tmp_path / "long.so", plugin.read_bytes()))
    assert said == "64-bit ELF shared object, x86-64"
    assert symbols == 3


def _sparse_elf(tiny_elf, tmp_path: Path, *, tags: dict[int, int], name: str = "huge.so") -> Path:
    """A small file whose one segment is 3 GiB long, with values of its dynamic table replaced."""
    elf = tiny_elf()
    data = elf.build()
    struct.pack_into("<QQ", data, elf.at["segments"] + 32, 3 * GIB, 3 * GIB)
    for tag, value in tags.items():
        struct.pack_into("<Q", data, elf.at[f"tag {tag:#x}"] + 8, value)
    return write_sparse(tmp_path / name, bytes(data))


def test_string_table_of_gibibytes_keeps_its_names(tiny_elf, tmp_path: Path) -> None:
    said, symbols = measured_read(_sparse_elf(tiny_elf, tmp_path, tags={0xA: 2 * GIB}))
    assert said == "64-bit ELF shared object, x86-64"
    assert symbols is None


def test_hash_table_that_claims_billions_of_symbols_is_refused(tiny_elf, tmp_path: Path) -> None:
    elf = tiny_elf()
    data = elf.build()
    struct.pack_into("<I", data, elf.at["hash"] + 4, 2**32 - 1)
    path = tmp_path / "many.so"
    path.write_bytes(data)
    said, _ = measured_read(path)
    assert said.startswith("refused: The hash table leads out of its segment")


def test_chain_of_needed_versions_through_zeros_is_refused(tiny_elf, tmp_path: Path) -> None:
    tags = {0x6FFFFFFE: GIB, 0x6FFFFFFF: 2**32}
    said, _symbols = measured_read(_sparse_elf(tiny_elf, tmp_path, tags=tags))
    assert said.startswith("refused: A version record is of kind 0")


GNU_HASH = 0x6FFFFEF5


@pytest.mark.parametrize(
    ("head", "symbols"),
    [
        ((2**32 - 1, 1, 1, 0), None),  # buckets beyond every limit
        ((1, 1, 2**32 - 1, 0), "refused"),  # a Bloom filter of 32 GiB
        ((0, 1, 1, 0), "refused"),  # no bucket
        ((1, 2**32 - 1, 1, 0), "few"),  # the first hashed symbol beyond the last
        ((90_000, 1, 1, 0), "few"),  # many empty buckets: symbols end where the next table begins
    ],
)
def test_gnu_hash_table_with_huge_counts_is_bounded(tiny_elf, tmp_path: Path, head, symbols) -> None:
    elf = tiny_elf()
    data = elf.build()
    struct.pack_into("<QQ", data, elf.at["segments"] + 32, 3 * GIB, 3 * GIB)
    entry = elf.layout.dynamic_entry
    entry.pack_into(data, elf.at["tag 0x4"], GNU_HASH, len(data))
    path = write_sparse(tmp_path / "huge.so", bytes(data) + struct.pack("<IIII", *head))
    said, found = measured_read(path)
    if symbols == "refused":
        assert said.startswith(("refused: A hash table of", "refused: The hash table"))
    elif symbols == "few":
        assert found == 2
    else:
        assert found is symbols


def test_endless_chain_of_the_hash_table_is_bounded(tiny_elf, tmp_path: Path) -> None:
    elf = tiny_elf()
    data = elf.build()
    struct.pack_into("<QQ", data, elf.at["segments"] + 32, 3 * GIB, 3 * GIB)
    elf.layout.dynamic_entry.pack_into(data, elf.at["tag 0x4"], GNU_HASH, len(data))
    table = struct.pack("<IIIIQI", 1, 1, 1, 0, 0, 1)  # one bucket whose chain is the zeros of 3 GiB
    said, found = measured_read(write_sparse(tmp_path / "chain.so", bytes(data) + table))
    assert (said, found) == ("64-bit ELF shared object, x86-64", None)


def test_as_many_symbols_as_are_listed_fit_into_the_limits(tiny_elf, tmp_path: Path) -> None:
    rows = [(f"a_function_with_quite_a_long_name_{number:06}", 0x12, 5, 1) for number in range(MAX_SYMBOLS - 1)]
    path = tmp_path / "many.so"
    path.write_bytes(tiny_elf(symbols=rows, pad_bytes=16).build())
    assert measured_read(path) == ("64-bit ELF shared object, x86-64", MAX_SYMBOLS - 1)


def test_one_symbol_more_than_are_listed_leaves_all_out(tiny_elf, tmp_path: Path) -> None:
    rows = [("same", 0x12, 5, 1)] * MAX_SYMBOLS
    path = tmp_path / "more.so"
    path.write_bytes(tiny_elf(symbols=rows).build())
    facts = read(path)
    assert facts.elf is not None
    assert facts.exports is None
    assert facts.imports is None


def test_names_that_overlap_in_one_long_string_are_left_out(tiny_elf, tmp_path: Path) -> None:
    elf = tiny_elf(soname="x" * 1_000_000, symbols=[("f", 0x12, 5, 1)] * 5_000)
    data = elf.build()
    soname_at = struct.unpack_from("<Q", data, elf.at["tag 0xe"] + 8)[0]
    for number in range(1, 5_001):
        struct.pack_into("<I", data, elf.at["symbols"] + 24 * number, soname_at + number)
    struct.pack_into("<Q", data, elf.at["tag 0xe"] + 8, 0)
    path = tmp_path / "overlap.so"
    path.write_bytes(data)
    assert measured_read(path) == ("64-bit ELF shared object, x86-64", None)


def test_needed_libraries_that_overlap_in_one_long_string_are_refused(tiny_elf, tmp_path: Path) -> None:
    elf = tiny_elf(needed=["n" * 16_000, *["libc.so.6"] * 2_000])
    data = elf.build()
    names = [elf.at["dynamic"] + 16 * number + 8 for number in range(2_001)]
    first = struct.unpack_from("<Q", data, names[0])[0]
    for number, place in enumerate(names):
        struct.pack_into("<Q", data, place, first + number)
    path = tmp_path / "overlap.so"
    path.write_bytes(data)
    said, _symbols = measured_read(path)
    assert said.startswith("refused: The names add up to more than")
