"""Verdicts that were reached before, each kept with what it depended on.

A row of ``reports`` holds for as long as its own file and all its places are what they were. Places are shared: a
library that a thousand files need is one row, and is looked at once a scan. A host has places of its own, which hold
for all its reports: when one of them changes, the host gets a new number, and what was judged against the old one is
dropped.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import plugdeck
from plugdeck.catalogue.cache_file import CacheFile
from plugdeck.catalogue.report_json import FORMAT
from plugdeck.compat.dependencies import Look, Numbers, numbers_at
from plugdeck.paths import cache_folder

_VERSION = zlib.crc32(f"{FORMAT} {plugdeck.__version__}".encode()) & 0x7FFF_FFFF
_TABLES = {  # AUTOINCREMENT: a number that was given once never means another row
    "hosts": "id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, places BLOB NOT NULL",
    "places": "id INTEGER PRIMARY KEY AUTOINCREMENT, path BLOB NOT NULL, stamp TEXT NOT NULL, UNIQUE (path, stamp)",
    "reports": "id INTEGER PRIMARY KEY AUTOINCREMENT, host INTEGER NOT NULL, path BLOB NOT NULL, stamp TEXT NOT NULL, "
    "places BLOB NOT NULL, body TEXT NOT NULL, checksum INTEGER NOT NULL, UNIQUE (host, path)",
}
_MOST_ROWS = {"hosts": 20, "places": 200_000, "reports": 50_000}
"""About 100 MB; the oldest are dropped first, and what refers to them counts as changed."""
_MOST_PLACES = 2000
"""Of one verdict; only what is made to annoy has more, and would fill the disk with them."""
_WRITE_AT = 500
_SELECT_AT_ONCE = 500
_NUMBER = "I"
_MOST_NUMBER = 0xFFFF_FFFF

Places = Mapping[str, Numbers]


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A report as it is kept: ``body`` is JSON for ``report_json``."""

    path: str
    numbers: Numbers
    """Those of the file's identity; none when it could not be read."""
    body: str


