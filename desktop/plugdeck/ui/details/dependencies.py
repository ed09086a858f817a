"""The Dependencies tab: every library that the file needs, where it is found, and by which rule."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHBoxLayout, QPushButton, QTreeView, QVBoxLayout, QWidget

from plugdeck.binary import read
from plugdeck.compat.tree import dependency_tree
from plugdeck.ui.background import Background
from plugdeck.ui.details.dependency_menu import open_menu
from plugdeck.ui.details.dependency_model import DependencyColumn, DependencyModel
from plugdeck.ui.details.dependency_nodes import Node, NodeKind, nodes_of, problems_of
from plugdeck.ui.details.subject import Subject
from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.preview.latest import Latest
from plugdeck.ui.theme import SPACING

_WIDEST = {DependencyColumn.NAME: 260, DependencyColumn.PROBLEM: 320, DependencyColumn.RULE: 180}
_PATIENCE_MS = 300
"""A search that takes longer can be stopped; a button that came and went at once would only flicker."""
_MOST_OPENED = 50
"""So many problems are brought into view by themselves."""


class DependencyTree(QTreeView):
    """Enter or a double click goes to a library."""

    chosen = Signal(object)
    """The Path to go to."""

    def __init__(self, model: DependencyModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setModel(model)
        self.setAccessibleName("Libraries that the file needs")
        self.setAccessibleDescription("Enter goes to the selected library")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformRowHeights(True)
        self.setExpandsOnDoubleClick(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.doubleClicked.connect(self._choose)
        self.customContextMenuRequested.connect(self._show_menu)

    def fit_columns(self, *, has_problems: bool) -> None:
        """Gives each column what its text needs, up to a limit; the last one has the rest."""
        self.setColumnHidden(DependencyColumn.PROBLEM, not has_problems)
        for column, widest in _WIDEST.items():
            self.resizeColumnToContents(column)
            self.setColumnWidth(column, min(self.columnWidth(column) + SPACING, widest))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes to the library, and opens or closes what is none."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentIndex().isValid():
            self._choose(self.currentIndex())
            return
        super().keyPressEvent(event)

    def _choose(self, index: QModelIndex) -> None:
        node = self._model.node(index)
        first = index.siblingAtColumn(0)
        if node and node.path and first.parent().isValid():
            self.chosen.emit(Path(node.path))
        else:
            self.setExpanded(first, not self.isExpanded(first))

    def _show_menu(self, position: QPoint) -> None:
        node = self._model.node(self.indexAt(position))
        if node and node.kind is not NodeKind.GROUP:
            open_menu(self, node, self.viewport().mapToGlobal(position), self.chosen.emit)


class DependenciesTab(QWidget):
    """The tree of one file for one host, worked out when the tab is looked at."""

    library_wanted = Signal(object)
    """The Path of a library to show."""

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._subject: Subject | None = None
        self._request = Latest(self, background)
        self.model = DependencyModel(self)
        self.tree = DependencyTree(self.model, self)
        self.summary = plain_label("", self)
        self.cancel = QPushButton("Cancel", self)
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._lay_out()
        self._patience.timeout.connect(self.cancel.show)
        self.tree.chosen.connect(self.library_wanted)
        self.cancel.clicked.connect(self._stop)
        self._request.succeeded.connect(self._show)
        self._request.failed.connect(lambda sentence, remedy: self._say(f"{sentence} {remedy}"))

    def show_subject(self, subject: Subject | None) -> None:
        """Looks for another file's libraries; for the same report and host they are there already."""
        if _is_same(subject, self._subject):
            return
        self._subject = subject
        self._request.forget()
        self.model.set_nodes([])
        if subject is None or subject.report.facts is None or subject.report.facts.elf is None:
            self._say("No libraries can be read from this file." if subject else "")
            return
        self._say("Looking for libraries…")
        self._patience.start()
        self._request.start(lambda: _grow(subject))

    def _lay_out(self) -> None:
        self.summary.setAccessibleName("Dependencies in a sentence")
        self.cancel.setAccessibleName("Stop looking for libraries")
        self.cancel.hide()
        top = QHBoxLayout()
        top.addWidget(self.summary, 1)
        top.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        layout.setSpacing(SPACING)
        layout.addLayout(top)
        layout.addWidget(self.tree, 1)

    def _stop(self) -> None:
        """Drops what is awaited; the same plugin is looked at anew when it is chosen again."""
        self._request.forget()
        self._subject = None
        self._say("Stopped. Choose the plugin again to look anew.")

    def _say(self, text: str) -> None:
        self.summary.setText(text.strip())
        self._patience.stop()
        self.cancel.hide()

    def _show(self, nodes: list[Node]) -> None:
        if not nodes:
            self._say("This host opens no libraries for the file: see Compatibility.")
            return
        self.model.set_nodes(nodes)
        problems = problems_of(nodes)
        self._say(_summary(nodes, problems))
        self.tree.expand(self.model.index_of(0))
        for place in problems[:_MOST_OPENED]:
            self._open_to(place)
        self.tree.fit_columns(has_problems=bool(problems))
        first = self.model.index_of(problems[0] if problems else 0)
        self.tree.setCurrentIndex(first)
        self.tree.scrollTo(first)

    def _open_to(self, place: int) -> None:
        index = self.model.index_of(place).parent()
        while index.isValid():
            self.tree.expand(index)
            index = index.parent()


def _is_same(one: Subject | None, other: Subject | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.report is other.report and one.judged.choice == other.judged.choice


def _grow(subject: Subject) -> list[Node]:
    """The tree's lines; empty when the host loads nothing. Another thread.

    The file is read again, since reports of the list have no symbols, and what they lack is a problem too.
    """
    root = dependency_tree(read(subject.report.path), subject.judged.choice.host())
    return nodes_of(root) if root else []


def _summary(nodes: list[Node], problems: list[int]) -> str:
    """Counts files, each of which may be in the tree several times; the plugin itself is none of its libraries."""
    own = _file_of(nodes[0])
    count = len({_file_of(node) for node in nodes[1:] if node.kind is not NodeKind.GROUP} - {own})
    troubled = len({_file_of(nodes[place]) for place in problems} - {own})
    words = f"{count} librar{'y' if count == 1 else 'ies'} needed" if count else "Needs no library"
    if troubled:
        return f"{words}, {troubled} with a problem: marked below."
    words = f"{words}, each of them found" if count else words
    return f"{words}, but the file itself has a problem: marked below." if problems else f"{words}."


def _file_of(node: Node) -> str:
    return node.path or node.cells[0]
