"""The loader's cache: read like ldconfig prints it, and never trusted."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugdeck.compat.ld_cache import (
    LOADER_CACHE,
    CacheEntry,
    LoaderCacheError,
    parse_loader_cache,
    read_loader_cache,
)

X86_64 = 0x0303
EXTENSION = 1 << 62


def build_cache(*entries: tuple[int, str, str, int], levels: tuple[str, ...] = (), prefix: bytes = b"") -> bytes:
    """A cache as ldconfig writes it: header, entries, strings, extension."""
    strings, places = b"", {}
    begin = 48 + 24 * len(entries)
    for text in {text for entry in entries for text in entry[1:3]} | set(levels):
        places[text] = begin + len(strings)
        strings += os.fsencode(text) + b"\0"
    body = b"".join(struct.pack("=iIIIQ", f, places[n], places[p], 0, h) for f, n, p, h in entries)
    strings += bytes(-(begin + len(strings)) % 4)
    extension, offset = b"", 0
    if levels:
        offset = begin + len(strings)
        names = b"".join(struct.pack("=I", places[level]) for level in levels)
        extension = struct.pack("=IIIIII", 0xEAA42174, 1, 1, 0, offset + 24, len(names)) + names
    header = struct.pack("=20sIIB3xI12x", b"glibc-ld.so.cache1.1", len(entries), len(strings), 2, offset)
    return prefix + header + body + strings + extension


def test_entries_keep_their_order_and_architecture():
    data = build_cache((X86_64, "libz.so.1", "/lib/libz.so.1", 0), (0x0003, "libz.so.1", "/lib32/libz.so.1", 0))
    assert parse_loader_cache(data) == (
        CacheEntry("libz.so.1", "/lib/libz.so.1", 3),
        CacheEntry("libz.so.1", "/lib32/libz.so.1", 0),
    )


def test_processor_levels_are_named_and_legacy_bits_kept():
    data = build_cache(
        (X86_64, "liba.so", "/v3/liba.so", EXTENSION | 1),
        (X86_64, "liba.so", "/v9/liba.so", EXTENSION | 2),
        (X86_64, "liba.so", "/tls/liba.so", 1 << 63),
        (X86_64, "liba.so", "/lib/liba.so", 0),
        levels=("x86-64-v2", "x86-64-v3"),
    )
    assert [(entry.path, entry.hwcap, entry.legacy_bits) for entry in parse_loader_cache(data)] == [
        ("/v3/liba.so", "x86-64-v3", 0),
        ("/tls/liba.so", "", 1 << 63),
        ("/lib/liba.so", "", 0),
    ]


def test_new_format_is_found_behind_the_old_one():
    old = b"ld.so-1.7.0\0" + struct.pack("=I", 1) + bytes(12)
    data = build_cache((X86_64, "libz.so.1", "/lib/libz.so.1", 0), prefix=old + bytes(-len(old) % 8))
    assert [entry.name for entry in parse_loader_cache(data)] == ["libz.so.1"]


GOOD = build_cache((X86_64, "libz.so.1", "/lib/libz.so.1", EXTENSION), levels=("x86-64-v3",))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"glibc-ld.so.cache1.1",
        b"glibc-ld.so.cache1.0" + GOOD[20:],
        b"ld.so-1.7.0\0",
        b"ld.so-1.7.0\0\xff\xff\xff\xff",
        GOOD[:60],
        GOOD[:20] + struct.pack("=I", 0xFFFF_FFFF) + GOOD[24:],
        GOOD[:52] + struct.pack("=I", 0xFFFF_FFF0) + GOOD[56:],
    ],
)
def test_damaged_caches_are_refused(data: bytes):
    with pytest.raises(LoaderCacheError):
        parse_loader_cache(data)


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=8))
def test_any_damage_is_refused_or_harmless(place: int, patch: bytes):
    try:
        entries = parse_loader_cache(GOOD[:place] + patch + GOOD[place + len(patch) :])
    except LoaderCacheError:
        return
    assert all(isinstance(entry.path, str) for entry in entries)


def test_missing_or_damaged_cache_counts_as_empty(tmp_path: Path):
    assert read_loader_cache(tmp_path / "absent") == ()
    (tmp_path / "damaged").write_bytes(b"glibc-ld.so.cache1.1\xff\xff\xff\xff")
    assert read_loader_cache(tmp_path / "damaged") == ()


def test_this_computers_cache_reads_as_ldconfig_prints_it():
    ldconfig = shutil.which("ldconfig", path=f"{os.environ['PATH']}:/sbin:/usr/sbin")
    if not ldconfig or not LOADER_CACHE.exists():
        pytest.skip("no ldconfig with a cache here")
    printed = subprocess.run([ldconfig, "-p"], capture_output=True, text=True, timeout=30, check=True).stdout
    expected = {tuple(line.split(" => ")) for line in printed.splitlines() if " => " in line}
    names = {(line.split(" (")[0].strip(), path) for line, path in expected}
    assert {(entry.name, entry.path) for entry in read_loader_cache()} == names
