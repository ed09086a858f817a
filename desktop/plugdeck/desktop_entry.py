"""Plugdeck in the user's own desktop: menu entry, icons, metadata, and "Open with" for shared objects.

Only the user's folders are written, and only files of our own names; ``mimeapps.list``, which is the user's, gets one
word added and keeps everything else, so whatever opened shared objects before still does by default.
(Specifications: Desktop Entry 1.5, MIME applications associations 1.0, Icon Theme 0.13.)
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from plugdeck import paths
from plugdeck.atomic_file import replace_file
from plugdeck.errors import PlugdeckError
from plugdeck.mime_associations import with_association, without_association

ENTRY = "plugdeck.desktop"
MIME_TYPE = "application/x-sharedlib"
_METAINFO = "org.plugdeck.plugdeck.metainfo.xml"
_UPDATE_S = 10.0


def install_desktop() -> list[Path]:
    """Adds Plugdeck to this user's desktop, over an older entry of it, and returns the files that are now there.

    Raises:
        PlugdeckError: a file could not be written.
    """
    written = []
    try:
        for target, content in _files():
            replace_file(target, content)
            written.append(target)
        written += _change_associations(added=True)
    except OSError as error:
        raise _write_error(error) from error
    _tell_the_desktop()
    return written


def uninstall_desktop() -> list[Path]:
    """Removes what ``install_desktop`` wrote, and returns the files that were removed or changed.

    Raises:
        PlugdeckError: a file could not be removed.
    """
    removed = []
    try:
        for target, _ in _files():
            with contextlib.suppress(FileNotFoundError):
                target.unlink()
                removed.append(target)
        removed += _change_associations(added=False)
    except OSError as error:
        raise _write_error(error) from error
    _tell_the_desktop()
    return removed


def entry_text(command: list[str]) -> str:
    """The desktop entry with the command in it that starts this Plugdeck, wherever it lies."""
    template = paths.shipped("resources", "desktop", ENTRY).read_text(encoding="utf-8")
    return template.replace("Exec=plugdeck %F\n", f"Exec={' '.join(map(_quoted, command))} %F\n")


def window_command() -> list[str]:
    """How to start the window from a desktop: by absolute paths, since a desktop has a PATH of its own."""
    script = Path(sys.executable).with_name("plugdeck")
    return [os.fspath(script)] if script.is_file() else [sys.executable, "-m", "plugdeck"]


def _files() -> Iterator[tuple[Path, bytes]]:
    data = _data_home()
    yield data / "applications" / ENTRY, entry_text(window_command()).encode("utf-8", "surrogateescape")
    yield data / "metainfo" / _METAINFO, paths.shipped("resources", "desktop", _METAINFO).read_bytes()
    icons = paths.shipped("resources", "icons")
    theme = data / "icons" / "hicolor"
    yield theme / "scalable" / "apps" / "plugdeck.svg", (icons / "plugdeck.svg").read_bytes()
    for icon in sorted(icons.glob("plugdeck-*.png")):
        size = icon.stem.removeprefix("plugdeck-")
        yield theme / f"{size}x{size}" / "apps" / "plugdeck.png", icon.read_bytes()


def _change_associations(*, added: bool) -> list[Path]:
    """Adds or removes our word in the user's list; an empty result is returned when nothing had to change."""
    path = _config_home() / "mimeapps.list"
    try:
        old = path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        old = ""
    new = (with_association if added else without_association)(old, MIME_TYPE, ENTRY)
    if new == old:
        return []
    if new:
        replace_file(path, new.encode("utf-8", "surrogateescape"))
    else:
        path.unlink()
    return [path]


def _tell_the_desktop() -> None:
    """Has the desktop's own cache of MIME types made again; without the tool, desktops do so at the next login."""
    tool = shutil.which("update-desktop-database")
    folder = _data_home() / "applications"
    if tool and folder.is_dir():
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run([tool, folder], capture_output=True, timeout=_UPDATE_S, check=False)


def _quoted(argument: str) -> str:
    """An argument as the Exec key wants it: quoted, field codes doubled, backslashes escaped once for the key."""
    if "\n" in argument or "\r" in argument:
        raise PlugdeckError(
            "A desktop cannot start a program whose path holds a line break.", remedy="Move Plugdeck elsewhere."
        )
    escaped = "".join(f"\\{char}" if char in '"`$\\' else char for char in argument.replace("%", "%%"))
    return f'"{escaped}"'.replace("\\", "\\\\")


def _write_error(error: OSError) -> PlugdeckError:
    return PlugdeckError(
        f"The desktop's files could not be changed: {error.filename}: {error.strerror}.",
        remedy="Make the folder writable, or free some space, and try again.",
    )


def _data_home() -> Path:
    return _base_folder("XDG_DATA_HOME", ".local/share")


def _config_home() -> Path:
    return _base_folder("XDG_CONFIG_HOME", ".config")


def _base_folder(variable: str, default: str) -> Path:
    """The folder of the XDG Base Directory specification, which says to ignore a path that is not absolute."""
    named = os.environ.get(variable, "")
    return Path(named) if named.startswith("/") else Path.home() / default
