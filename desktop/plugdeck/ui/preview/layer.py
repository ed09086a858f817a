"""One picture of the view (the original, or the result) with the smaller copies that make painting it fast."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from plugdeck.ui.preview.latest import Latest
from plugdeck.ui.preview.scaling import halved_copies


class Layer(QObject):
    """Holds a picture and, once they were needed, its halved copies, which are made off the GUI thread."""

    changed = Signal()
    """There is another or a better picture to paint."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._levels: tuple[QImage, ...] = ()
        self._has_copies = False
        self._latest = Latest(self)
        self._latest.succeeded.connect(self._take)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to paint."""
        return not self._levels

    def clear(self) -> None:
        """Forgets the picture."""
        self._latest.forget()
        self._levels, self._has_copies = (), False
        self.changed.emit()

    def show(self, picture: QImage, painted_width: float) -> None:
        """Takes another picture, to be painted ``painted_width`` device pixels wide.

        One that needs a smaller copy first is taken when that is there; until then the old one stays, so that
        nothing flickers.
        """
        if self._levels and _is_too_large(picture, painted_width):
            self._make_copies(picture)
            return
        self._latest.forget()
        self._levels, self._has_copies = (picture,), False
        self.changed.emit()
        self.want(painted_width)

    def want(self, painted_width: float) -> None:
        """Makes the smaller copies if painting at this width is better with them."""
        if self._levels and not self._has_copies and _is_too_large(self._levels[0], painted_width):
            self._has_copies = True  # asked for, once
            self._make_copies(self._levels[0])

    def best(self, painted_width: float) -> QImage:
        """The smallest copy that is at least as wide as it is painted."""
        fitting = [level for level in self._levels if level.width() >= painted_width]
        return fitting[-1] if fitting else self._levels[0]

    def _make_copies(self, picture: QImage) -> None:
        self._latest.start(lambda: (picture, *halved_copies(picture)))

    def _take(self, levels: object) -> None:
        if isinstance(levels, tuple):
            self._levels, self._has_copies = levels, True
            self.changed.emit()


def _is_too_large(picture: QImage, painted_width: float) -> bool:
    return picture.width() >= 2 * painted_width and max(picture.width(), picture.height()) > 1024
