"""Watches the files of loaded plugins wherever they lie: the list watches no folder but its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.report import Report
from plugdeck.chain.chain import Chain
from plugdeck.ui.background import Background

EndWatch = Callable[[], None]


class LoadedFiles(QObject):
    """Tells of files that changed or went under loaded plugins. Nothing here runs them."""

    changed = Signal(object)
    """A list of Report."""
    gone = Signal(object)
    """A set of Path."""

    _came = Signal(object, object)

    def __init__(self, chain: Chain, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._chain = chain
        self._background = background
        self._watches: dict[Path, EndWatch | None] = {}
        """By folder; None while the watch is being made."""
        self._came.connect(self._take_changes, Qt.ConnectionType.QueuedConnection)

    def follow(self, listed: Path | None) -> None:
        """Watches the folders of what is loaded now, but for the one that the list watches."""
        wanted = {step.path.parent for step in self._chain.steps()} - {listed}
        for folder in [folder for folder in self._watches if folder not in wanted]:
            if end := self._watches.pop(folder):
                end()
        for folder in wanted - self._watches.keys():
            self._begin(folder)

    def leave(self) -> None:
        """Ends every watch."""
        for end in self._watches.values():
            if end:
                end()
        self._watches.clear()

    def _begin(self, folder: Path) -> None:
        self._watches[folder] = None

        def tell(changed: set[Path]) -> None:
            with suppress(RuntimeError):  # the window, and this object with it, may be gone
                self._came.emit(folder, changed)

        def begin() -> EndWatch:
            from plugdeck.catalogue.watch import watch_folder  # takes longer to import than a window to show

            return watch_folder(folder, tell)

        self._background.run(begin, lambda end: self._keep(folder, end))

    def _keep(self, folder: Path, end: EndWatch) -> None:
        if folder not in self._watches or self._watches[folder]:
            end()
            return
        self._watches[folder] = end
        self._take_changes(folder, {folder})  # what changed before the watch began

    def _take_changes(self, folder: Path, changed: set[Path]) -> None:
        if folder not in self._watches:
            return
        loaded = {step.path for step in self._chain.steps() if step.path.parent == folder}
        if paths := loaded if folder in changed else loaded & changed:
            self._background.run(lambda: _look_at(paths), self._tell)

    def _tell(self, found: tuple[list[Report], set[Path]]) -> None:
        reports, gone = found
        if reports:
            self.changed.emit(reports)
        if gone:
            self.gone.emit(gone)


def _look_at(paths: Iterable[Path]) -> tuple[list[Report], set[Path]]:
    reports, gone = [], set()
    for path in sorted(paths):
        if path.exists():
            reports.append(examine(path, symbols=False))
        else:
            gone.add(path)
    return reports, gone
