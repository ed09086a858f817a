"""What is to be called: the plugin that answers, its function, and the arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QWidget

from plugdeck.catalogue.report import Report
from plugdeck.chain.calling import Callee
from plugdeck.text import visible
from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.theme import SPACING

_TYPE_LIMIT = 500


class CallForm(QWidget):
    """Holds what the user chose; calls nothing."""

    changed = Signal()
    """Another function, or other arguments."""

    def __init__(self, callee: Callee, others: Sequence[Report], parent: QWidget | None = None) -> None:
        """``others`` could take the place of ``callee``, which the first plugin of the list is."""
        super().__init__(parent)
        self._types: Mapping[str, str] = {}
        self.plugin = QComboBox(self)
        self.function = QComboBox(self)
        self.arguments = QLineEdit(self)
        self.type = plain_label("", self)
        self.every_second = QCheckBox("Every &second", self)
        self._fill(callee, others)
        self._lay_out()
        self.function.editTextChanged.connect(self._change)
        self.arguments.textChanged.connect(self._change)

    def name_functions(self, names: Sequence[tuple[str, str]]) -> None:
        """What there is to call, each with its type; what the user has typed meanwhile stays."""
        self._types = dict(names)
        typed = self.function.currentText()
        self.function.addItems(list(self._types))
        if typed:
            self.function.setEditText(typed)
        self._change()

    def _change(self) -> None:
        """What was repeated was something else."""
        self.every_second.setChecked(False)
        name = self.function.currentText()
        self.type.setText(visible(self._types.get(name, ""), _TYPE_LIMIT))
        self.every_second.setEnabled(bool(name))
        self.changed.emit()

    def _fill(self, callee: Callee, others: Sequence[Report]) -> None:
        self.plugin.addItem(_title(callee.manifest.name, callee.path.name), None)
        for report in others:
            self.plugin.addItem(_title(report.name, report.path.name), report)
        self.plugin.setAccessibleName("The plugin that answers")
        self.plugin.setToolTip("Another one takes over between two calls, once it has answered a call of its own")
        self.function.setEditable(True)
        self.function.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.function.setAccessibleName("The function to call")
        self.arguments.setPlaceholderText("separated by spaces, “quoted” where one has a space")

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(SPACING)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("&Plugin", self.plugin)
        form.addRow("&Function", self.function)
        form.addRow("", self.type)
        form.addRow("&Arguments", self.arguments)
        form.addRow("", self.every_second)


def _title(name: str, file: str) -> str:
    return visible(f"{name} — {file}", 200)
