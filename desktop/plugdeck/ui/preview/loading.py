"""Decodes pictures off the GUI thread: from files, from bytes, and from what the clipboard or a drag carries."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from plugdeck.errors import PictureError
from plugdeck.image import Image
from plugdeck.ui.pictures import from_qimage, read_picture, read_picture_bytes
from plugdeck.ui.preview.latest import Latest


class PictureLoader(QObject):
    """Reads pictures without holding up the window; the latest request wins."""

    loaded = Signal(object, str)
    """The Image, and the name it goes by."""
    failed = Signal(str, str)
    """A sentence, and what to do about it."""
    busy_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path: Path | None = None
        """The file of the picture that was told last; None when it came from elsewhere."""
        self._latest = Latest(self)
        self._latest.succeeded.connect(self._tell)
        self._latest.failed.connect(self.failed)
        self._latest.busy_changed.connect(self.busy_changed)

    def load(self, path: Path) -> None:
        """Reads a file."""
        self._latest.start(lambda: (read_picture(path), path.name, path))

    def take_encoded(self, content: bytes, name: str) -> None:
        """Takes what would be in a picture file."""
        self._latest.start(lambda: (read_picture_bytes(content, name), name, None))

    def take(self, picture: QImage, name: str) -> None:
        """Takes a picture that Qt has decoded already."""
        self._latest.start(lambda: (from_qimage(picture), name, None))

    def _tell(self, result: object) -> None:
        image, name, path = result if isinstance(result, tuple) else (None, "", None)
        if not isinstance(image, Image):
            raise PictureError("The picture was lost on its way.")
        self.path = path
        self.loaded.emit(image, name)
