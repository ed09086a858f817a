"""What a plugin may do beside its job: each permission a line that can be taken back, and buttons that add one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from plugdeck.hosting.sandbox.confinement import NO_PERMISSIONS, Permissions
from plugdeck.trust.permission_edit import PermissionEdit
from plugdeck.ui.background import Background
from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.theme import SPACING
from plugdeck.ui.trust.permission_words import (
    NOTHING_MORE,
    USE_NETWORK,
    is_broad,
    shown_path,
    with_folder,
    without_folder,
)

_BROAD = "Careful: all of your files are in there."


class PermissionsEditor(QWidget):
    """Shows permissions and tells of every change that the user makes; nothing is widened by itself."""

    edited = Signal(object)
    """The user's ``PermissionEdit``."""

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._permissions = NO_PERMISSIONS
        self._whose: object = None
        self.nothing = plain_label(NOTHING_MORE, self)
        self._rows = QVBoxLayout()
        self.network = QCheckBox(USE_NETWORK, self)
        self.read = QPushButton("L&et it read a folder…", self)
        self.write = QPushButton("Let it &change a folder…", self)
        self._lay_out()
        self.network.toggled.connect(self._set_network)
        self.read.clicked.connect(lambda: self.ask_for_folder(writable=False))
        self.write.clicked.connect(lambda: self.ask_for_folder(writable=True))

    @property
    def permissions(self) -> Permissions:
        """What is shown."""
        return self._permissions

    @property
    def rows(self) -> tuple[PermissionRow, ...]:
        """A row for each folder."""
        widgets = (item.widget() for at in range(self._rows.count()) if (item := self._rows.itemAt(at)))
        return tuple(widget for widget in widgets if isinstance(widget, PermissionRow))

    def show_permissions(self, permissions: Permissions, whose: object) -> None:
        """Shows other permissions; the same ones leave everything as it is, the focus too.

        ``whose`` they are: a folder that was chosen for one is not given to another that is shown since.
        """
        self._whose = whose
        self._show(permissions)

    def _show(self, permissions: Permissions) -> None:
        self.network.blockSignals(True)
        self.network.setChecked(permissions.network)
        self.network.blockSignals(False)
        self.nothing.setVisible(permissions == NO_PERMISSIONS)
        if permissions != self._permissions:
            self._permissions = permissions
            self._renew_rows()

    def offer(self, permissions: Permissions) -> None:
        """Takes other permissions as if the user had made them here; he asked for them elsewhere."""
        self._edit(permissions)

    def ask_for_folder(self, *, writable: bool, start: Path | None = None) -> None:
        """Asks which folder it may read, or change, in a dialog beside the running window."""
        dialog = QFileDialog(self, self.write.text() if writable else self.read.text(), str(start or Path.home()))
        dialog.setWindowTitle("Choose the folder that it may change" if writable else "Choose the folder to read")
        dialog.setLabelText(QFileDialog.DialogLabel.Accept, "Allow")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        whose = self._whose
        dialog.fileSelected.connect(lambda name: self._resolve(name, whose, writable=writable))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _resolve(self, folder: str, whose: object, *, writable: bool) -> None:
        """Takes the folder that a link leads to now: whoever changes the link later changes nothing that is allowed."""

        def add(real: str) -> None:
            if whose == self._whose:
                self._edit(with_folder(self._permissions, real, writable=writable))

        self._background.run(lambda: os.path.realpath(folder), add)

    def _set_network(self, wanted: bool) -> None:
        self._edit(replace(self._permissions, network=wanted))

    def _edit(self, permissions: Permissions) -> None:
        if permissions != self._permissions:
            edit = PermissionEdit(self._permissions, permissions)
            self._show(permissions)
            self.edited.emit(edit)

    def _renew_rows(self) -> None:
        for row in self.rows:
            self._rows.removeWidget(row)
            row.hide()
            row.deleteLater()
        folders = [(path, False) for path in self._permissions.readable]
        folders += [(path, True) for path in self._permissions.writable]
        for path, writable in folders:
            row = PermissionRow(path, self._remover(path), writable=writable, parent=self)
            self._rows.addWidget(row)

    def _remover(self, path: str) -> Callable[[], None]:
        return lambda: self._edit(without_folder(self._permissions, path))

    def _lay_out(self) -> None:
        self.network.setAccessibleName("Let it use the network")
        self.read.setToolTip("Shows it one more folder, read-only")
        self.write.setToolTip("Lets it read one more folder, and create, change and delete files in it")
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACING)
        for button in (self.read, self.write):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        self._rows.setSpacing(SPACING // 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING // 2)
        column.addWidget(self.nothing)
        column.addLayout(self._rows)
        column.addWidget(self.network)
        column.addLayout(buttons)


class PermissionRow(QWidget):
    """One folder, and a button that takes it back."""

    def __init__(self, path: str, remove: Callable[[], None], *, writable: bool, parent: QWidget) -> None:
        super().__init__(parent)
        verb = "read and change" if writable else "read"
        caution = f" {_BROAD}" if is_broad(path) else ""
        self.words: QLabel = plain_label(f"{verb.capitalize()} {shown_path(path)}.{caution}", self)
        self.remove = QPushButton("Take back", self)
        self.remove.setAutoDefault(False)
        self.remove.setAccessibleName(f"Do not let it {verb} {shown_path(path)}")
        self.remove.clicked.connect(remove)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING)
        row.addWidget(self.words, 1)
        row.addWidget(self.remove, 0, Qt.AlignmentFlag.AlignTop)
