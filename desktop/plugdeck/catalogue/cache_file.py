"""A database in the cache folder that is only ever a matter of speed: whatever is wrong with it, work goes on.

Several programs may use it at once; each transaction is short. A damaged file, or one of another version, is built
again; a read-only folder, a full disk or a lock that does not go away mean that there is no cache this time.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

_BUSY_MS = 1000
_FAULTS = (sqlite3.Error, UnicodeDecodeError)
"""The second is what Python makes of a damaged schema, which SQLite would name in its message."""
_NOT_THE_CONTENT = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
}
Result = TypeVar("Result")


class CacheFile:
    """The database at one path; use it on the thread that made it."""

    def __init__(self, file: Path, version: int, tables: dict[str, str]) -> None:
        """``tables`` has the columns of each table by its name; they are made anew for another ``version``."""
        self._file = file
        self._version = version
        self._tables = tables
        self._database = self._open()

    def ask(self, statement: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """The rows of a SELECT; none when there is no cache."""
        return self._try(lambda database: database.execute(statement, values).fetchall()) or []

    def change(self, work: Callable[[sqlite3.Connection], Result]) -> Result | None:
        """What ``work`` gives, in one transaction that no other program's comes between; None without a cache."""

        def in_transaction(database: sqlite3.Connection) -> Result:
            with database:
                database.execute("BEGIN IMMEDIATE")
                return work(database)

        return self._try(in_transaction)

    def close(self) -> None:
        """Lets the file go."""
        if self._database:
            with suppress(*_FAULTS):
                self._database.close()
        self._database = None

    def _try(self, work: Callable[[sqlite3.Connection], Result]) -> Result | None:
        if self._database is None:
            return None
        try:
            return work(self._database)
        except _FAULTS as error:
            self.close()
            if _is_damage(error):
                self._remove()  # so that the next one builds it again
            return None

    def _open(self) -> sqlite3.Connection | None:
        for attempt in (1, 2):
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                return self._connect()
            except (*_FAULTS, OSError) as error:
                if attempt == 2 or not _is_damage(error):
                    return None
                self._remove()
        return None

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._file, timeout=_BUSY_MS / 1000, isolation_level=None)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = OFF")  # a lost cache is made again
            if database.execute("PRAGMA user_version").fetchone() != (self._version,):
                self._build(database)
        except BaseException:
            database.close()
            raise
        return database

    def _build(self, database: sqlite3.Connection) -> None:
        with database:
            database.execute("BEGIN IMMEDIATE")
            if database.execute("PRAGMA user_version").fetchone() == (self._version,):
                return  # another program was faster
            for name, columns in self._tables.items():
                database.execute(f"DROP TABLE IF EXISTS {name}")
                database.execute(f"CREATE TABLE {name} ({columns})")
            database.execute(f"PRAGMA user_version = {self._version}")

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                os.unlink(f"{self._file}{suffix}")  # noqa: PTH108 - a suffix to the whole path


def _is_damage(error: Exception) -> bool:
    """Whether the file's content is at fault, rather than its place, its rights or another program."""
    code = getattr(error, "sqlite_errorcode", None)  # none where it is Python that cannot take what SQLite read
    return isinstance(error, _FAULTS) and (code is None or code & 0xFF not in _NOT_THE_CONTENT)
