"""The window's outer form: the list of plugins, and the empty frames that ``MainWindow`` furnishes later.

It is all that has to exist before the window is shown; everything else is imported and made after that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPaintEvent
from PySide6.QtWidgets import QFrame, QMainWindow, QSplitter, QVBoxLayout, QWidget

from plugdeck.ui.background import Background
from plugdeck.ui.plugins.feed import PluginFeed
from plugdeck.ui.plugins.pane import PluginsPane
from plugdeck.ui.theme import SPACING

if TYPE_CHECKING:
    from plugdeck.ui.drop_hint import DropHint


class Shell(QMainWindow):
    """Splitters, frames, menu bar; takes drops and the closing of the window and passes them on."""

    files_dropped = Signal(object)
    """A list of local Path."""
    closing = Signal()
    painted = Signal()
    """The window is on the screen; once."""

    def __init__(self, background: Background) -> None:
        super().__init__()
        self.background = background
        self._was_painted = False
        self._drop_hint: DropHint | None = None
        self.plugins = PluginsPane(PluginFeed(background, self), self)
        self.chain_frame, self.picture_frame, self.details_frame = (_frame(self) for _ in range(3))
        self.splitters: dict[str, QSplitter] = {}
        self.messages = QVBoxLayout()
        """Above everything: notices, and proposals to install."""
        self.menus = {name: self.menuBar().addMenu(f"&{name}") for name in ("File", "Plugin", "View", "Help")}
        self.setWindowTitle("Plugdeck")
        self.setAcceptDrops(True)
        self._lay_out()

    def come_to_front(self) -> None:
        """Shows the window above others, as far as the desktop allows it."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Takes any local files; what they are is found out after the drop."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._show_drop_hint(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """The files went elsewhere, or to a part of the window that takes them itself."""
        self._show_drop_hint(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Always a copy: whoever dragged the files keeps them."""
        from plugdeck.ui.drops import local_files

        self._show_drop_hint(False)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.files_dropped.emit(local_files(event.mimeData()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tells once, when this and what lies on it has been painted, that the window can be seen."""
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self, self.painted.emit)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Lets whoever furnished the window note how it was left."""
        self.closing.emit()
        self.plugins.feed.leave()
        super().closeEvent(event)

    def _show_drop_hint(self, wanted: bool) -> None:
        if wanted and self._drop_hint is None:
            from plugdeck.ui.drop_hint import DropHint

            self._drop_hint = DropHint(self)
        if self._drop_hint and wanted:
            self._drop_hint.show_over()
        elif self._drop_hint:
            self._drop_hint.hide()

    def _lay_out(self) -> None:
        left = self._splitter("left", Qt.Orientation.Vertical, self.plugins, self.chain_frame)
        right = self._splitter("right", Qt.Orientation.Vertical, self.picture_frame, self.details_frame)
        whole = self._splitter("whole", Qt.Orientation.Horizontal, left, right)
        for splitter, sizes in ((left, (430, 250)), (right, (420, 260)), (whole, (570, 702))):
            splitter.setSizes(sizes)
        whole.setStretchFactor(1, 1)
        right.setStretchFactor(0, 1)
        left.setStretchFactor(0, 1)
        self.messages.setSpacing(SPACING // 2)
        central = QWidget(self)
        column = QVBoxLayout(central)
        column.setContentsMargins(SPACING, SPACING // 2, SPACING, SPACING)
        column.setSpacing(SPACING // 2)
        column.addLayout(self.messages)
        column.addWidget(whole, 1)
        self.setCentralWidget(central)

    def _splitter(self, name: str, orientation: Qt.Orientation, *parts: QWidget) -> QSplitter:
        splitter = self.splitters[name] = QSplitter(orientation, self)
        splitter.setHandleWidth(SPACING)
        splitter.setChildrenCollapsible(False)
        for part in parts:
            splitter.addWidget(part)
        return splitter


def furnish(frame: QFrame, part: QWidget) -> None:
    """Puts a part into its frame."""
    layout = frame.layout()
    assert layout is not None
    layout.addWidget(part)


def _frame(parent: QWidget) -> QFrame:
    """A surface for a part of the window."""
    frame = QFrame(parent)
    frame.setFrameShape(QFrame.Shape.StyledPanel)
    frame.setAutoFillBackground(True)
    frame.setBackgroundRole(frame.palette().ColorRole.Base)
    QVBoxLayout(frame).setContentsMargins(1, 1, 1, 1)
    return frame
