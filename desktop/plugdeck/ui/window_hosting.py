"""Where plugins run, chosen in the window: each alone, all together, and one by one inside Plugdeck itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup

from plugdeck.chain.admission import for_mode
from plugdeck.compat.finding import Severity
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.ui.details.subject import Subject
from plugdeck.ui.services import HOSTING_MODE
from plugdeck.ui.visible_text import visible_text

if TYPE_CHECKING:
    from plugdeck.ui.main_window import MainWindow

_TITLES = {
    HostingMode.INDIVIDUALLY: "Each in a process of its own",
    HostingMode.TOGETHER: "Those that are allowed the same in one process",
}
_APART = "It always has a process of its own: it is written in Go, and a process has room for one Go runtime only."


class WindowHosting(QObject):
    """A part of the Plugin menu. What is loaded moves between two frames, when it has made a test picture there."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._subject: Subject | None = None
        self.modes = {mode: QAction(title, self, checkable=True) for mode, title in _TITLES.items()}
        self.in_app: QAction = window.actions.in_app
        self.in_app.triggered.connect(self._ask)

    def add_menu(self) -> None:
        """Below what can be done with the selected plugin."""
        group = QActionGroup(self)
        menu = self._window.shell.menus["Plugin"]
        menu.addSeparator()
        hosting = menu.addMenu("Where plugins &run")
        hosting.setToolTipsVisible(True)
        for mode, action in self.modes.items():
            action.setToolTip(mode.words)
            action.setChecked(mode is self._window.services.hosts.mode)
            action.triggered.connect(partial(self._choose, mode))
            group.addAction(action)
            hosting.addAction(action)

    def show_subject(self, subject: Subject | None) -> None:
        """Another plugin is shown: the menu tells where it runs."""
        self._subject = subject
        step = subject.step if subject else None
        is_apart = step is not None and step.manifest.needs_own_process
        self.in_app.setEnabled(step is not None and not is_apart)
        self.in_app.setChecked(step is not None and step.is_inside)
        self.in_app.setToolTip(_APART if is_apart else HostingMode.IN_APP.words)

    def name_crashes(self) -> None:
        """After a bad end of Plugdeck: names the plugins that were inside it, off the GUI thread."""
        journal = self._window.services.hosts.journal
        self._window.services.background.run(
            lambda: [(each.name, each.sentence) for each in journal.crashes()], self._tell
        )

    def _tell(self, crashes: list[tuple[str, str]]) -> None:
        for name, sentence in crashes:
            self._window.notices.tell(
                f"{visible_text(name)}: {sentence} It is not run there again unless you choose it anew.",
                severity=Severity.WARNING,
            )

    def _choose(self, mode: HostingMode) -> None:
        services = self._window.services
        if mode is services.hosts.mode:
            return  # what runs stays where it is
        services.settings.set(HOSTING_MODE, str(mode))
        services.hosts.mode = mode
        for step in services.chain.steps():
            if step.mode is None and step.is_loaded:
                services.chain.rehost(step.key, None)

    def tell_moved_out(self, key: str) -> None:
        """A plugin that ran inside Plugdeck gets a process, since its file is another one."""
        if step := self._window.services.chain.step(key):
            self._window.notices.tell(
                f"The new file of {visible_text(step.label)} runs in a process of its own: that it may run inside "
                "Plugdeck was said of the file before it.",
                action=("Run it inside Plugdeck…", partial(self._warn, key)),
            )

    def _ask(self, wanted: bool) -> None:
        step = self._subject.step if self._subject else None
        self.show_subject(self._subject)  # it is checked when it runs there, and not before
        if step and wanted:
            self._warn(step.key)
        elif step and (report := self._window.loading.running(step.path)):
            # As confined as he once agreed to: his yes to running it here was one to no confinement.
            self._window.files.rebuilds.approve(report, partial(self._window.services.chain.rehost, step.key, None))

    def _warn(self, key: str) -> None:
        if step := self._window.services.chain.step(key):
            self._window.notices.tell(
                f"Inside Plugdeck, {visible_text(step.label)} has your own rights: it can read and change your files "
                "and use the network. If it crashes or hangs, so does Plugdeck, and its code stays until Plugdeck "
                "ends. First, it makes a test picture in a process of its own.",
                severity=Severity.WARNING,
                action=("Run it inside Plugdeck", partial(self._take_in, key)),
            )

    def _take_in(self, key: str) -> None:
        services = self._window.services
        step = services.chain.step(key)
        if step is None:
            return
        approval = for_mode(step.approval, HostingMode.IN_APP)

        def go_on(_: object) -> None:
            services.chain.rehost(key, HostingMode.IN_APP, approval)

        services.background.run(lambda: services.hosts.journal.lift(step.sha256), go_on)
