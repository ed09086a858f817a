"""Controls that the mouse wheel changes only while they have the focus, so that scrolling past them is harmless."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QDoubleSpinBox, QSlider, QSpinBox, QWidget

if TYPE_CHECKING:
    _Control = QWidget
    _NumberControl = QAbstractSpinBox
else:  # what stands beside a Qt class can be none itself: Qt objects have one
    _Control = _NumberControl = object


class _Quiet(_Control):
    """Leaves the wheel to whatever scrolls, unless the control has the focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turns only with the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class _QuietNumber(_Quiet, _NumberControl):
    """A typed number counts when it is complete; steps count at once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setKeyboardTracking(False)

    @property
    def is_being_typed(self) -> bool:
        """Whether the user has typed something that does not count yet."""
        return self.hasFocus() and self.lineEdit().isModified()


class QuietSpinBox(_QuietNumber, QSpinBox):
    """A spin box for whole numbers."""


class QuietDoubleSpinBox(_QuietNumber, QDoubleSpinBox):
    """A spin box for real numbers."""


class QuietComboBox(_Quiet, QComboBox):
    """A list to choose from."""


class QuietSlider(_Quiet, QSlider):
    """A horizontal slider."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOrientation(Qt.Orientation.Horizontal)
