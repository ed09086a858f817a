"""Facts that were read before, kept on disk by the identity of their files.

Only facts are kept: a verdict also depends on the host, so it is made anew each time. The cache is an extra: when its
folder is read-only, full or damaged, everything is read from the files instead. Several programs may use it
at once; each transaction is short.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import plugdeck
from plugdeck.binary import read
from plugdeck.binary.facts import BinaryFacts, FileIdentity
from plugdeck.catalogue.facts_json import FORMAT, facts_from_json, facts_to_json
from plugdeck.paths import cache_folder

_VERSION = zlib.crc32(f"{FORMAT} {plugdeck.__version__}".encode()) & 0x7FFF_FFFF
_BUSY_MS = 1000
_WRITE_AT = 2000
_SELECT_AT_ONCE = 500
_MOST_ROWS = 50_000
"""About 50 MB; the oldest are dropped first."""
_DAMAGED_JSON = (ValueError, TypeError, KeyError, IndexError)
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS facts (id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, body TEXT NOT NULL)
"""

Numbers = tuple[int, ...]
"""Those of a file's identity; none for a file that cannot be reached."""


class FactsCache:
    """Reads files through the cache; use it on the thread that made it, as a context manager."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or cache_folder() / "facts.sqlite"
        self._database = self._open()
        self._ahead: dict[str, Numbers] = {}
        self._kept: dict[Numbers, Any] = {}
        self._found: dict[Numbers, BinaryFacts] = {}
        self._new: dict[Numbers, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def read(self, path: Path) -> BinaryFacts:
        """The facts of the file without its symbols, from the cache when the file is still the same.

        Raises:
            BinaryFormatError: as ``binary.read`` does; that is never kept.
        """
        numbers = self._ahead.pop(os.fspath(path), None) or _numbers_at(path)
        facts = self._found.get(numbers)
        if facts is None:
            facts = self._look_up(path, numbers) or self._read_anew(path)
            self._found[_numbers(facts.identity)] = facts
        return facts if facts.path is path or facts.path == path else _renamed(facts, path)

    def preload(self, paths: Sequence[str]) -> None:
        """Looks up many files at once, which is faster than one by one; ``read`` is to follow soon."""
        self._ahead = {path: _numbers_at(path) for path in paths}
        wanted = [numbers for numbers in self._ahead.values() if numbers and numbers not in self._found]
        for begin in range(0, len(wanted), _SELECT_AT_ONCE):
            self._select(wanted[begin : begin + _SELECT_AT_ONCE])

    def close(self) -> None:
        """Writes what was read anew, and lets the file go."""
        self.flush()
        if self._database:
            self._database.close()
            self._database = None

    def flush(self) -> None:
        """Writes what was read anew."""
        rows = [(_stamp(numbers), body) for numbers, body in self._new.items()]
        self._new.clear()
        if rows:
            self._write(rows)

    def _look_up(self, path: Path, numbers: Numbers) -> BinaryFacts | None:
        if numbers and numbers not in self._kept:
            self._select([numbers])
        body = self._kept.pop(numbers, None)
        try:
            return None if body is None else facts_from_json(body, path, FileIdentity(*numbers))
        except _DAMAGED_JSON:
            return None

    def _read_anew(self, path: Path) -> BinaryFacts:
        facts = read(path, symbols=False)
        self._new[_numbers(facts.identity)] = json.dumps(facts_to_json(facts), separators=(",", ":"))
        if len(self._new) >= _WRITE_AT:
            self.flush()
        return facts

    def _select(self, wanted: Sequence[Numbers]) -> None:
        """Takes what is kept of these files into memory; None for what is not."""
        stamps = {_stamp(numbers): numbers for numbers in wanted}
        self._kept.update(dict.fromkeys(wanted))
        if self._database is None:
            return
        statement = f"SELECT identity, body FROM facts WHERE identity IN ({','.join('?' * len(stamps))})"
        try:
            rows = self._database.execute(statement, list(stamps)).fetchall()
        except sqlite3.Error as error:
            self._give_up(error)
            return
        bodies = _parse_bodies([body for _, body in rows])
        self._kept.update((stamps[stamp], body) for (stamp, _), body in zip(rows, bodies, strict=True))

    def _write(self, rows: Sequence[tuple[str, str]]) -> None:
        if self._database is None:
            return
        try:
            with self._database:
                self._database.executemany("INSERT OR REPLACE INTO facts (identity, body) VALUES (?, ?)", rows)
                self._database.execute(f"DELETE FROM facts WHERE id <= (SELECT max(id) FROM facts) - {_MOST_ROWS}")
        except sqlite3.Error as error:
            self._give_up(error)

    def _open(self) -> sqlite3.Connection | None:
        for attempt in (1, 2):
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                return _connect(self._file)
            except (sqlite3.Error, OSError) as error:
                if attempt == 2 or not _is_damage(error):
                    return None
                self._remove()
        return None

    def _give_up(self, error: sqlite3.Error) -> None:
        """Goes on without the cache; a damaged one is removed, so that the next scan builds it again."""
        if self._database:
            with suppress(sqlite3.Error):
                self._database.close()
        self._database = None
        if _is_damage(error):
            self._remove()

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                os.unlink(f"{self._file}{suffix}")  # noqa: PTH108 - a suffix to the whole path


def _connect(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, timeout=_BUSY_MS / 1000)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = OFF")  # a lost cache is made again
        if database.execute("PRAGMA user_version").fetchone() != (_VERSION,):
            with database:
                database.execute("BEGIN IMMEDIATE")
                database.execute("DROP TABLE IF EXISTS facts")
                database.execute(_SCHEMA)
                database.execute(f"PRAGMA user_version = {_VERSION}")
    except BaseException:
        database.close()
        raise
    return database


def _is_damage(error: Exception) -> bool:
    """Whether the file's content is at fault, rather than its place, its rights or another program."""
    if isinstance(error, sqlite3.OperationalError):
        return "no such" in str(error)  # another program's table or columns
    return isinstance(error, sqlite3.DatabaseError)


def _parse_bodies(bodies: list[str]) -> list[Any]:
    """What the rows hold: all at once, or one by one when one of them is damaged, which is then None."""
    try:
        parsed = json.loads(f"[{','.join(bodies)}]")
    except (ValueError, TypeError):
        parsed = []
    return parsed if len(parsed) == len(bodies) else [_parse_body(body) for body in bodies]


def _parse_body(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, TypeError):
        return None


def _numbers_at(path: str | Path) -> Numbers:
    """None of them when the file cannot be reached, which reading it will explain."""
    try:
        found = os.stat(path)  # noqa: PTH116 - thousands of these in a scan
    except (OSError, ValueError):
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _numbers(identity: FileIdentity) -> Numbers:
    return identity.device, identity.inode, identity.size_bytes, identity.mtime_ns, identity.ctime_ns


def _stamp(numbers: Numbers) -> str:
    return ":".join(map(str, numbers))


def _renamed(facts: BinaryFacts, path: Path) -> BinaryFacts:
    return BinaryFacts(path, facts.identity, facts.format, facts.description, facts.elf)
