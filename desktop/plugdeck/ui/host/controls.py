"""The chooser and the banner in their places in the window, and what another host sets going."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from plugdeck.compat.finding import Severity
from plugdeck.compat.host_choice import WORKER, HostChoice
from plugdeck.ui.host.chooser import HostChooser
from plugdeck.ui.host.judgement import OWN_WORKER, host_words
from plugdeck.ui.host.judging import HostJudging, KnownHost
from plugdeck.ui.marks import SEVERITY_MARKS
from plugdeck.ui.message_bar import MessageBar
from plugdeck.ui.notices import Notices
from plugdeck.ui.shell import Shell


class HostControls(QObject):
    """Shows and changes the host of a ``HostJudging``, and has the list judged for it."""

    def __init__(self, judging: HostJudging, shell: Shell, notices: Notices) -> None:
        super().__init__(shell)
        self._judging, self._shell, self._notices = judging, shell, notices
        self._is_restoring = judging.choice != WORKER
        self.chooser = HostChooser(judging, shell.plugins)
        self.banner = MessageBar(SEVERITY_MARKS[Severity.ERROR], shell)
        self.back = self.banner.add_button(f"Judge for {OWN_WORKER}", partial(judging.choose, WORKER))
        shell.plugins.feed.host = judging.choice
        shell.plugins.put_host_chooser(self.chooser)
        shell.messages.insertWidget(0, self.banner)
        judging.chosen.connect(self._judge_anew)
        judging.known.connect(self._take_known)
        shell.plugins.scanned.connect(self._describe_again)
        self.chooser.program_wanted.connect(self.ask_for_program)
        self.chooser.sysroot_wanted.connect(self.ask_for_sysroot)
        if self._is_restoring:
            judging.describe()

    def open_menu(self) -> None:
        """Opens the list of hosts below its button."""
        button = self.chooser.button
        self.chooser.menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def ask_for_program(self) -> None:
        """Asks for a program that opens plugins."""
        dialog = self._dialog("Choose the program that would load the plugins")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self._judging.choose(HostChoice(Path(name))))
        dialog.open()

    def ask_for_sysroot(self) -> None:
        """Asks for the root folder of another machine's system."""
        dialog = self._dialog("Choose the root folder of another system")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: self._judging.choose(HostChoice(sysroot=Path(name))))
        dialog.open()

    def _dialog(self, title: str) -> QFileDialog:
        """A dialog beside the running window: it is opened, never waited for."""
        start = self._judging.choice.executable or self._judging.choice.sysroot
        dialog = QFileDialog(self._shell, title, str(start.parent) if start else "/usr/bin")
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    def _judge_anew(self, choice: HostChoice) -> None:
        self._is_restoring = False
        plugins = self._shell.plugins
        plugins.feed.host = choice
        plugins.model.mark_stale()
        plugins.rescan()

    def _describe_again(self) -> None:
        """The program may be another one since, or gone, as the files of the list may be."""
        if self._judging.choice != WORKER:
            self._judging.describe()

    def _take_known(self, known: KnownHost) -> None:
        if known.choice != self._judging.choice:
            return
        if self._is_restoring and not known.is_there:
            self._notices.tell(
                f"{host_words(known.choice)}, for which plugins were judged, is not there any more. "
                f"They are judged for {OWN_WORKER} now.",
                severity=Severity.WARNING,
            )
            self._judging.choose(WORKER)
            return
        self._is_restoring = False
        name = str(known.severity).capitalize()
        self.banner.say(known.problem, SEVERITY_MARKS[known.severity], mark_name=name)
