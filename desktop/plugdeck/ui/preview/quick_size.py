"""How large the quick picture is of use: as large as the view shows it, told when resizing and zooming come to rest."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from plugdeck.chain.preview import Preview
from plugdeck.ui.preview.view import PictureView

_REST_MS = 150
# The quick picture stays quick: at high zoom it is no larger than this, and the full one follows.
_MOST_PIXELS = 4_000_000


class QuickSize(QObject):
    """Tells the preview."""

    def __init__(self, preview: Preview, view: PictureView) -> None:
        super().__init__(view)
        self._preview = preview
        self._view = view
        self._timer = QTimer(self, interval=_REST_MS, singleShot=True)
        self._timer.timeout.connect(self.tell)

    def tell_soon(self) -> None:
        """The view is being resized or zoomed."""
        self._timer.start()

    def tell(self) -> None:
        """Tells how many pixels are of use now."""
        width, height = self._view.viewport.rendered_limit()
        shrink = min(1.0, (_MOST_PIXELS / (width * height)) ** 0.5)
        self._preview.set_view_limit(max(1, round(width * shrink)), max(1, round(height * shrink)))
