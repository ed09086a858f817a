"""Files that are looked at from within the details, such as a needed library: how one gets there, and back."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from plugdeck.catalogue.report import Report
from plugdeck.compat.host_choice import HostChoice
from plugdeck.ui.background import Background
from plugdeck.ui.host.judging import HostJudging, examine_for
from plugdeck.ui.preview.latest import Latest
from plugdeck.ui.visible_text import visible_text


class Visits(QObject):
    """The trail from a plugin of the list to the file that is shown. Files are read off the GUI thread."""

    arrived = Signal(object)
    """The Report on the file to show."""
    failed = Signal(str)
    """Why it cannot be shown, in a sentence."""

    def __init__(self, judging: HostJudging, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._judging = judging
        self._trail: list[Report] = []
        self._request = Latest(self, background)
        self._request.succeeded.connect(self._arrive)
        self._request.failed.connect(lambda sentence, remedy: self.failed.emit(f"{sentence} {remedy}".strip()))

    @property
    def is_away(self) -> bool:
        """Whether another file is shown than the plugin that was chosen."""
        return bool(self._trail)

    @property
    def began_at(self) -> Path | None:
        """The plugin that was chosen, when another file is shown now."""
        return self._trail[0].path if self._trail else None

    @property
    def way_back(self) -> str:
        """What the way back leads to, for people; empty when there is none."""
        return visible_text(self._trail[-1].name) if self._trail else ""

    def go_to(self, path: Path, from_report: Report) -> None:
        """Has another file shown."""
        self._read(path, from_report)

    def look_again(self, path: Path) -> None:
        """Has the shown file judged anew, for the host that is chosen now."""
        self._read(path, None)

    def go_back(self) -> Report | None:
        """One step back; the report to show instead, as it was then."""
        self._request.forget()
        return self._trail.pop() if self._trail else None

    def end(self) -> None:
        """Another plugin was chosen: there is no way back from it."""
        self._request.forget()
        self._trail.clear()

    def _read(self, path: Path, from_report: Report | None) -> None:
        choice = self._judging.choice
        self._request.start(lambda: (examine_for(path, choice), choice, from_report))

    def _arrive(self, result: tuple[Report, HostChoice, Report | None]) -> None:
        report, choice, from_report = result
        if from_report:
            self._trail.append(from_report)
        self._judging.note([report], choice)
        self.arrived.emit(report)
