"""Uninstalling, with a way back: the file goes to the trash, and a message offers to undo it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from plugdeck import paths
from plugdeck.catalogue.installed import uninstall
from plugdeck.catalogue.trash import Trashed, restore
from plugdeck.errors import PlugdeckError
from plugdeck.ui.background import Background
from plugdeck.ui.notices import Notices
from plugdeck.ui.visible_text import visible_text


class Removal(QObject):
    """Moves installed plugins to the trash and back, off the GUI thread."""

    removed = Signal()
    """A plugin is in the trash."""
    restored = Signal(object)
    """The Path of a plugin that is back."""

    def __init__(self, background: Background, notices: Notices, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._notices = notices

    @staticmethod
    def is_installed(path: Path) -> bool:
        """Whether the file is in the user's plugin folder, the only place that Plugdeck removes from."""
        return path.parent == paths.plugin_folder()

    def uninstall(self, path: Path, *, is_loaded: bool) -> None:
        """Moves the plugin to the trash; what is loaded of it goes on."""
        self._background.run(
            lambda: uninstall(path), lambda trashed: self._tell(trashed, is_loaded=is_loaded), self._tell_error
        )

    def _tell(self, trashed: Trashed, *, is_loaded: bool) -> None:
        self.removed.emit()
        name = visible_text(trashed.original.name)
        still = " It is still loaded: its code runs on until its host ends." if is_loaded else ""
        self._notices.tell(f"{name} was moved to the trash.{still}", action=("Undo", lambda: self._restore(trashed)))

    def _restore(self, trashed: Trashed) -> None:
        self._background.run(lambda: restore(trashed), self.restored.emit, self._tell_error)

    def _tell_error(self, error: PlugdeckError) -> None:
        self._notices.tell_error(error)
