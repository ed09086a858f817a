"""Builds the sample plugins when they are not there yet, in a process of its own, with its words as progress."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, QProcess, Signal

from plugdeck import paths
from plugdeck.ui.visible_text import visible_text

_LAST_WORDS = 600


class SampleBuilder(QObject):
    """Runs ``plugins/build.py``; one build at a time."""

    told = Signal(str)
    """What it is doing: its latest line."""
    built = Signal()
    failed = Signal(str)
    """A sentence with the end of what it said; not sent when the user cancelled."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._words = ""
        self._cancelled = False

    @staticmethod
    def are_built() -> bool:
        """Whether the sample folder has plugins in it."""
        folder = paths.sample_folder()
        return folder.is_dir() and any(folder.glob("*.so"))

    def start(self) -> None:
        """Begins to build; does nothing while a build is on."""
        if self._process:
            return
        self._words, self._cancelled = "", False
        process = self._process = QProcess(self)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._end)
        process.errorOccurred.connect(self._tell_error)
        process.start(sys.executable, [str(paths.shipped("plugins", "build.py"))])

    def cancel(self) -> None:
        """Ends the build."""
        if self._process:
            self._cancelled = True
            self._process.kill()

    def _read(self) -> None:
        if not self._process:
            return
        text = bytes(self._process.readAllStandardOutput().data()).decode("utf-8", "replace")
        self._words = (self._words + text)[-_LAST_WORDS:]
        lines = [line for line in self._words.splitlines() if line.strip()]
        if lines:
            self.told.emit(visible_text(lines[-1].strip()))

    def _end(self, exit_code: int, status: QProcess.ExitStatus) -> None:
        self._drop()
        if self._cancelled:
            return
        if status == QProcess.ExitStatus.NormalExit and exit_code == 0 and self.are_built():
            self.built.emit()
            return
        said = visible_text(self._words.strip(), keep_lines=True)
        self.failed.emit(f"The sample plugins could not be built. {said}".strip())

    def _tell_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._drop()
            self.failed.emit("The sample plugins could not be built: Python could not be started again.")

    def _drop(self) -> None:
        if self._process:
            self._read()
            self._process.deleteLater()
            self._process = None
