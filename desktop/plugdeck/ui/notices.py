"""Messages over the bottom of the picture: a sentence, what to do, and at most one button. Never modal.

They lie on what is there and are in no layout, so that nothing moves under the mouse when one comes or goes. They lie
on the picture since it is the one part of the window where they cover nothing that can be pressed.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QToolButton, QVBoxLayout, QWidget

from plugdeck.compat.finding import Severity
from plugdeck.errors import PlugdeckError
from plugdeck.ui.marks import SEVERITY_MARKS, SIZE, icon_of
from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.theme import SPACING
from plugdeck.ui.visible_text import visible_text

MOST_SHOWN = 3
PASSING_MS = 8000
_WIDEST, _NARROWEST = 760, 360
_MARGIN, _BELOW = 12, 4


class Notice(QFrame):
    """One message; it goes when it is dismissed, or when its button was pressed."""

    def __init__(
        self, text: str, severity: Severity, action: tuple[str, Callable[[], None]] | None, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.ToolTipBase)
        self.setForegroundRole(QPalette.ColorRole.ToolTipText)
        self.text = text
        self.action: QPushButton | None = None
        mark = QLabel(self)
        mark.setPixmap(icon_of(SEVERITY_MARKS[severity], self.palette()).pixmap(SIZE, SIZE))
        mark.setAccessibleName(str(severity))
        self.label = plain_label(text, self)
        layout = self._row = QHBoxLayout(self)
        layout.setContentsMargins(SPACING + 4, SPACING // 2, SPACING, SPACING // 2)
        layout.setSpacing(SPACING)
        layout.addWidget(mark)
        layout.addWidget(self.label, 1)
        if action:
            self._add_action(*action)
        close = QToolButton(self)
        close.setText("✕")
        close.setAutoRaise(True)
        close.setAccessibleName("Dismiss this message")
        close.setToolTip("Dismiss")
        close.clicked.connect(self.dismiss)
        layout.addWidget(close)

    def dismiss(self) -> None:
        """Takes the message away."""
        self.hide()
        self.setParent(None)
        self.deleteLater()

    def show_busy(self) -> None:
        """Shows a moving bar: nobody knows how long it takes."""
        bar = QProgressBar(self)
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setFixedSize(120, 6)
        bar.setAccessibleName("In progress")
        self._row.insertWidget(2, bar)

    def _add_action(self, words: str, act: Callable[[], None]) -> None:
        button = QPushButton(words, self)
        button.clicked.connect(act)
        button.clicked.connect(self.dismiss)
        self.action = button
        self._row.addWidget(button)


class Notices(QWidget):
    """The messages that are shown now, in the window ``parent`` over the bottom of ``over``, as far as that is wide
    enough; the oldest gives way to too many."""

    def __init__(self, parent: QWidget, over: QWidget) -> None:
        super().__init__(parent)
        self._parent, self._over = parent, over
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(SPACING // 2)
        self.setAccessibleName("Messages")
        for watched in (parent, over):
            watched.installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stays at the bottom."""
        if event.type() in {QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.LayoutRequest}:
            self._place()
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        """Fits when a message comes or goes."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._place()
        return super().event(event)

    @property
    def shown(self) -> list[Notice]:
        """The messages, oldest first."""
        return self.findChildren(Notice, options=Qt.FindChildOption.FindDirectChildrenOnly)

    def tell(
        self,
        text: str,
        *,
        severity: Severity = Severity.INFO,
        action: tuple[str, Callable[[], None]] | None = None,
        passing: bool = False,
        busy: bool = False,
    ) -> Notice:
        """Shows a sentence; ``passing`` ones leave by themselves. The same sentence is shown once.

        Args:
            text: one or more lines, plain.
            severity: decides the shape beside it.
            action: words and function of a button.
            passing: whether it leaves by itself after a while; one with a button never does.
            busy: shows that something is going on, until the notice is dismissed.
        """
        text = visible_text(text, keep_lines=True)
        for known in self.shown:
            if known.text == text:
                known.dismiss()
        self._make_room()
        notice = Notice(text, severity, action, self)
        if busy:
            notice.show_busy()
        self._layout.addWidget(notice)
        notice.destroyed.connect(self._hide_if_empty)
        notice.show()
        self.show()
        self._place()
        self.raise_()
        if passing and not action:
            QTimer.singleShot(PASSING_MS, notice, notice.dismiss)
        QAccessible.updateAccessibility(QAccessibleEvent(notice.label, QAccessible.Event.Alert))
        return notice

    def tell_error(self, error: PlugdeckError) -> Notice:
        """Shows what went wrong and what to do about it."""
        return self.tell(f"{error} {error.remedy}".strip(), severity=Severity.ERROR)

    def _make_room(self) -> None:
        """The oldest give way, those with a button last: somebody may still want to press it."""
        too_many = len(self.shown) - MOST_SHOWN + 1
        for oldest in sorted(self.shown, key=lambda notice: notice.action is not None)[: max(too_many, 0)]:
            oldest.dismiss()

    def _place(self) -> None:
        """At the bottom, in the middle. One that leaves takes nothing with it but itself."""
        if not self.shown:
            return
        area, room = QRect(self._over.mapTo(self._parent, QPoint()), self._over.size()), self._parent.width()
        width = min(_WIDEST, max(area.width() - 2 * _MARGIN, _NARROWEST), max(room - 2 * _MARGIN, 100))
        height = self._layout.totalHeightForWidth(width)
        height = height if height > 0 else self._layout.sizeHint().height()
        left = min(area.center().x() - width // 2, room - width - _MARGIN)
        self.setGeometry(max(left, _MARGIN), max(area.bottom() - height - _BELOW, 0), width, height)

    def _hide_if_empty(self) -> None:
        if self.shown:
            self._place()
        else:
            self.hide()
