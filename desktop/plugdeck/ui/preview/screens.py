"""What is on the screen of each layer, ready to be copied there."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize
from PySide6.QtGui import QImage, QPainter, QPalette, QPixmap

from plugdeck.ui.preview.decoration import checkerboard
from plugdeck.ui.preview.layer import Layer
from plugdeck.ui.preview.viewport import Viewport

_NEAREST_FROM = 2.0


class Screens:
    """The visible part of each layer in device pixels, over the checkerboard; made once for each change."""

    def __init__(self, viewport: Viewport) -> None:
        self._viewport = viewport
        self._made: dict[Layer, QPixmap] = {}

    @property
    def count(self) -> int:
        """How many are made."""
        return len(self._made)

    def clear(self) -> None:
        """Forgets all, since a picture or the view changed."""
        self._made.clear()

    def of(self, layer: Layer, palette: QPalette) -> QPixmap:
        """The layer's, painted now if need be."""
        if layer not in self._made:
            self._made[layer] = self._paint(layer, palette)
        return self._made[layer]

    def _paint(self, layer: Layer, palette: QPalette) -> QPixmap:
        area, picture, ratio = self._viewport.visible, self._viewport.picture, self._viewport.pixel_ratio
        screen = QPixmap(QSize(max(1, round(area.width * ratio)), max(1, round(area.height * ratio))))
        image = layer.best(self._viewport.painted_width)
        painter = QPainter(screen)
        painter.fillRect(screen.rect(), checkerboard(palette))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._is_smooth(image))
        left, top = (picture.left - area.left) * ratio, (picture.top - area.top) * ratio
        target = QRectF(left, top, picture.width * ratio, picture.height * ratio)
        _draw_visible(painter, image, target, QRectF(screen.rect()))
        painter.end()
        return screen

    def _is_smooth(self, image: QImage) -> bool:
        """Pixels of the picture itself are shown as squares when enlarged; those of a reduced preview are not."""
        is_exact = image.width() == self._viewport.source_width
        return not (is_exact and self._viewport.zoom > _NEAREST_FROM)


def _draw_visible(painter: QPainter, image: QImage, target: QRectF, screen: QRectF) -> None:
    """Draws the part of ``image``, stretched to ``target``, that lies on the screen."""
    across, down = image.width() / target.width(), image.height() / target.height()
    shown = target.intersected(screen)
    wanted = QRectF(
        (shown.left() - target.left()) * across,
        (shown.top() - target.top()) * down,
        shown.width() * across,
        shown.height() * down,
    )
    part = wanted.toAlignedRect().adjusted(-1, -1, 1, 1).intersected(QRect(0, 0, image.width(), image.height()))
    place = QRectF(
        target.left() + part.left() / across,
        target.top() + part.top() / down,
        part.width() / across,
        part.height() / down,
    )
    painter.drawImage(place, image, QRectF(part))
