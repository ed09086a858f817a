"""Two small windows of help: every key, and what this program is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QFont, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QFrame,
    QLabel,
    QMainWindow,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from plugdeck import __version__
from plugdeck.ui.close_box import close_box
from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.theme import SPACING

_OTHER_KEYS = (
    ("In the list", "Enter", "Loads the selected plugin"),
    ("In the chain", "Alt+Up, Alt+Down", "Moves the chosen transform"),
    ("In the chain", "Space", "Switches the chosen transform on or off"),
    ("Over the picture", "Space, held", "Shows the original"),
)


class _HelpDialog(QDialog):
    """A window that is closed and gone."""

    def __init__(self, title: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(2 * SPACING, 2 * SPACING, 2 * SPACING, 2 * SPACING)
        self.column.setSpacing(2 * SPACING)

    def add_close_button(self) -> None:
        """The last thing in the window."""
        buttons = close_box(self)
        self.column.addWidget(buttons)


class KeysDialog(_HelpDialog):
    """Every action of the window that has a key, read from the actions themselves."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__("Keys", window)
        content = QWidget(self)
        form = QFormLayout(content)
        form.setHorizontalSpacing(3 * SPACING)
        form.setVerticalSpacing(SPACING // 2)
        for words, keys in key_lines(window):
            form.addRow(_strong(keys), plain_label(words, content))
        scroll = QScrollArea(self)
        scroll.setWidget(content)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.column.addWidget(scroll)
        self.add_close_button()
        self.resize(max(460, form.sizeHint().width() + 6 * SPACING), 560)


class AboutDialog(_HelpDialog):
    """Name, version, licence."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("About Plugdeck", parent)
        self.column.addWidget(_strong(f"Plugdeck {__version__}"))
        text = "See what is inside a native plugin, know whether it will load, and try it safely.\n\nMIT licence."
        self.column.addWidget(plain_label(text, self))
        self.add_close_button()
        self.resize(420, 180)


def key_lines(window: QMainWindow) -> list[tuple[str, str]]:
    """What can be done, and by which keys."""
    actions = [action for action in window.findChildren(QAction) if not action.shortcut().isEmpty()]
    lines = {_plain(action.text()): _keys(action) for action in actions}
    return [*lines.items(), *((f"{where}: {words}", keys) for where, keys, words in _OTHER_KEYS)]


def _keys(action: QAction) -> str:
    native = QKeySequence.SequenceFormat.NativeText
    return ", ".join(key.toString(native) for key in action.shortcuts())


def _plain(text: str) -> str:
    return text.replace("&", "").rstrip("…")


def _strong(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    font = QFont(label.font())
    font.setWeight(QFont.Weight.DemiBold)
    label.setFont(font)
    return label
