"""Files of a scan: each is read once, whatever names lead to it, and anew when it is another."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from plugdeck.catalogue.known_files import KnownFiles, numbers_of
from plugdeck.compat.dependencies import numbers_at
from plugdeck.errors import BinaryFormatError

SOURCE = "int first(void) { return 1; } int Call(void) { return first(); }"


@pytest.fixture
def plugin(build_plugin: Callable[..., Path], tmp_path: Path) -> Path:
    return Path(shutil.copy(build_plugin(SOURCE), tmp_path / "plugin.so"))


def test_names_of_one_file_share_what_was_read_and_keep_their_own_paths(plugin: Path):
    link, other = plugin.with_name("link.so"), plugin.with_name("other.so")
    link.symlink_to(plugin)
    os.link(plugin, other)
    files = KnownFiles()
    first, second, third = (files.read(path) for path in (plugin, link, other))
    assert first.elf is second.elf is third.elf
    assert first.linking is not None and first.linking is second.linking is third.linking
    assert [facts.path for facts in (first, second, third)] == [plugin, link, other]
    assert numbers_of(first) == numbers_at(os.fspath(plugin))


def test_file_that_was_replaced_is_read_again(plugin: Path, build_plugin: Callable[..., Path]):
    files = KnownFiles()
    before = files.read(plugin)
    newer = shutil.copy(build_plugin("int Other(void) { return 2; }"), plugin.with_name("newer.so"))
    os.replace(newer, plugin)
    after = files.read(plugin)
    assert after.identity != before.identity
    assert after.linking is not before.linking


def test_library_with_damaged_tables_still_has_its_facts(build_plugin: Callable[..., Path], tmp_path: Path):
    built = build_plugin(SOURCE, name="sysv.so", flags=("-Wl,--hash-style=sysv",))
    data = bytearray(built.read_bytes())
    damaged = tmp_path / "damaged.so"
    damaged.write_bytes(with_hash_chain_astray(data))
    files = KnownFiles()
    with pytest.raises(BinaryFormatError):
        files.read(damaged)
    facts = files.read_library(damaged)
    assert facts.elf and facts.linking is None


def with_hash_chain_astray(data: bytearray) -> bytes:
    """The file with the first chain of its DT_HASH leading out of the table."""
    elf = ELFFile(BytesIO(bytes(data)))
    segment = next(part for part in elf.iter_segments() if part["p_type"] == "PT_DYNAMIC")
    address = next(tag["d_val"] for tag in segment.iter_tags() if tag.entry.d_tag == "DT_HASH")
    (offset,) = elf.address_offsets(address)
    buckets = int.from_bytes(data[offset : offset + 4], "little")
    at = offset + 8 + 4 * buckets + 4
    data[at : at + 4] = (0xFFFF).to_bytes(4, "little")
    return bytes(data)
