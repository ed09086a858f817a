"""The slider of a parameter."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QStyle, QStyleOptionSlider

from plugdeck.ui.chain.quiet_controls import QuietSlider


class JumpingSlider(QuietSlider):
    """A slider that goes where it is clicked, and to its default on a double click."""

    reset_wanted = Signal()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Brings the handle under the pointer, then takes hold of it."""
        if event.button() is Qt.MouseButton.LeftButton and not self._is_on_handle(event):
            self.setSliderDown(True)
            self.setValue(self._value_at(event.position().x()))
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Back to the default."""
        self.setSliderDown(False)
        self.reset_wanted.emit()

    def _is_on_handle(self, event: QMouseEvent) -> bool:
        return self._handle().contains(event.position().toPoint())

    def _handle(self) -> QRect:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        part = QStyle.SubControl.SC_SliderHandle
        return self.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, self)

    def _value_at(self, x: float) -> int:
        handle = self._handle().width()
        span = max(1, self.width() - handle)
        return QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), round(x - handle / 2), span, False)
