"""The picture view: the canvas in the user's hands. The keyboard does all that the mouse does."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from plugdeck.ui.preview.canvas import PictureCanvas
from plugdeck.ui.preview.decoration import HANDLE_RADIUS

_WHEEL_FACTOR = 1.25
_GRIP = 9.0
_PAN_STEP = 40.0


class PictureView(PictureCanvas):
    """Zooms, pans, and moves the divider; see ``HELP``."""

    HELP = (
        "Wheel: zoom at the pointer. Drag: move the picture; the handle moves the divider.\n"
        "Left, Right: divider (Shift: faster). Space, held: the original. + and -: zoom. Ctrl+arrows: move."
    )

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grabbed: str | None = None
        self._last = QPointF()
        self._peeking = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Picture, before and after")
        self.setAccessibleDescription(self.HELP)

    def event(self, event: QEvent) -> bool:
        """Pinching zooms."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() is Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_at(event.position(), self.viewport.zoom * (1 + event.value()))
            return True
        return super().event(event)

    # --- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Takes hold of the divider, or of the picture."""
        if event.button() not in {Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton}:
            return
        on_divider = event.button() is Qt.MouseButton.LeftButton and self._is_on_divider(event.position())
        self._grabbed = "divider" if on_divider else "picture"
        self.handle_active = on_divider
        self._last = event.position()
        self._show_cursor(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Moves what is held."""
        position = event.position()
        if self._grabbed == "divider":
            area = self.visible_area
            self.set_divider((position.x() - area.left()) / max(1.0, area.width()))
        elif self._grabbed == "picture":
            self.pan(position - self._last)
        self._last = position
        self._show_cursor(position)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Lets go."""
        self._grabbed, self.handle_active = None, False
        self._show_cursor(event.position())
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Changes between the whole picture and 100 % at the pointer."""
        if self._is_on_divider(event.position()):
            self.set_divider(0.5)
        elif self.viewport.is_fitted:
            self.zoom_at(event.position(), 1.0)
        else:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms at the pointer; with Shift or Alt moves the picture sideways or up and down."""
        delta = event.angleDelta()
        turned = (delta.y() or delta.x()) / 120
        modifiers = event.modifiers()
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            self.pan(QPointF(turned * _PAN_STEP, 0))
        elif modifiers & Qt.KeyboardModifier.AltModifier:
            self.pan(QPointF(0, turned * _PAN_STEP))
        else:
            self.zoom_at(event.position(), self.viewport.zoom * _WHEEL_FACTOR**turned)
        event.accept()

    def _is_on_divider(self, position: QPointF) -> bool:
        near = abs(position.x() - self.divider_x)
        handle = QPointF(self.divider_x, self.visible_area.center().y()) - position
        return self.has_divider and (near <= _GRIP or handle.manhattanLength() <= 1.4 * HANDLE_RADIUS)

    def _show_cursor(self, position: QPointF) -> None:
        if self._grabbed == "divider" or (not self._grabbed and self._is_on_divider(position)):
            self.setCursor(Qt.CursorShape.SplitHCursor)
        elif self._grabbed:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        else:
            self.setCursor(Qt.CursorShape.OpenHandCursor)

    # --- keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Divider, original, zoom and pan; other keys go on to the window."""
        key, modifiers = event.key(), event.modifiers()
        fast = 5 if modifiers & Qt.KeyboardModifier.ShiftModifier else 1
        moves = {Qt.Key.Key_Left: (1, 0), Qt.Key.Key_Right: (-1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
        if modifiers & Qt.KeyboardModifier.ControlModifier and key in moves:
            x, y = moves[Qt.Key(key)]
            self.pan(QPointF(x * _PAN_STEP * fast, y * _PAN_STEP * fast))
        elif key == Qt.Key.Key_Space:
            self._peeking = True
            self.show_original(True)
        elif key in {Qt.Key.Key_Left, Qt.Key.Key_Right}:
            self.set_divider(self._divider + (-0.02 if key == Qt.Key.Key_Left else 0.02) * fast)
        elif key in {Qt.Key.Key_Home, Qt.Key.Key_End}:
            self.set_divider(float(key == Qt.Key.Key_End))
        elif key in {Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus}:
            self.zoom_step(-1 if key == Qt.Key.Key_Minus else 1)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Letting Space go brings the result back."""
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._end_peek()
        else:
            super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Paints the focus frame."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A key held while the focus leaves is never seen going up."""
        self._end_peek()
        self.update()

    def _end_peek(self) -> None:
        if self._peeking:
            self._peeking = False
            self.show_original(False)
