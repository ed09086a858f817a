"""A SHA-256 as people can compare it, with a button that copies all of it."""

from __future__ import annotations

from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.theme import SPACING

_GROUP = 4
_SHOWN = 4


def short_hash(sha256: str) -> str:
    """``0e1f 88a2 … 91cd``: the first groups and the last one."""
    groups = [sha256[at : at + _GROUP] for at in range(0, len(sha256), _GROUP)]
    return f"{' '.join(groups[:_SHOWN])} … {groups[-1]}" if len(groups) > _SHOWN else " ".join(groups)


class Fingerprint(QWidget):
    """The short form in sight; the whole of it in the tool tip and in the clipboard."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sha256 = ""
        self.words = plain_label("", self, wraps=False)
        self.words.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.copy = QToolButton(self)
        self.copy.setText("Copy")
        self.copy.setAutoRaise(True)
        self.copy.setAccessibleName("Copy the whole SHA-256")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.sha256))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING)
        self.copy.setFixedHeight(self.words.sizeHint().height())  # a line of text, as the others are
        row.addWidget(self.words)
        row.addWidget(self.copy)
        row.addStretch(1)

    def show_hash(self, sha256: str) -> None:
        """Shows another one."""
        self.sha256 = sha256
        self.words.setText(short_hash(sha256))
        self.words.setAccessibleName(f"SHA-256 {sha256}")
        self.words.setToolTip(f"SHA-256\n{sha256}")
