"""Exports the result at full size: runs the chain and writes the file off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from PySide6.QtCore import QCoreApplication, QObject, Signal

from plugdeck.image import Image
from plugdeck.ui.pictures import write_picture
from plugdeck.ui.preview.latest import Latest

RunChain = Callable[[Image, Callable[[], bool]], tuple[Image, tuple[str, ...]]]
"""Gives the picture at full size, and a phrase for each step that is missing; asks now and then whether to end."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A picture that was written."""

    path: Path
    width: int
    height: int
    missing: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What was written where, and what is missing in it."""
        without = f", without {', '.join(self.missing)}" if self.missing else ""
        return f"Saved {self.path.name} ({self.width} × {self.height}{without}) in {self.path.parent}."


class Exporter(QObject):
    """One export at a time; it can be cancelled until the file is in place."""

    exported = Signal(object)
    """An ``Exported``."""
    failed = Signal(str, str)
    """A sentence and a remedy."""
    busy_changed = Signal(bool)

    def __init__(self, run: RunChain, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run = run
        self._cancel = Event()
        self._latest = Latest(self)
        self._latest.succeeded.connect(self.exported)
        self._latest.failed.connect(self.failed)
        self._latest.busy_changed.connect(self.busy_changed)
        application = QCoreApplication.instance()
        if application:
            application.aboutToQuit.connect(self.cancel)

    @property
    def is_busy(self) -> bool:
        """Whether an export is under way."""
        return self._latest.is_busy

    def start(self, image: Image, path: Path) -> None:
        """Runs the chain over ``image`` and writes the result to ``path``."""
        self.cancel()
        cancel = self._cancel = Event()
        self._latest.start(lambda: self._export(image, path, cancel))

    def cancel(self) -> None:
        """Ends the export that is under way; what was at its path stays."""
        self._cancel.set()
        self._latest.forget()

    def _export(self, image: Image, path: Path, cancel: Event) -> Exported | None:
        result, missing = self._run(image, cancel.is_set)
        if cancel.is_set():
            return None
        write_picture(result, path)
        return Exported(path, result.layout.width, result.layout.height, missing)
