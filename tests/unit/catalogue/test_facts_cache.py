"""The cache of facts: true to the files, and only ever a matter of speed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from plugdeck.binary import read
from plugdeck.binary.facts import BinaryFacts
from plugdeck.catalogue import facts_cache
from plugdeck.catalogue.facts_cache import FactsCache
from plugdeck.errors import BinaryFormatError

Build = Callable[..., Path]


@pytest.fixture
def plugin(build_plugin: Build, tmp_path: Path) -> Path:
    return Path(shutil.copy(build_plugin("int Call(void) { return 1; }\n"), tmp_path / "plugin.so"))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """The files that were really read."""
    paths: list[Path] = []

    def read_and_note(path: Path, *, symbols: bool) -> BinaryFacts:
        paths.append(path)
        return read(path, symbols=symbols)

    monkeypatch.setattr(facts_cache, "read", read_and_note)
    return paths  # type: ignore[return-value]


def file() -> Path:
    return facts_cache.cache_folder() / "facts.sqlite"


def cached(path: Path, *, preload: bool = False) -> BinaryFacts:
    with FactsCache() as cache:
        if preload:
            cache.preload([os.fspath(path)])
        return cache.read(path)


@pytest.mark.parametrize("preload", [True, False])
def test_second_look_reads_no_file_and_gives_the_same_facts(plugin: Path, reads: list[Path], preload: bool):
    first = cached(plugin, preload=preload)
    assert cached(plugin, preload=preload) == first == read(plugin, symbols=False)
    assert reads == [plugin]


def test_changed_file_is_read_again(plugin: Path, reads: list[Path], build_plugin: Build):
    cached(plugin)
    shutil.copy(build_plugin("int Other(void) { return 2; }\n", flags=["-Wl,-soname,other"]), plugin)
    facts = cached(plugin)
    assert facts.elf
    assert facts.elf.soname == "other"
    assert len(reads) == 2


def test_same_file_under_two_names_is_read_once(plugin: Path, reads: list[Path]):
    link = plugin.with_name("link.so")
    link.symlink_to(plugin.name)
    with FactsCache() as cache:
        assert cache.read(plugin).path == plugin
        assert cache.read(link).path == link
    assert reads == [plugin]


def test_errors_are_not_kept(tmp_path: Path):
    path = tmp_path / "cut.so"
    path.write_bytes(b"\x7fELF\x02\x01\x01")
    for _ in range(2):
        with pytest.raises(BinaryFormatError):
            cached(path)


def test_undecodable_names_are_kept(plugin: Path, reads: list[Path]):
    odd = plugin.rename(plugin.with_name(os.fsdecode(b"odd\n\xff.so")))
    assert cached(odd) == cached(odd, preload=True)
    assert reads == [odd]


@pytest.mark.parametrize(
    "content", [b"", b"no database at all, but long enough to look like one" * 90, b"SQLite format 3\0" + bytes(4000)]
)
def test_damaged_cache_is_built_again(plugin: Path, reads: list[Path], content: bytes):
    cached(plugin)
    file().write_bytes(content)
    for suffix in ("-wal", "-shm"):
        Path(f"{file()}{suffix}").unlink(missing_ok=True)
    for _ in range(3):
        cached(plugin)
    assert 2 <= len(reads) <= 3


@pytest.mark.parametrize(
    "statement", ["DROP TABLE facts", "UPDATE facts SET body = '[[1'", "UPDATE facts SET body = 7"]
)
def test_cache_with_other_content_is_mended(plugin: Path, reads: list[Path], statement: str):
    cached(plugin)
    with closing(sqlite3.connect(file())) as database, database:
        database.execute(statement)
    for _ in range(3):
        assert cached(plugin, preload=True).elf
    assert len(reads) <= 3


def test_body_of_the_wrong_shape_is_read_anew(plugin: Path, reads: list[Path]):
    cached(plugin)
    with closing(sqlite3.connect(file())) as database, database:
        database.execute("UPDATE facts SET body = replace(body, 'ELF', 'OTHER')")
    assert cached(plugin, preload=True).elf
    assert len(reads) == 2


def test_cache_of_another_version_is_built_again(plugin: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch):
    cached(plugin)
    monkeypatch.setattr(facts_cache, "_VERSION", 1)
    cached(plugin)
    cached(plugin)
    assert len(reads) == 2


def test_folder_that_cannot_be_written_costs_only_speed(plugin: Path, reads: list[Path]):
    facts_cache.cache_folder().parent.mkdir(parents=True, exist_ok=True)
    facts_cache.cache_folder().write_text("a file is in the way")
    assert cached(plugin) == cached(plugin)
    assert len(reads) == 2


def test_full_disk_costs_only_speed(plugin: Path):
    with FactsCache() as cache:
        assert cache._database
        cache._database.execute("PRAGMA max_page_count = 1")
        assert cache.read(plugin).elf
        cache.flush()
        assert cache.read(plugin).elf


def test_cache_locked_by_another_program_costs_only_speed(plugin: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(facts_cache, "_BUSY_MS", 10)
    cached(plugin)
    with closing(sqlite3.connect(file(), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert cached(plugin.rename(plugin.with_name("new.so"))).elf


def test_oldest_rows_are_dropped_when_there_are_too_many(
    plugin: Path, monkeypatch: pytest.MonkeyPatch, build_plugin: Build
):
    monkeypatch.setattr(facts_cache, "_MOST_ROWS", 2)
    for number in range(4):
        cached(Path(shutil.copy(plugin, plugin.with_name(f"{number}.so"))))
    with closing(sqlite3.connect(file())) as database:
        assert database.execute("SELECT count(*) FROM facts").fetchone() == (2,)


def test_several_programs_may_use_it_at_once(tmp_path: Path, plugin: Path):
    for number in range(60):
        shutil.copy(plugin, tmp_path / f"{number}.so")
    code = (
        "import sys; from pathlib import Path; from plugdeck.catalogue.facts_cache import FactsCache\n"
        "for path in sorted(Path(sys.argv[1]).glob('*.so')):\n"
        "    with FactsCache() as cache: assert cache.read(path).elf\n"
    )
    programs = [subprocess.Popen([sys.executable, "-c", code, os.fspath(tmp_path)]) for _ in range(3)]
    assert [program.wait(timeout=60) for program in programs] == [0, 0, 0]
    with closing(sqlite3.connect(file())) as database:
        assert database.execute("SELECT count(*) FROM facts").fetchone() == (61,)
