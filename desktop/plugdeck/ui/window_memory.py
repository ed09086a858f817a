"""How the window stands, noted soon after it changed: nobody can rely on a proper end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer

from plugdeck.ui.details.tab import Tab
from plugdeck.ui.window_state import store_window

if TYPE_CHECKING:
    from plugdeck.ui.main_window import MainWindow

TAB = "window.tab"
_REST_MS = 300
_SIZED = {QEvent.Type.Resize, QEvent.Type.WindowStateChange}


class WindowMemory(QObject):
    """Notes sizes, splitters, columns, sorting, folder and tab in the settings; ``Saving`` writes them."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._timer = QTimer(self, interval=_REST_MS, singleShot=True)
        self._timer.timeout.connect(self.note)
        shell, plugins = window.shell, window.plugins
        window.details.tabs.setCurrentIndex(window.services.settings.get(TAB, int(Tab.COMPATIBILITY)))
        header = plugins.table.horizontalHeader()
        shell.installEventFilter(self)
        for changed in (
            *(splitter.splitterMoved for splitter in shell.splitters.values()),
            header.sectionResized,
            header.sortIndicatorChanged,
            plugins.filter.status.currentIndexChanged,
            plugins.folder_opened,
            window.details.tabs.currentChanged,
        ):
            changed.connect(self._timer.start)
        shell.closing.connect(self._leave)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hears of another size."""
        if watched is self._window.shell and event.type() in _SIZED:
            self._timer.start()
        return super().eventFilter(watched, event)

    def note(self) -> None:
        """Notes all of it now, but for the room that a question takes for itself."""
        window, settings = self._window, self._window.services.settings
        store_window(window.shell, settings, leave_out=() if window.trust.panel.isHidden() else ("right",))
        settings.set(TAB, window.details.tabs.currentIndex())

    def _leave(self) -> None:
        self._timer.stop()
        self.note()
