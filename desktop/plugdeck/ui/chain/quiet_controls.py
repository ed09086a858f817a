"""Controls that the mouse wheel changes only while they have the focus, so that scrolling past them is harmless."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QSlider, QSpinBox, QWidget


def _is_passing(control: QWidget, event: QWheelEvent) -> bool:
    """Leaves the wheel to whatever scrolls, unless the control has the focus."""
    if control.hasFocus():
        return False
    event.ignore()
    return True


class QuietSpinBox(QSpinBox):
    """A spin box for whole numbers. A typed number counts when it is complete; steps count at once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setKeyboardTracking(False)

    @property
    def is_being_typed(self) -> bool:
        """Whether the user has typed something that does not count yet."""
        return self.hasFocus() and self.lineEdit().isModified()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turns only with the focus."""
        if not _is_passing(self, event):
            super().wheelEvent(event)


class QuietDoubleSpinBox(QDoubleSpinBox):
    """A spin box for real numbers. A typed number counts when it is complete; steps count at once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setKeyboardTracking(False)

    @property
    def is_being_typed(self) -> bool:
        """Whether the user has typed something that does not count yet."""
        return self.hasFocus() and self.lineEdit().isModified()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turns only with the focus."""
        if not _is_passing(self, event):
            super().wheelEvent(event)


class QuietComboBox(QComboBox):
    """A list to choose from."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turns only with the focus."""
        if not _is_passing(self, event):
            super().wheelEvent(event)


class QuietSlider(QSlider):
    """A horizontal slider."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turns only with the focus."""
        if not _is_passing(self, event):
            super().wheelEvent(event)
