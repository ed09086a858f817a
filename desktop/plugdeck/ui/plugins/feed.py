"""Keeps the list up to date: scans a folder in another process, and watches it.

News comes on other threads and is queued to the GUI thread with a token of what it belongs to, so nothing of a folder
or of a scan that was left reaches the list. Reports are handed on in portions small enough for the list to take
between two frames. The watch begins with the scan, not after it: a change in between is not lost, and what was read
after such a change is not overwritten by what the scan read before it. With a file, those that need it are read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from plugdeck.ui.background import Background

if TYPE_CHECKING:
    from plugdeck.catalogue.report import Report
    from plugdeck.catalogue.scan import Scan, ScanSummary
    from plugdeck.compat.host_choice import HostChoice

PORTION = 250
"""Reports handed on at once."""
PORTION_MS = 40
MOST_EXAMINED_HERE = 20
"""More changed files than this are left to a scan of the whole folder."""

Teller = Callable[[Callable[[], None]], None]
"""Has something done on the GUI thread; may be called on any."""


class PluginFeed(QObject):
    """The reports on one folder's files, as they are found and as they change."""

    reports_arrived = Signal(object)
    """A list of Report, new or replacing older ones."""
    files_gone = Signal(object)
    """A set of Path."""
    progress = Signal(int, int)
    """How many files are done, and how many there are."""
    finished = Signal(object)
    """The ScanSummary; every report was handed on before."""

    _came = Signal(object, object)

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder: Path | None = None
        self.host: HostChoice | None = None
        """What the files are judged for from the next scan on; Plugdeck's own worker when None."""
        self._background = background
        self._folder_token = self._scan_token = object()
        self._scan: Scan | None = None
        self._summary: ScanSummary | None = None
        self._is_starting = self._is_held = False
        self._waiting: list[Report] = []
        self._known: dict[Path, Report] = {}
        self._seen: set[Path] = set()
        self._changed: set[Path] = set()
        self._told: set[Path] = set()
        self._end_watch: Callable[[], None] | None = None
        self._portions = QTimer(self, singleShot=True)
        self._portions.timeout.connect(self._hand_on)
        self._came.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @property
    def is_scanning(self) -> bool:
        """Whether a scan is on, or about to begin."""
        return self._is_starting or self._scan is not None

    def open(self, folder: Path) -> None:
        """Leaves the old folder and scans this one."""
        self.leave()
        self.folder = folder
        self._folder_token = object()
        self._is_starting = True
        if not self._is_held:
            self._start()

    def hold(self) -> None:
        """Keeps the next ``open`` waiting: a window that is being made is to be shown first."""
        self._is_held = True

    def release(self) -> None:
        """Begins what was held."""
        self._is_held = False
        if self._is_starting:
            self._start()

    def rescan(self) -> None:
        """Reads the folder again; files that are gone leave the list at the end."""
        if self.folder:
            self._end_scan()
            self._start()

    def cancel(self) -> None:
        """Stops the scan; what was found stays."""
        if self._scan:
            self._scan.cancel()

    def leave(self) -> None:
        """Ends scan and watch; nothing more of them arrives."""
        self._end_scan()
        self._folder_token = object()
        self._known = {}
        if self._end_watch:
            self._end_watch()
            self._end_watch = None
        self.folder = None

    # --- the scan

    def _end_scan(self) -> None:
        self.cancel()
        self._scan_token = object()
        self._scan = self._summary = None
        self._is_starting = False
        self._waiting.clear()
        self._portions.stop()

    def _start(self) -> None:
        from plugdeck.catalogue.scan import Scan
        from plugdeck.compat.host_choice import WORKER

        assert self.folder
        self._is_starting = False
        self._seen, self._changed, self._told = set(), set(), set()
        self._scan_token = object()
        tell = self._teller(self._scan_token)
        self._scan = Scan(
            [self.folder],
            on_reports=lambda reports: tell(lambda: self._take_reports(reports)),
            on_progress=lambda done, total: tell(lambda: self.progress.emit(done, total)),
            on_finished=lambda summary: tell(lambda: self._take_summary(summary)),
            host=self.host or WORKER,
        )
        self._scan.start()
        self._watch(self.folder)

    def _teller(self, token: object) -> Teller:
        def tell(act: Callable[[], None]) -> None:
            with suppress(RuntimeError):  # the window, and this object with it, may be gone
                self._came.emit(token, act)

        return tell

    def _take(self, token: object, act: Callable[[], None]) -> None:
        if token is self._scan_token or token is self._folder_token:
            act()

    def _take_reports(self, reports: Iterable[Report]) -> None:
        self._waiting.extend(reports)
        if not self._portions.isActive():
            self._portions.start(PORTION_MS if self._seen else 0)

    def _take_summary(self, summary: ScanSummary) -> None:
        self._summary = summary
        if not self._portions.isActive():
            self._portions.start(0)

    def _hand_on(self) -> None:
        portion, self._waiting = self._waiting[:PORTION], self._waiting[PORTION:]
        self._seen.update(report.path for report in portion)
        self._arrive([report for report in portion if report.path not in self._changed])
        if self._waiting:
            self._portions.start(PORTION_MS)
        elif self._summary:
            self._finish(self._summary)

    def _finish(self, summary: ScanSummary) -> None:
        self._scan = self._summary = None
        if not summary.cancelled:
            self._depart(self._known.keys() - self._seen - self._changed)
        self.finished.emit(summary)
        self._examine(self._affected(self._told) - self._told)  # the scan may have judged them before the change

    def _arrive(self, reports: list[Report]) -> None:
        self._known.update((report.path, report) for report in reports)
        if reports:
            self.reports_arrived.emit(reports)

    def _depart(self, gone: set[Path]) -> None:
        for path in gone:
            self._known.pop(path, None)
        if gone:
            self.files_gone.emit(gone)

    # --- the watch

    def _watch(self, folder: Path) -> None:
        token = self._folder_token
        tell = self._teller(token)

        def begin() -> Callable[[], None]:
            # Here, since importing the watcher takes longer than showing the window.
            from plugdeck.catalogue.watch import watch_folder

            return watch_folder(folder, lambda changed: tell(lambda: self._take_changes(changed)))

        def keep(end: Callable[[], None]) -> None:
            if token is self._folder_token and not self._end_watch:
                self._end_watch = end
            else:
                end()

        if not self._end_watch:
            self._background.run(begin, keep)

    def _take_changes(self, changed: set[Path]) -> None:
        self._told |= changed
        self._examine(changed | self._affected(changed))

    def _affected(self, changed: set[Path]) -> set[Path]:
        from plugdeck.catalogue.affected import affected

        return affected(changed, self._known) if changed else changed

    def _examine(self, paths: set[Path]) -> None:
        """Examines files here when they are few, and reads the folder again when they are many."""
        if len(paths) > MOST_EXAMINED_HERE or self.folder in paths:
            self.rescan()
        elif paths:
            tell, host = self._teller(self._folder_token), self.host
            self._background.run(
                lambda: _examine_all(paths, host), lambda result: tell(lambda: self._take_examined(host, *result))
            )

    def _take_examined(self, host: HostChoice | None, reports: list[Report], gone: set[Path]) -> None:
        if host != self.host:
            return  # the scan that another host brought about reads them after the change, too
        self._changed |= gone | {report.path for report in reports}
        self._depart(gone)
        self._arrive(reports)


def _examine_all(paths: Iterable[Path], host: HostChoice | None) -> tuple[list[Report], set[Path]]:
    """Reports on the files that are there, and the paths of those that are not."""
    from plugdeck.catalogue.examine import examine
    from plugdeck.compat.host_choice import WORKER

    judge, reports, gone = (host or WORKER).host(), [], set()
    for path in sorted(paths):
        if path.is_symlink() or path.exists():
            reports.append(examine(path, judge, symbols=False))
        else:
            gone.add(path)
    return reports, gone
