"""The plugin folder: what is installed in it, and how that is taken out again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from plugdeck import paths
from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.incoming import sha256_of
from plugdeck.catalogue.install_name import HASH_DIGITS, file_word
from plugdeck.catalogue.report import Report, Status
from plugdeck.catalogue.trash import Trashed, move_to_trash, trashed_in
from plugdeck.errors import InstallError


@dataclass(frozen=True, slots=True)
class Installed:
    """A plugin in the plugin folder."""

    path: Path
    name: str
    version: str
    sha256: str
    already: bool = False
    """Whether it was there before: the same bytes are never installed twice."""


def installed(folder: Path | None = None) -> list[Installed]:
    """The plugins in the folder, in order of file names, those that somebody copied there by hand among them."""
    folder = folder or paths.plugin_folder()
    return [
        Installed(report.path, report.name, version_of(report), sha256_of(report.path), already=True)
        for report in _reports(folder)
        if report.status is not Status.UNREADABLE
    ]


def uninstall(name: str | Path, folder: Path | None = None) -> Trashed:
    """Moves an installed plugin to the trash, from where ``restore`` brings it back.

    Args:
        name: the plugin's name, its file's name, or its path.

    Raises:
        InstallError: there is no such plugin, or several versions of it, or it could not be moved.
    """
    folder = folder or paths.plugin_folder()
    return move_to_trash(_find(name, folder))


def trashed(folder: Path | None = None) -> list[Trashed]:
    """What can be restored, in order of file names."""
    return list(trashed_in(folder or paths.plugin_folder()))


def version_of(report: Report) -> str:
    """What the plugin says; empty where it says none."""
    return report.manifest.version if report.manifest else ""


def _reports(folder: Path, prefix: str = "") -> Iterator[Report]:
    for path in sorted(folder.glob("*.so")):
        if path.name.startswith(prefix):
            yield examine(path, symbols=False)


def same_content(folder: Path, sha256: str, source: Path) -> Path | None:
    """The file in the folder that holds these bytes already: the source itself, or one named for them."""
    if source.parent.resolve() == folder.resolve():
        return source.absolute()
    named = folder.glob(f"*-{sha256[: HASH_DIGITS[0]]}*.so")
    return next((path for path in sorted(named) if holds(path, sha256)), None)


def holds(path: Path, sha256: str) -> bool:
    """Whether the file at this path has these bytes."""
    try:
        return sha256_of(path) == sha256
    except InstallError:
        return False


def other_versions(report: Report, target: Path) -> tuple[Path, ...]:
    """Plugins of the same name beside the target."""
    same_name = _reports(target.parent, prefix=file_word(report.name))
    return tuple(other.path for other in same_name if other.name == report.name and other.path != target)


def _find(name: str | Path, folder: Path) -> Path:
    if isinstance(name, Path) or os.sep in name:
        path = Path(name).absolute()
        if path.parent.resolve() != folder.resolve() or not os.path.lexists(path):
            raise InstallError(
                f"{path} is not in the plugin folder.", remedy=f"Plugdeck removes only what is in {folder}."
            )
        return path
    if os.path.lexists(folder / name) and name not in ("", ".", ".."):
        return folder / name
    found = [report.path for report in _reports(folder) if name in (report.name, report.path.stem)]
    if not found:
        raise InstallError(f"No plugin named {name} is installed.", remedy="plugdeck list shows what is installed.")
    if len(found) > 1:
        files = ", ".join(path.name for path in found)
        raise InstallError(f"Several versions of {name} are installed.", remedy=f"Name the file: {files}.")
    return found[0]
