"""Lists and caches of a system that are no files, or larger than any: a host of such a tree is judged all the same."""

from __future__ import annotations

import os
import shutil
import struct
import sys
from pathlib import Path

import pytest

from plugdeck.binary import read
from plugdeck.compat.check import check
from plugdeck.compat.host import Host
from plugdeck.compat.ld_cache import LoaderCacheError, parse_loader_cache, read_loader_cache
from plugdeck.compat.machine import Platform, default_folders, musl_folders
from plugdeck.compat.packages import Packages
from plugdeck.compat.processor import processor_levels
from plugdeck.compat.system_files import open_regular, read_at_most

AMD64 = Platform(62, "x86-64", 64, "little")
CONVENTIONAL = ("/lib64", "/usr/lib64", "/lib", "/usr/lib")


def make_pipe(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    return path


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/", "/nowhere"])
def test_what_is_no_regular_file_is_not_read(path: str):
    with pytest.raises(OSError, match=path):
        open_regular(path)


def test_pipe_is_not_waited_for(tmp_path: Path):
    with pytest.raises(OSError, match="pipe"):
        read_at_most(make_pipe(tmp_path / "pipe"), 10)


def test_no_more_is_read_than_asked_for(tmp_path: Path):
    (tmp_path / "list").write_bytes(b"0123456789")
    assert read_at_most(tmp_path / "list", 4) == b"0123"
    assert read_at_most(tmp_path / "list", -1) == b""


def test_pipes_in_place_of_lists_count_as_nothing(tmp_path: Path):
    pipe = make_pipe(tmp_path / "pipe")
    assert read_loader_cache(pipe) == ()
    assert processor_levels(AMD64, pipe) == ()
    assert default_folders(AMD64, os.fspath(pipe), os.fspath(tmp_path)) == CONVENTIONAL
    make_pipe(tmp_path / "var/lib/dpkg/info/libx.list")
    assert Packages(os.fspath(tmp_path)).shipped("libx.so") == ()


def test_musls_own_list_that_cannot_be_read_is_empty_and_is_looked_for_inside_the_tree(tmp_path: Path):
    assert musl_folders(AMD64, os.fspath(tmp_path)) == ("/lib", "/usr/local/lib", "/usr/lib")
    listed = tmp_path / "etc/ld-musl-x86_64.path"
    make_pipe(listed)
    assert musl_folders(AMD64, os.fspath(tmp_path)) == ()
    listed.unlink()
    (tmp_path / "lists").write_text("/opt\n/there")
    listed.symlink_to("/lists")
    assert musl_folders(AMD64, os.fspath(tmp_path)) == ("/opt", "/there")


def test_host_of_a_tree_with_pipes_as_lists_is_judged(tmp_path: Path, libraries):
    elf = read(Path(sys.executable).resolve(), symbols=False).elf
    assert elf
    assert elf.interpreter
    folder = tmp_path / "tree/lib"
    folder.mkdir(parents=True)
    own = Host.default().resolver
    assert own
    for path in (own.loaded["libc.so.6"].path, elf.interpreter):
        shutil.copy(path, folder / Path(path).name)
    for name in ("ld.so.cache", "ld.so.preload"):
        make_pipe(tmp_path / "tree/etc" / name)
    host = Host.from_sysroot(tmp_path / "tree")
    assert not host.findings
    assert check(read(libraries("plugin.so")), host) == ()


def test_loader_of_nothing_but_slashes_has_no_folders(tmp_path: Path):
    loader = tmp_path / "ld.so"
    loader.write_bytes(b"/" * (4 << 20))
    assert default_folders(AMD64, os.fspath(loader), os.fspath(tmp_path)) == CONVENTIONAL


def cache_of(entries: int, string: bytes) -> bytes:
    """A cache whose entries all share one string."""
    place = 48 + 24 * entries
    header = struct.pack("=20sIIB3xI12x", b"glibc-ld.so.cache1.1", entries, len(string), 2, 0)
    return header + struct.pack("=iIIIQ", 0x0303, place, place, 0, 0) * entries + string


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (cache_of(20_000, b"x" * 4000 + b"\0"), "larger than"),
        (cache_of(1, b"x" * 5000 + b"\0"), "no end"),
        (cache_of(100_001, b"x\0"), "too many"),
    ],
)
def test_cache_that_would_take_much_memory_is_refused(data: bytes, words: str):
    with pytest.raises(LoaderCacheError, match=words):
        parse_loader_cache(data)


def test_large_cache_is_read():
    assert len(parse_loader_cache(cache_of(30_000, b"libx.so.1\0"))) == 30_000
