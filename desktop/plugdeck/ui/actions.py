"""What the window can be told to do: every action with its words and key, and the menus that offer them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.ui.chain.words import FOLLOW, FOLLOW_WHY, TAKE_OUT, TAKE_OUT_WHY
from plugdeck.ui.details.tab import Tab
from plugdeck.ui.words import RESTART, USE_NEW


class WindowActions:
    """Actions by name; the window connects them. Their keys work wherever the focus is."""

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        make = self._make
        self.open_folder = make("&Open plugin folder…", "Ctrl+O")
        self.open_samples = make("Open the &sample plugins")
        self.install = make("&Install plugins…", "Ctrl+I")
        self.preferences = make("&Preferences…", "Ctrl+,")
        self.quit = make("&Quit", "Ctrl+Q")
        self.load = make("&Load into the chain", "Ctrl+L")
        self.call = make("Call a &function…", "Ctrl+Shift+F")
        self.restart = make(f"&{RESTART}", "Ctrl+R")
        self.replace = make(f"&{USE_NEW}", "Ctrl+U")
        self.take_out = make(f"&{TAKE_OUT}", "Ctrl+T")
        self.take_out.setToolTip(TAKE_OUT_WHY)
        self.follow = make(FOLLOW.replace("rebuilds", "rebui&lds"))
        self.follow.setCheckable(True)
        self.follow.setToolTip(FOLLOW_WHY)
        self.in_app = make("Run &inside Plugdeck (in-app)")
        self.in_app.setCheckable(True)
        self.in_app.setToolTip(HostingMode.IN_APP.words)
        self.uninstall = make("U&ninstall (move to the trash)")
        self.compare = make("Co&mpare with…", "Ctrl+K")
        self.go_back = make("&Back to the plugin", "Alt+Left")
        self.copy_path = make("&Copy path", "Ctrl+Shift+C")
        self.copy_verdict = make("Copy &verdict")
        self.show_in_files = make("Show in &file manager")
        self.search = make("&Search plugins", "Ctrl+F")
        self.choose_host = make("&Judge for another host…", "Ctrl+J")
        self.rescan = make("&Read the folder again", "F5")
        self.next_part = make("&Next part of the window", "F6")
        self.tabs = tuple(make(f"{tab.title}", f"Alt+{tab + 1}") for tab in Tab)
        self.keys = make("&Keys", "F1")
        self.about = make("&About Plugdeck")

    @property
    def of_plugin(self) -> tuple[QAction | None, ...]:
        """What can be done with the selected plugin; None is a line between groups."""
        return (
            *(self.load, self.call, self.restart, self.replace, self.follow, self.in_app, self.take_out, None),
            *(self.compare, self.copy_path, self.copy_verdict, self.show_in_files, None, self.uninstall),
        )

    def fill_menus(self, menus: Mapping[str, QMenu], picture: Sequence[QAction], view: Sequence[QAction]) -> None:
        """Fills the menu bar.

        Args:
            menus: by their names in English.
            picture: the preview's actions on files, for the File menu.
            view: its other actions, for the View menu.
        """
        files = [self.open_folder, self.open_samples, self.install, None, *picture, None, self.preferences, self.quit]
        views = [
            self.search,
            self.rescan,
            self.choose_host,
            self.next_part,
            self.go_back,
            None,
            *self.tabs,
            None,
            *view,
        ]
        _fill(menus["File"], files)
        _fill(menus["Plugin"], self.of_plugin)
        menus["Plugin"].setToolTipsVisible(True)
        _fill(menus["View"], views)
        _fill(menus["Help"], [self.keys, self.about])

    def _make(self, words: str, key: str | None = None) -> QAction:
        action = QAction(words, self._window)
        action.setMenuRole(QAction.MenuRole.NoRole)
        if key:
            action.setShortcut(QKeySequence(key))
        self._window.addAction(action)
        return action


def _fill(menu: QMenu, actions: Iterable[QAction | None]) -> None:
    for action in actions:
        if action is None:
            menu.addSeparator()
        else:
            menu.addAction(action)
