"""The canvas: original and result, side by side at a divider, at any zoom.

Nothing is converted while painting: both pictures are drawn at the size of the screen once, when they or the view
change, and a repaint only copies the parts on either side of the divider.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from plugdeck.ui.preview.decoration import (
    HANDLE_RADIUS,
    canvas_colour,
    paint_divider,
    paint_drop_hint,
    paint_focus,
    paint_label,
)
from plugdeck.ui.preview.layer import Layer
from plugdeck.ui.preview.screens import Screens
from plugdeck.ui.preview.viewport import Viewport


class PictureCanvas(QWidget):
    """Paints two pictures of the same thing, before and after. ``PictureView`` adds mouse and keyboard."""

    view_changed = Signal()
    """The zoom, the part shown, or the widget's size changed."""
    original_changed = Signal(bool)
    """Whether the original alone is shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.viewport = Viewport()
        self.before, self.after = Layer(self), Layer(self)
        for layer in (self.before, self.after):
            layer.changed.connect(self._picture_changed)
        self._screens = Screens(self.viewport)
        self._divider = 0.5
        self._comparing = True
        self._original = False
        self._has_result = True
        self._drop_hint = False
        self.handle_active = False
        """Whether the divider's handle is in the user's hand, or the keyboard's."""
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 96)

    def sizeHint(self) -> QSize:
        """Room for a picture."""
        return QSize(640, 420)

    def set_original(self, picture: QImage) -> None:
        """Shows another picture, whole, with no result yet."""
        self.viewport.set_source(picture.width(), picture.height())
        self.after.clear()
        self.before.clear()
        self.before.show(picture, self.viewport.painted_width)
        self.view_changed.emit()

    def set_result(self, picture: QImage) -> None:
        """Shows what the chain made of the picture, at whatever resolution; zoom, part and divider stay."""
        self.after.show(picture, self.viewport.painted_width)

    @property
    def divider(self) -> float:
        """Where the divider is, from 0 (left edge of the visible picture) to 1."""
        return self._divider

    def set_divider(self, position: float) -> None:
        """Moves the divider; only what lies between the old and the new place is painted."""
        before = self.divider_x
        self._divider = max(0.0, min(1.0, position))
        reach = HANDLE_RADIUS + 4
        left, right = sorted((before, self.divider_x))
        self.update(QRectF(left - reach, 0, right - left + 2 * reach, self.height()).toAlignedRect())
        if self._labels_fit_changes(before, self.divider_x):
            self.update()

    def set_comparing(self, comparing: bool) -> None:
        """Shows the divider, or the result alone."""
        self._comparing = comparing
        self.update()

    def set_has_result(self, has_result: bool) -> None:
        """Whether there is something to compare with; without it the original stands alone, without labels."""
        if has_result != self._has_result:
            self._has_result = has_result
            self.update()

    def set_drop_hint(self, hint: bool) -> None:
        """Says that what is being dragged over the picture would take its place."""
        self._drop_hint = hint
        self.update()

    @property
    def is_showing_original(self) -> bool:
        """Whether the original alone is shown."""
        return self._original

    def show_original(self, original: bool) -> None:
        """Shows the original alone, or what was shown before that."""
        if original != self._original:
            self._original = original
            self.original_changed.emit(original)
            self.update()

    def fit(self) -> None:
        """Shows the whole picture."""
        self.viewport.fit()
        self._view_moved()

    def zoom_to(self, zoom: float) -> None:
        """Zooms around the middle; 1 is 100 %."""
        self.viewport.zoom_to(zoom)
        self._view_moved()

    def zoom_step(self, direction: int) -> None:
        """Zooms in (1) or out (-1) to the next round figure."""
        self.viewport.step(direction)
        self._view_moved()

    def pan(self, by: QPointF) -> None:
        """Moves the picture by logical pixels."""
        self.viewport.pan(by.x(), by.y())
        self._view_moved()

    def zoom_at(self, position: QPointF, zoom: float) -> None:
        """Zooms; the picture's point at ``position`` stays there."""
        self.viewport.zoom_to(zoom, position.x(), position.y())
        self._view_moved()

    # --- painting

    @property
    def visible_area(self) -> QRectF:
        """The part of the widget that the picture covers."""
        area = self.viewport.visible
        return QRectF(area.left, area.top, area.width, area.height)

    @property
    def divider_x(self) -> float:
        """Where the divider is painted, on a whole device pixel."""
        area, ratio = self.visible_area, self.viewport.pixel_ratio
        return round((area.left() + self._divider * area.width()) * ratio) / ratio

    @property
    def has_divider(self) -> bool:
        """Whether there is a divider to take hold of."""
        return self._comparing and self._shows_result

    @property
    def _shows_result(self) -> bool:
        return self._has_result and not self._original and not self.after.is_empty and not self.before.is_empty

    def paintEvent(self, event: QPaintEvent) -> None:
        """Copies the screen pictures, then the divider and the labels over them."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), canvas_colour(self.palette()))
        if not self.before.is_empty:
            self._paint_pictures(painter)
        if self._drop_hint:
            paint_drop_hint(painter, QRectF(self.rect()), "Drop to use this picture", self.palette(), self.font())
        if self.hasFocus():
            paint_focus(painter, QRectF(self.rect()), self.palette().color(QPalette.ColorRole.Highlight))

    def _paint_pictures(self, painter: QPainter) -> None:
        area, font = self.visible_area, self.font()
        if not self.has_divider:
            self._paint_part(painter, self.after if self._shows_result else self.before, area)
            if self._has_result and not self.after.is_empty:
                text = "After" if self._shows_result else "Before"
                paint_label(painter, text, area, at_right=self._shows_result, font=font)
            return
        x = self.divider_x
        left = QRectF(area.left(), area.top(), x - area.left(), area.height())
        right = QRectF(x, area.top(), area.right() - x, area.height())
        self._paint_part(painter, self.before, left)
        self._paint_part(painter, self.after, right)
        paint_label(painter, "Before", left, at_right=False, font=font)
        paint_label(painter, "After", right, at_right=True, font=font)
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        paint_divider(painter, x, area, accent, self.hasFocus() or self.handle_active)

    def _paint_part(self, painter: QPainter, layer: Layer, part: QRectF) -> None:
        ratio, area = self.viewport.pixel_ratio, self.visible_area
        source = QRectF(
            (part.left() - area.left()) * ratio,
            (part.top() - area.top()) * ratio,
            part.width() * ratio,
            part.height() * ratio,
        )
        painter.drawPixmap(part, self._screens.of(layer, self.palette()), source)

    # --- changes

    def _picture_changed(self) -> None:
        self._screens.clear()
        self.update()

    def _view_moved(self) -> None:
        self._screens.clear()
        for layer in (self.before, self.after):
            layer.want(self.viewport.painted_width)
        self.update()
        self.view_changed.emit()

    def _labels_fit_changes(self, before: float, after: float) -> bool:
        """Whether a label's place changed: near the edges they vanish."""
        area, reach = self.visible_area, 120.0
        return min(before, after) - area.left() < reach or area.right() - max(before, after) < reach

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps the point in the middle, or the whole picture in sight."""
        self.viewport.set_view(self.width(), self.height(), self.devicePixelRatioF())
        self._view_moved()

    def event(self, event: QEvent) -> bool:
        """Another screen may have other pixels."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.viewport.set_view(self.width(), self.height(), self.devicePixelRatioF())
            self._view_moved()
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        """Another palette has another checkerboard."""
        if event.type() == QEvent.Type.PaletteChange:
            self._picture_changed()
        super().changeEvent(event)
