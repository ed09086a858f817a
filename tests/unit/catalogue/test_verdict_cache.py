"""The cache of verdicts: nothing that changed is believed, and it is only ever a matter of speed."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from plugdeck.catalogue import cache_file, verdict_cache
from plugdeck.catalogue.verdict_cache import KeptReport, VerdictCache
from plugdeck.compat.dependencies import Numbers, numbers_at

HOST = "a host"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "verdicts.sqlite"


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    return written(tmp_path / "plugin.so", "plugin")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return written(tmp_path / "library.so", "library")


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def places(*paths: Path) -> dict[str, Numbers]:
    return {name: numbers_at(name) for name in map(os.fspath, paths)}


def keep(file: Path, plugin: Path, *depends: Path, host: str = HOST, host_depends: tuple[Path, ...] = ()) -> None:
    with VerdictCache(host, file) as cache:
        cache.keep_host(places(*host_depends))
        cache.keep(KeptReport(os.fspath(plugin), numbers_at(plugin), '["body"]'), places(*depends))


def found(file: Path, plugin: Path, host: str = HOST) -> bool:
    with VerdictCache(host, file) as cache:
        kept = cache.find(os.fspath(plugin))
        if kept:
            assert kept == KeptReport(os.fspath(plugin), numbers_at(plugin), '["body"]')
        return kept is not None


def test_verdict_holds_while_nothing_changes(file: Path, plugin: Path, library: Path):
    keep(file, plugin, library, library.with_name("absent.so"), host_depends=(library,))
    assert found(file, plugin)
    assert found(file, plugin)


def test_verdict_without_dependencies_holds(file: Path, plugin: Path):
    keep(file, plugin)
    assert found(file, plugin)


def test_changed_file_is_not_believed(file: Path, plugin: Path):
    keep(file, plugin)
    written(plugin, "plugin, longer")
    assert not found(file, plugin)


def test_missing_file_is_not_believed(file: Path, plugin: Path):
    keep(file, plugin)
    plugin.unlink()
    assert not found(file, plugin)


def test_changed_library_ends_the_verdicts_that_it_took_part_in_and_no_other(file: Path, tmp_path: Path):
    libraries = [written(tmp_path / f"lib{number}.so", "old") for number in range(2)]
    plugins = [written(tmp_path / f"plugin{number}.so", "plugin") for number in range(2)]
    for plugin, library in zip(plugins, libraries, strict=True):
        keep(file, plugin, library)
    written(libraries[0], "newer")
    assert [found(file, plugin) for plugin in plugins] == [False, True]


def test_library_that_vanishes_or_appears_ends_the_verdict(file: Path, plugin: Path, library: Path):
    absent = library.with_name("absent.so")
    keep(file, plugin, library, absent)
    written(absent, "here now")
    assert not found(file, plugin)
    absent.unlink()
    assert found(file, plugin)
    library.unlink()
    assert not found(file, plugin)


def test_folder_counts_only_as_being_there(file: Path, plugin: Path, tmp_path: Path):
    folder = tmp_path / "glibc-hwcaps"
    folder.mkdir()
    keep(file, plugin, folder)
    written(folder / "anything", "")
    assert found(file, plugin)
    (folder / "anything").unlink()
    folder.rmdir()
    assert not found(file, plugin)


def test_changed_host_ends_all_of_its_verdicts_and_none_of_anothers(file: Path, plugin: Path, library: Path):
    keep(file, plugin, host_depends=(library,))
    keep(file, plugin, host="another")
    written(library, "newer")
    assert not found(file, plugin)
    assert found(file, plugin, host="another")
    keep(file, plugin, host_depends=(library,))
    assert found(file, plugin)


def test_hosts_do_not_share_verdicts(file: Path, plugin: Path):
    keep(file, plugin)
    assert not found(file, plugin, host="another")


def test_nothing_is_kept_for_a_host_that_was_not_described(file: Path, plugin: Path):
    with VerdictCache(HOST, file) as cache:
        cache.keep(KeptReport(os.fspath(plugin), numbers_at(plugin), "[]"), {})
    assert not found(file, plugin)


def test_what_depends_on_the_current_folder_is_not_kept(file: Path, plugin: Path):
    keep(file, plugin, Path("relative.so"))
    assert not found(file, plugin)


def test_verdict_with_too_many_places_is_not_kept(file: Path, plugin: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(verdict_cache, "_MOST_PLACES", 3)
    absent = [plugin.with_name(f"{number}.so") for number in range(4)]
    keep(file, plugin, *absent[:3])
    assert found(file, plugin)
    keep(file, plugin.rename(plugin.with_name("many.so")), *absent)
    assert not found(file, plugin.with_name("many.so"))


def test_undecodable_names_are_kept(file: Path, tmp_path: Path):
    odd = written(tmp_path / os.fsdecode(b"odd\n\xff.so"), "odd")
    keep(file, odd, odd)
    assert found(file, odd)


@pytest.mark.parametrize(
    "content", [b"", b"no database at all, but long enough to look like one" * 90, b"SQLite format 3\0" + bytes(4000)]
)
def test_damaged_cache_is_built_again(file: Path, plugin: Path, content: bytes):
    keep(file, plugin)
    file.write_bytes(content)
    for suffix in ("-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)
    assert not found(file, plugin)
    keep(file, plugin)
    keep(file, plugin)
    assert found(file, plugin)


def damaged(file: Path, old: bytes, new: bytes) -> None:
    """Puts ``new`` in the place of ``old``, everywhere in what is on disk."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = file.read_bytes()
    assert old in content
    assert len(old) == len(new)
    file.write_bytes(content.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"TABLE reports (id", b"TABLE reports \xffid"),  # in SQLite's sentence about it, which Python cannot read
        (b'["body"]', b'["b\xffdy"]'),
        (b"library.so", b"librarY.so"),  # in the table and the index alike
    ],
)
def test_damaged_bytes_in_the_cache_cost_only_speed(file: Path, plugin: Path, library: Path, old: bytes, new: bytes):
    keep(file, plugin, library)
    damaged(file, old, new)
    found(file, plugin)
    for _ in range(2):
        keep(file, plugin, library)
    assert found(file, plugin)


