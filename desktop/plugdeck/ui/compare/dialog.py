"""The window that compares two builds: each is a plugin of the list, or any other file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from plugdeck.catalogue.difference import Difference
from plugdeck.compat.host_choice import WORKER, HostChoice
from plugdeck.ui.background import Background
from plugdeck.ui.close_box import close_box
from plugdeck.ui.compare.comparing import compare_files
from plugdeck.ui.compare.listed import Candidate
from plugdeck.ui.compare.view import DifferenceView
from plugdeck.ui.preview.latest import Latest
from plugdeck.ui.theme import SPACING
from plugdeck.ui.visible_text import visible_text

_NOT_YET = "Choose the two builds to compare."
_SIZE = (720, 560)


class BuildChooser(QComboBox):
    """One of the two builds."""

    picked = Signal(object)
    """A Path."""

    def __init__(self, name: str, candidates: Sequence[Candidate], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setPlaceholderText("Choose a build")
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(20)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for words, path in candidates:
            self._add(words, path)
        self.setCurrentIndex(-1)
        self.currentIndexChanged.connect(self._tell)

    @property
    def path(self) -> Path | None:
        """The chosen file."""
        chosen = self.currentData()
        return chosen if isinstance(chosen, Path) else None

    def choose(self, path: Path) -> None:
        """Chooses a file, listed or not."""
        places = [place for place in range(self.count()) if self.itemData(place) == path]
        if not places:
            self._add(path.name, path)
        self.setCurrentIndex(places[0] if places else self.count() - 1)

    def _add(self, words: str, path: Path) -> None:
        self.addItem(visible_text(words), path)
        # Qt takes a tool tip for markup by its first line, so that line is our own.
        self.setItemData(self.count() - 1, f"File\n{visible_text(str(path))}", Qt.ItemDataRole.ToolTipRole)

    def _tell(self) -> None:
        self.setToolTip(f"File\n{visible_text(str(self.path))}" if self.path else "")
        self.picked.emit(self.path)


class CompareDialog(QDialog):
    """Compares as soon as both builds are chosen; stays beside the window, which goes on."""

    def __init__(
        self,
        background: Background,
        candidates: Sequence[Candidate],
        choice: HostChoice = WORKER,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("compare")
        self.setWindowTitle("Compare two builds")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._choice = choice
        self._difference: Difference | None = None
        self._request = Latest(self, background)
        self.old = BuildChooser("The old build", candidates, self)
        self.new = BuildChooser("The new build", candidates, self)
        self.swap = QPushButton("&Swap", self)
        self.copy = QPushButton("&Copy", self)
        self.view = DifferenceView(self)
        self._lay_out()
        self._connect()
        self._compare()
        self.resize(*_SIZE)

    def compare(self, old: Path | None, new: Path | None) -> None:
        """Chooses the builds."""
        for chooser, path in ((self.old, old), (self.new, new)):
            if path:
                chooser.choose(path)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACING)
        grid.setVerticalSpacing(SPACING)
        grid.setColumnStretch(1, 1)
        for row, (words, chooser) in enumerate((("&Old build", self.old), ("&New build", self.new))):
            label = QLabel(words, self)
            label.setBuddy(chooser)
            browse = QPushButton("Choose a file…", self)
            browse.setAutoDefault(False)  # Enter is for the build that is being chosen
            browse.setAccessibleName(f"Choose a file as {chooser.accessibleName().lower()}")
            browse.clicked.connect(lambda _checked=False, chooser=chooser: self._ask_for_file(chooser))
            for column, widget in enumerate((label, chooser, browse)):
                grid.addWidget(widget, row, column)
        self.swap.setAccessibleName("Take the old build for the new one")
        self.copy.setAccessibleName("Copy every change as text")
        buttons = close_box(self)
        for button in (self.swap, self.copy):
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        column_layout = QVBoxLayout(self)
        column_layout.setContentsMargins(2 * SPACING, 2 * SPACING, 2 * SPACING, 2 * SPACING)
        column_layout.setSpacing(SPACING)
        column_layout.addLayout(grid)
        column_layout.addWidget(self.view, 1)
        column_layout.addWidget(buttons)

    def _connect(self) -> None:
        for chooser in (self.old, self.new):
            chooser.picked.connect(self._compare)
        self.swap.clicked.connect(self._swap)
        self.copy.clicked.connect(self._copy)
        self._request.succeeded.connect(self._show)
        self._request.failed.connect(lambda sentence, remedy: self.view.show_difference(f"{sentence} {remedy}"))

    def _compare(self) -> None:
        old, new, choice = self.old.path, self.new.path, self._choice
        self._difference = None
        self.copy.setEnabled(False)
        self._request.forget()
        if old is None or new is None:
            self.view.show_difference(_NOT_YET)
            return
        self.view.show_difference("Comparing…")
        self._request.start(lambda: compare_files(old, new, choice))

    def _show(self, difference: Difference) -> None:
        self._difference = difference
        self.copy.setEnabled(True)
        self.view.show_difference(difference)

    def _swap(self) -> None:
        old, new = self.old.path, self.new.path
        self.compare(new, old)

    def _copy(self) -> None:
        if found := self._difference:
            QGuiApplication.clipboard().setText("\n".join(found.lines()))

    def _ask_for_file(self, chooser: BuildChooser) -> None:
        """Opens a dialog beside this one; it is never waited for."""
        start = chooser.path or self.new.path or self.old.path
        dialog = QFileDialog(self, chooser.accessibleName(), str(start.parent if start else Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(["Plugins (*.so *.so.*)", "All files (*)"])
        dialog.fileSelected.connect(lambda name: chooser.choose(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
