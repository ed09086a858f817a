"""The user's settings: a TOML file that survives crashes, full disks, hand editing and a second window.

Rejected: QSettings (Qt stays in the window, and its INI files lose types), a file that each window writes
whole (the last one to close would undo the others' changes).
"""

from __future__ import annotations

import copy
import errno
import os
import stat
import threading
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, overload

from plugdeck import paths
from plugdeck.errors import SettingsError
from plugdeck.listeners import Listeners

FILE_NAME = "settings.toml"
_MOST_BYTES = 1 << 20
"""A hundred times what a user has."""

Key = str | tuple[str, ...]
"""``"window.size"``, or a tuple where a part may itself hold a dot: ``("priority", "blur.so")``."""

Table = dict[str, Any]

_T = TypeVar("_T")


class Settings:
    """Values by dotted key, kept as TOML. Every method may be called from any thread.

    A file that cannot be understood is kept aside as ``settings.toml.damaged-1`` and the defaults are used;
    ``notice`` then says so. Keys that this version does not know are preserved.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notice = ""
        """One sentence for the user when the file could not be used; empty when all is well."""
        self._lock = threading.RLock()
        """Guards the values, and is never held while the disk is waited for: the window reads values all the time."""
        self._saving = threading.Lock()
        self._values: Table = {}
        self._changes: dict[tuple[str, ...], Any] = {}
        self._listeners: Listeners[()] = Listeners()

    @classmethod
    def load(cls, path: Path | None = None) -> Settings:
        """The settings as they are on disk; for a bad file the defaults, with a ``notice``. Never raises."""
        settings = cls(path or paths.config_folder() / FILE_NAME)
        try:
            settings._values = settings._read() or {}
        except OSError as error:
            reason = f"The settings in {settings.path} could not be read ({error.strerror})"
            settings.notice = f"{reason}; the defaults are used."
        return settings

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back, on the thread that did it, when a value was noted; the function returned ends it."""
        return self._listeners.add(callback)

    @overload
    def get(self, key: Key) -> Any: ...
    @overload
    def get(self, key: Key, default: _T) -> _T: ...
    def get(self, key: Key, default: Any = None) -> Any:
        """The value, or ``default`` when there is none or one of another type (somebody edited the file)."""
        with self._lock:
            value = _look_up(self._values, _parts(key))
            return default if value is None else copy.deepcopy(_as_type_of(default, value))

    def set(self, key: Key, value: object) -> None:
        """Notes the value for the next ``save``; None removes the key, a table is replaced whole.

        Raises:
            TypeError: the value is not text, a number, a boolean, or a list or table of these.
        """
        parts, value = _parts(key), _plain(value)
        with self._lock:
            if _look_up(self._values, parts) == value and type(_look_up(self._values, parts)) is type(value):
                return
            self._changes.pop(parts, None)
            self._changes[parts] = value
            _put(self._values, parts, value)
        self._listeners.notify()

    def save(self) -> None:
        """Writes what was changed here over what is on disk now, so two windows keep each other's changes.

        Raises:
            SettingsError: the file could not be read or written; the old one is still there, and the changes
                stay noted for the next try.
        """
        with self._saving:
            with self._lock:
                changes = dict(self._changes)
            if not changes:
                return
            from plugdeck.atomic_file import alone_in

            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with alone_in(self.path.parent):
                    values = self._write(changes)
            except OSError as error:
                raise SettingsError(
                    f"The settings could not be saved in {self.path}: {error.strerror or error}.",
                    remedy="Free some space, or make the folder writable; the old settings are still there.",
                ) from error
            self._take_saved(values, changes)

    def _write(self, changes: Mapping[tuple[str, ...], Any]) -> Table:
        """Writes the changes over what is on disk, and returns the whole. Raises OSError."""
        import tomli_w  # what only a save needs is not on the way to the first window

        from plugdeck.atomic_file import replace_file

        on_disk = self._read()
        with self._lock:
            values = copy.deepcopy(self._values) if on_disk is None else on_disk
        for parts, value in changes.items():
            _put(values, parts, copy.deepcopy(value))
        replace_file(self.path, tomli_w.dumps(values).encode())
        return values

    def _take_saved(self, values: Table, changes: Mapping[tuple[str, ...], Any]) -> None:
        """These are the values now, with what was set while they were being written; that is for the next save."""
        with self._lock:
            self._changes = {
                parts: value
                for parts, value in self._changes.items()
                if parts not in changes or value is not changes[parts]
            }
            for parts, value in self._changes.items():
                _put(values, parts, value)
            self._values = values

    def _read(self) -> Table | None:
        """What is on disk; None when there is no file, or only a damaged one, which is then kept aside."""
        try:
            _check_file(self.path)
            return tomllib.loads(self.path.read_bytes().decode())
        except FileNotFoundError:
            return None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            self.notice = self._set_aside(error)
            return None

    def _set_aside(self, error: Exception) -> str:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        from plugdeck.atomic_file import keep_aside

        try:
            kept = keep_aside(self.path)
        except OSError:
            return f"The settings in {self.path} are damaged ({reason}); the defaults are used."
        return f"The settings were damaged ({reason}); the defaults are used, the old file is kept as {kept}."


def _check_file(path: Path) -> None:
    """Before it is opened: a pipe would never end. Raises OSError."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")
    if status.st_size > _MOST_BYTES:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))


def _parts(key: Key) -> tuple[str, ...]:
    parts = tuple(key.split(".")) if isinstance(key, str) else key
    if not parts or "" in parts:
        raise ValueError(f"{key!r} is no settings key")
    return parts


def _look_up(values: Table, parts: tuple[str, ...]) -> Any:
    found: Any = values
    for part in parts:
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return found


def _put(values: Table, parts: tuple[str, ...], value: Any) -> None:
    *outer, last = parts
    for part in outer:
        inner = values.get(part)
        if not isinstance(inner, dict):
            if value is None:
                return
            inner = values[part] = {}
        values = inner
    if value is None:
        values.pop(last, None)
    else:
        values[last] = copy.deepcopy(value)


def _as_type_of(default: Any, value: Any) -> Any:
    if default is None or type(value) is type(default):
        return value
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if isinstance(default, tuple) and isinstance(value, list):
        return tuple(value)
    return default


def _plain(value: object) -> Any:
    """The value as TOML can hold it; text that is not valid Unicode (an odd file name) loses some."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        case list() | tuple():
            return [_plain_item(item) for item in value]
        case Mapping():
            return {str(_plain(str(name))): _plain_item(item) for name, item in value.items()}
    raise TypeError(f"{value!r} cannot be kept in the settings")


def _plain_item(value: object) -> Any:
    if value is None:
        raise TypeError("None cannot be kept in a list or table of the settings")
    return _plain(value)
