"""What the menus do with the selected plugin and with the window; each command is an action's other end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from plugdeck import paths
from plugdeck.compat.finding import Severity
from plugdeck.hosting.outcome import PluginState
from plugdeck.ui.calls.callees import has_functions
from plugdeck.ui.chain.words import RESTART_WHY_NOT, can_restart
from plugdeck.ui.details.subject import Subject
from plugdeck.ui.details.tab import Tab
from plugdeck.ui.install.removal import Removal
from plugdeck.ui.notices import Notice
from plugdeck.ui.plugins.samples import SampleBuilder
from plugdeck.ui.words import RESTART, START_AGAIN

if TYPE_CHECKING:
    from plugdeck.ui.main_window import MainWindow

_NOT_STARTED_BY_HAND = frozenset({PluginState.LOADING, PluginState.QUARANTINED})


class WindowCommands(QObject):
    """Connects the window's actions."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._samples: SampleBuilder | None = None
        self._building: Notice | None = None
        actions = window.actions
        for action, act in (
            (actions.open_folder, self.ask_for_folder),
            (actions.open_samples, self.open_samples),
            (actions.install, self.ask_for_plugins),
            (actions.preferences, self.show_preferences),
            (actions.quit, window.shell.close),
            (actions.load, self.load_selected),
            (actions.call, self.call_selected),
            (actions.restart, self.restart_selected),
            (actions.replace, self.replace_selected),
            (actions.take_out, self.take_out_selected),
            (actions.uninstall, self.uninstall_selected),
            (actions.compare, self.compare_selected),
            (actions.go_back, window.visits.go_back),
            (actions.choose_host, window.hosts.open_menu),
            (actions.copy_path, self.copy_path),
            (actions.copy_verdict, self.copy_verdict),
            (actions.show_in_files, self.show_in_files),
            (actions.search, window.plugins.filter.focus_search),
            (actions.rescan, window.plugins.rescan),
            (actions.next_part, self.focus_next_part),
            (actions.keys, self.show_keys),
            (actions.about, self.show_about),
        ):
            action.triggered.connect(lambda _checked=False, act=act: act())
        for tab, action in zip(Tab, actions.tabs, strict=True):
            action.triggered.connect(lambda _checked=False, tab=tab: window.details.open_tab(tab))

    def enable(self, subject: Subject | None, *, loadable: bool) -> None:
        """Offers only what makes sense for the selected plugin."""
        actions, step = self._window.actions, subject.step if subject else None
        actions.load.setEnabled(loadable)
        actions.call.setEnabled(bool(subject and has_functions(subject.report)))
        actions.restart.setEnabled(step is not None and step.state not in _NOT_STARTED_BY_HAND and can_restart(step))
        actions.restart.setToolTip(RESTART_WHY_NOT if step and not can_restart(step) else "")
        actions.restart.setText(f"&{START_AGAIN if step and not step.is_loaded else RESTART}")
        actions.take_out.setEnabled(step is not None)
        actions.replace.setEnabled(bool(step and step.stale))
        actions.uninstall.setEnabled(bool(subject and Removal.is_installed(subject.report.path)))
        actions.go_back.setEnabled(self._window.visits.trail.is_away)
        for action in (actions.compare, actions.copy_path, actions.copy_verdict, actions.show_in_files):
            action.setEnabled(subject is not None)

    # --- the selected plugin

    def load_selected(self) -> None:
        """Loads it into the chain."""
        if report := self._window.selected_report:
            self._window.to_chain.load(report)

    def call_selected(self) -> None:
        """Lets the user call its functions, in a window of its own, once he has said yes to the plugin."""
        from plugdeck.ui.calls.opening import open_calls

        if report := self._window.selected_report:
            open_calls(self._window, report)

    def restart_selected(self) -> None:
        """Ends its host and starts a new one; for a file that changed, that is a question to the user."""
        subject = self._window.details.subject
        if subject and subject.key:
            self._window.chain.restart(subject.key)

    def lift_selected(self) -> None:
        """Lets its bytes run again, and starts it."""
        if (subject := self._window.details.subject) and subject.key:
            self._window.services.chain.lift_quarantine(subject.key)

    def replace_selected(self) -> None:
        """Swaps in the file as it is now, if that still fits."""
        subject = self._window.details.subject
        if subject is None or subject.key is None:
            return
        row = self._window.chain.row(subject.key)
        if row:
            row.replace_wanted.emit()

    def take_out_selected(self) -> None:
        """Takes it out of the chain, which ends its process."""
        if (subject := self._window.details.subject) and subject.key:
            self._window.services.chain.remove(subject.key)

    def uninstall_selected(self) -> None:
        """Moves it to the trash."""
        if subject := self._window.details.subject:
            self._window.removal.uninstall(subject.report.path, is_loaded=subject.step is not None)

    def copy_path(self) -> None:
        """Puts the file's path into the clipboard."""
        if report := self._window.selected_report:
            QGuiApplication.clipboard().setText(str(report.path))

    def copy_verdict(self) -> None:
        """Puts every finding, as text, into the clipboard."""
        from plugdeck.ui.details.compatibility import report_text

        if report := self._window.selected_report:
            QGuiApplication.clipboard().setText(report_text(report, self._window.judging.judgement(report)))

    def show_in_files(self) -> None:
        """Opens its folder in the desktop's file manager."""
        if report := self._window.selected_report:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(report.path.parent)))

    def compare_selected(self) -> None:
        """Compares it with another build: a listed plugin of the same name, or what the user chooses."""
        if report := self._window.selected_report:
            from plugdeck.ui.compare.listed import another_build

            self.compare(another_build(self._window.plugins.model, report), report.path)

    def compare(self, old: Path | None, new: Path) -> None:
        """Shows what changed from one build to another, in a window of its own."""
        from plugdeck.ui.compare.dialog import CompareDialog
        from plugdeck.ui.compare.listed import candidates

        window = self._window
        listed = candidates(window.plugins.model)
        dialog = CompareDialog(window.services.background, listed, window.judging.choice, window.shell)
        dialog.compare(old, new)
        dialog.show()

    # --- folders and files

    def ask_for_folder(self) -> None:
        """Asks for another plugin folder."""
        dialog = self._dialog("Open a plugin folder")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: self._window.plugins.open_folder(Path(name)))
        dialog.open()

    def ask_for_plugins(self) -> None:
        """Asks for plugins to propose for install."""
        dialog = self._dialog("Choose plugins to install")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters(["Plugins (*.so *.so.*)", "All files (*)"])
        dialog.filesSelected.connect(lambda names: self._window.propose([Path(name) for name in names]))
        dialog.open()

    def open_samples(self) -> None:
        """Opens the sample plugins, and builds them first where they are missing."""
        if SampleBuilder.are_built():
            self._window.plugins.open_folder(paths.sample_folder())
            return
        if self._samples is None:
            self._samples = SampleBuilder(self)
            self._samples.built.connect(self._open_built)
            self._samples.failed.connect(self._tell_unbuilt)
        self._samples.start()
        self._building = self._window.notices.tell(
            "Building the sample plugins…", action=("Cancel", self._samples.cancel), busy=True
        )

    def _open_built(self) -> None:
        self._end_building()
        self._window.plugins.open_folder(paths.sample_folder())

    def _tell_unbuilt(self, sentence: str) -> None:
        self._end_building()
        self._window.notices.tell(sentence, severity=Severity.ERROR, action=("Try again", self.open_samples))

    def _end_building(self) -> None:
        if self._building:
            self._building.dismiss()
            self._building = None

    def _dialog(self, title: str) -> QFileDialog:
        """A dialog beside the running window: it is opened, never waited for."""
        folder = self._window.plugins.feed.folder or Path.home()
        dialog = QFileDialog(self._window.shell, title, str(folder))
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    # --- the window

    def focus_next_part(self) -> None:
        """Moves the focus to the next part: list, chain, picture, details."""
        window = self._window
        parts: list[QWidget] = [window.plugins, window.chain, window.picture, window.shell.details_frame]
        now = QApplication.focusWidget()
        place = next((index for index, part in enumerate(parts) if now and part.isAncestorOf(now)), -1)
        for step in range(1, len(parts) + 1):
            if target := _first_focusable(parts[(place + step) % len(parts)]):
                target.setFocus()
                return

    def show_preferences(self) -> None:
        """Shows the few things there are to choose."""
        from plugdeck.ui.preferences import Preferences

        services = self._window.services
        Preferences(services.settings, services.records, services.background, self._window.shell).show()

    def show_keys(self) -> None:
        """Shows every key."""
        from plugdeck.ui.help_dialogs import KeysDialog

        KeysDialog(self._window.shell).show()

    def show_about(self) -> None:
        """Says what this is, and which version."""
        from plugdeck.ui.help_dialogs import AboutDialog

        AboutDialog(self._window.shell).show()


def _first_focusable(part: QWidget) -> QWidget | None:
    for widget in part.findChildren(QWidget):
        takes_tab = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        if takes_tab and widget.isVisible() and widget.isEnabled():
            return widget
    return None