def test_index_that_refuses_what_the_table_lacks_is_built_again(file: Path, plugin: Path, library: Path):
    keep(file, plugin, library)
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE UNIQUE INDEX another ON places (path)")
    written(library, "newer, longer")
    for _ in range(2):
        keep(file, plugin, library)
    assert found(file, plugin)


@pytest.mark.parametrize("seed", range(60))
def test_cache_with_a_few_wrong_bytes_costs_only_speed(file: Path, plugin: Path, library: Path, seed: int):
    keep(file, plugin, library, host_depends=(library,))
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content, dice = bytearray(file.read_bytes()), random.Random(seed)
    used = [at for at, byte in enumerate(content) if byte]
    for at in dice.choices(used, k=dice.randint(1, 4)):
        content[at] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
    file.write_bytes(content)
    for _ in range(2):
        found(file, plugin)
        keep(file, plugin, library, host_depends=(library,))


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE reports",
        "DROP TABLE places",
        "DELETE FROM places",
        "UPDATE reports SET body = '[[1'",
        "UPDATE reports SET body = 7",
        "UPDATE reports SET places = 'abc'",
        "UPDATE reports SET places = 1.5",
        "UPDATE places SET stamp = x'ff'",
        "UPDATE hosts SET places = x'010203'",
    ],
)
def test_row_that_is_not_what_was_written_is_not_believed(file: Path, plugin: Path, library: Path, statement: str):
    keep(file, plugin, library, host_depends=(library,))
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(statement)
    assert not found(file, plugin)
    for _ in range(2):
        keep(file, plugin, library, host_depends=(library,))
    assert found(file, plugin)


def test_cache_of_another_version_is_built_again(file: Path, plugin: Path, monkeypatch: pytest.MonkeyPatch):
    keep(file, plugin)
    monkeypatch.setattr(verdict_cache, "_VERSION", 1)
    assert not found(file, plugin)
    keep(file, plugin)
    assert found(file, plugin)


def test_folder_that_cannot_be_written_costs_only_speed(file: Path, plugin: Path):
    written(file.parent, "a file is in the way")
    keep(file, plugin)
    assert not found(file, plugin)


def test_full_disk_costs_only_speed(file: Path, plugin: Path):
    with VerdictCache(HOST, file) as cache:
        assert cache._file._database
        cache._file._database.execute("PRAGMA max_page_count = 1")
        cache.keep_host({})
        cache.keep(KeptReport(os.fspath(plugin), numbers_at(plugin), "x" * 100_000), {})
        cache.flush()
        assert cache.find(os.fspath(plugin)) is None


def test_cache_locked_by_another_program_costs_only_speed(file: Path, plugin: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cache_file, "_BUSY_MS", 10)
    keep(file, plugin)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        keep(file, written(plugin.with_name("new.so"), "new"))
    assert found(file, plugin)
    assert not found(file, plugin.with_name("new.so"))


def test_oldest_rows_are_dropped_when_there_are_too_many(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(verdict_cache, "_MOST_ROWS", {"reports": 2, "places": 3})
    plugins = [written(tmp_path / f"{number}.so", "plugin") for number in range(4)]
    for plugin in plugins:
        keep(file, plugin, plugin, plugin.with_suffix(".absent"))
    assert [found(file, plugin) for plugin in plugins] == [False, False, False, True]
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT count(*) FROM reports").fetchone() == (2,)
        assert database.execute("SELECT count(*) FROM places").fetchone() == (3,)


def test_several_programs_may_use_it_at_once(file: Path, tmp_path: Path):
    plugins = [written(tmp_path / f"{number:02}.so", "plugin") for number in range(60)]
    absent = os.fspath(tmp_path / "absent.so")
    code = (
        "import sys; from pathlib import Path\n"
        "from plugdeck.catalogue.verdict_cache import KeptReport, VerdictCache\n"
        "from plugdeck.compat.dependencies import numbers_at\n"
        "file, absent, *paths = sys.argv[1:]\n"
        "for path in paths:\n"
        "    with VerdictCache('a host', Path(file)) as cache:\n"
        "        cache.keep_host({absent: ()})\n"
        "        cache.keep(KeptReport(path, numbers_at(path), '[\"body\"]'), {path: numbers_at(path), absent: ()})\n"
    )
    command = [sys.executable, "-c", code, os.fspath(file), absent, *map(os.fspath, plugins)]
    programs = [subprocess.Popen(command) for _ in range(3)]
    assert [program.wait(timeout=60) for program in programs] == [0, 0, 0]
    assert all(found(file, plugin) for plugin in plugins)
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
