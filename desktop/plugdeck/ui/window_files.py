"""The files of loaded plugins, in the window: what becomes of them while their code runs, and who is followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from plugdeck.ui.details.subject import Subject
from plugdeck.ui.loaded_files import LoadedFiles
from plugdeck.ui.rebuilds import Rebuilds
from plugdeck.ui.visible_text import visible_text

if TYPE_CHECKING:
    from plugdeck.ui.main_window import MainWindow


class WindowFiles(QObject):
    """Passes on what the list and the watches tell of files, and asks for swaps."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        services = window.services
        self._subject: Subject | None = None
        self._loaded = LoadedFiles(services.chain, services.background, self)
        self.rebuilds = Rebuilds(services, window.trust.asking.approve, self)

    def connect_parts(self) -> None:
        """Once all parts of the window are there."""
        window, plugins, rebuilds = self._window, self._window.plugins, self.rebuilds
        for changed, gone in ((plugins.changed, plugins.removed), (self._loaded.changed, self._loaded.gone)):
            changed.connect(window.loading.note)
            changed.connect(rebuilds.note)
            gone.connect(window.loading.note_gone)
        plugins.scanned.connect(self._watch)
        window.services.bridge.steps_changed.connect(self._watch)
        window.shell.closing.connect(self._loaded.leave)
        rebuilds.swap_wanted.connect(window.chain.replacing.use_new)
        rebuilds.changed.connect(window.chain.renew)
        rebuilds.changed.connect(lambda: self.show_subject(self._subject))
        window.chain.follow_wanted.connect(self._follow)
        window.actions.follow.triggered.connect(self._follow_selected)

    def show_subject(self, subject: Subject | None) -> None:
        """Another plugin is shown: the menu tells whether it is followed."""
        self._subject = subject
        path = subject.step.path if subject and subject.step else None
        self._window.actions.follow.setEnabled(path is not None)
        self._window.actions.follow.setChecked(path is not None and self.rebuilds.follows(path))

    def _watch(self) -> None:
        self._loaded.follow(self._window.plugins.feed.folder)

    def _follow_selected(self, wanted: bool) -> None:
        if self._subject and self._subject.key:
            self._follow(self._subject.key, wanted)

    def _follow(self, key: str, wanted: bool) -> None:
        step = self._window.services.chain.step(key)
        if step is None:
            return
        path = step.path
        self.rebuilds.follow(path, wanted)
        if wanted:
            self._window.notices.tell(
                f"From now on, whatever file is put at {visible_text(str(path))} is run without asking you, unless its "
                f"signature is bad. It has the permissions and the confinement that {visible_text(step.label)} has "
                "now, and takes the place of the build before when it has made a test picture.",
                action=("Undo", lambda: self.rebuilds.follow(path, wanted=False)),
            )
            self.rebuilds.note_stale(step)