class VerdictCache:
    """The kept verdicts for one host, by name; for one scan, since it looks at each place once."""

    def __init__(self, host_name: str, file: Path | None = None, look: Look = numbers_at) -> None:
        self._file = CacheFile(file or cache_folder() / "verdicts.sqlite", _VERSION, _TABLES)
        self._host_name = host_name
        self._look = look
        self._now: dict[bytes, Numbers] = {}
        self._current: set[int] = set()
        self._outdated: set[int] = set()
        self._ids: dict[tuple[str, Numbers], int] = {}
        self._ahead: dict[str, KeptReport | None] = {}
        self._new: list[tuple[KeptReport, Places]] = []
        self._host = self._find_host()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.flush()
        self._file.close()

    def find(self, path: str) -> KeptReport | None:
        """The report on the file, if all that it depends on is as it was."""
        if path not in self._ahead:
            self.preload([path])
        return self._ahead.pop(path)

    def preload(self, paths: Sequence[str]) -> None:
        """Looks up many files at once, which is faster than one by one; ``find`` is to follow for each."""
        self._ahead.update(dict.fromkeys(paths))
        for begin in range(0, len(paths), _SELECT_AT_ONCE) if self._host else ():
            names = {os.fsencode(path): path for path in paths[begin : begin + _SELECT_AT_ONCE]}
            statement = f"SELECT path, stamp, places, body, checksum FROM reports WHERE host = ? AND path {_in(names)}"
            rows: list[Any] = self._file.ask(statement, (self._host, *names))
            whole = [row for row in rows if row[0] in names and _is_whole(row)]
            fresh = [(row, _unpacked(row[2])) for row in whole if row[1] == self._stamp_now(row[0])]
            self._look_at(set().union(*(ids for _, ids in fresh)))
            for (name, _, _, body, _), ids in fresh:
                if self._current.issuperset(ids):
                    self._ahead[names[name]] = KeptReport(names[name], self._now[name], body)

    def keep_host(self, places: Places) -> None:
        """Says what all verdicts on this host depend on; ``keep`` is of use only then."""
        if not self._host and all(map(os.path.isabs, places)):
            self._host = self._file.change(lambda database: self._write_host(database, places)) or 0

    def keep(self, report: KeptReport, places: Places) -> None:
        """Keeps a new verdict. One that depends on the current folder is not kept: it holds only there."""
        if self._host and len(places) <= _MOST_PLACES and all(map(os.path.isabs, places)):
            self._new.append((report, places))
            if len(self._new) >= _WRITE_AT:
                self.flush()

    def flush(self) -> None:
        """Writes what is new."""
        if self._new:
            self._file.change(self._write_reports)
            self._new.clear()

    def _find_host(self) -> int:
        """The number of the host if what it depends on is as it was; 0 when it is to be read anew."""
        rows: list[Any] = self._file.ask("SELECT id, places FROM hosts WHERE name = ?", (self._host_name,))
        for number, places in rows:
            ids = _unpacked(places)
            self._look_at(set(ids))
            if self._current.issuperset(ids):
                return int(number)
        return 0

    def _look_at(self, ids: set[int]) -> None:
        """Finds out which of these places are as they were."""
        unknown = sorted(ids - self._current - self._outdated)
        for begin in range(0, len(unknown), _SELECT_AT_ONCE):
            some = unknown[begin : begin + _SELECT_AT_ONCE]
            rows: list[Any] = self._file.ask(f"SELECT id, path, stamp FROM places WHERE id {_in(some)}", tuple(some))
            whole = [row for row in rows if isinstance(row[1], bytes)]
            self._current.update(number for number, path, stamp in whole if self._stamp_now(path) == stamp)
        self._outdated.update(set(unknown) - self._current)

    def _stamp_now(self, path: bytes) -> str:
        if path not in self._now:
            self._now[path] = self._look(os.fsdecode(path))
        return _stamp(self._now[path])

    def _write_host(self, database: sqlite3.Connection, places: Places) -> int:
        packed = self._pack(database, places)
        known = database.execute("SELECT id, places FROM hosts WHERE name = ?", (self._host_name,)).fetchone()
        if known and known[1] == packed:  # another program was faster
            return int(known[0])
        values = (self._host_name, packed)
        number = database.execute("INSERT OR REPLACE INTO hosts (name, places) VALUES (?, ?)", values).lastrowid or 0
        database.execute("DELETE FROM reports WHERE host NOT IN (SELECT id FROM hosts)")
        return number

    def _write_reports(self, database: sqlite3.Connection) -> None:
        statement = (
            "INSERT OR REPLACE INTO reports (host, path, stamp, places, body, checksum) VALUES (?, ?, ?, ?, ?, ?)"
        )
        for report, places in self._new:
            name, packed, checksum = os.fsencode(report.path), self._pack(database, places), _checksum(report.body)
            database.execute(statement, (self._host, name, _stamp(report.numbers), packed, report.body, checksum))
        for table, most in _MOST_ROWS.items():
            database.execute(f"DELETE FROM {table} WHERE id <= (SELECT max(id) FROM {table}) - {most}")

    def _pack(self, database: sqlite3.Connection, places: Places) -> bytes:
        """The numbers of these places, given to new ones now, as a row holds them."""
        return array(_NUMBER, sorted(self._id(database, path, places[path]) for path in places)).tobytes()

    def _id(self, database: sqlite3.Connection, path: str, numbers: Numbers) -> int:
        known = self._ids.get((path, numbers))
        if known is None:
            key = os.fsencode(path), _stamp(numbers)
            database.execute("INSERT OR IGNORE INTO places (path, stamp) VALUES (?, ?)", key)
            row = database.execute("SELECT id FROM places WHERE path = ? AND stamp = ?", key).fetchone()
            if row is None or not 0 < row[0] <= _MOST_NUMBER or self._is_contradicted(row[0], key):
                raise sqlite3.DatabaseError("the table of places, or its index, is damaged")
            known = self._ids[path, numbers] = int(row[0])
        return known

    def _is_contradicted(self, number: int, key: tuple[bytes, str]) -> bool:
        """Whether the table had something else under this number than the index, which was asked now, says."""
        return number in self._outdated and self._stamp_now(key[0]) == key[1]


def _unpacked(packed: Any) -> Sequence[int]:
    """The numbers in a row; of a damaged one, that of no place, so that it does not hold."""
    try:
        return array(_NUMBER, packed)
    except (ValueError, TypeError):
        return (0,)


def _is_whole(row: tuple[Any, ...]) -> bool:
    """Whether a row of ``reports`` holds what was written into it; its body is handed on unread."""
    return isinstance(row[3], str) and _checksum(row[3]) == row[4]


def _checksum(body: str) -> int:
    return zlib.crc32(body.encode())


def _in(values: Collection[object]) -> str:
    return f"IN ({','.join('?' * len(values))})"


def _stamp(numbers: Numbers) -> str:
    return ":".join(map(str, numbers))
