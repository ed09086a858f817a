"""The rows of the Parameters tab: for each parameter its label, its control and its reset."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QPushButton, QToolButton, QWidget

from plugdeck.chain.step import StepView
from plugdeck.dialects.manifest import Parameter
from plugdeck.ui.chain.elided_label import ElidedLabel, plain_tooltip
from plugdeck.ui.details.parameters_controls import ValueControl, make_control
from plugdeck.ui.details.parameters_scale import explanation
from plugdeck.ui.theme import SPACING
from plugdeck.ui.visible_text import visible_text


class Form(QWidget):
    """A row for each parameter: label, control, reset."""

    edited = Signal(str, float, bool)
    """Name of the variable, value, and whether more is coming."""
    settled = Signal()

    def __init__(self, parameters: tuple[Parameter, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self._parameters = parameters
        self.controls: dict[str, ValueControl] = {}
        self.resets: dict[str, QToolButton] = {}
        self._labels: dict[QObject, Parameter] = {}
        self._grid = QGridLayout(self)
        self._grid.setHorizontalSpacing(SPACING + 4)
        self._grid.setVerticalSpacing(SPACING)
        self._grid.setColumnStretch(1, 1)
        for index, parameter in enumerate(parameters):
            self._add(index, parameter)
        self.reset_all = QPushButton("Reset all", self)
        self.reset_all.setToolTip("Sets every parameter to its default")
        self._grid.addWidget(self.reset_all, len(parameters), 1, 1, 2, Qt.AlignmentFlag.AlignRight)
        self._grid.setRowStretch(len(parameters) + 1, 1)
        self._grid.setContentsMargins(0, 0, 0, SPACING)

    def show_values(self, step: StepView) -> None:
        """Renews every control that the user is not holding."""
        for parameter in self._parameters:
            value = step.values.get(parameter.name, parameter.default)
            control = self.controls[parameter.name]
            if not control.is_busy:
                control.show_value(value)
            self.resets[parameter.name].setEnabled(value != parameter.default)
        self.reset_all.setEnabled(any(reset.isEnabled() for reset in self.resets.values()))

    def set_tab_order(self) -> None:
        """Lets the keyboard go through the widgets in reading order."""
        order: list[QWidget] = []
        for parameter in self._parameters:
            order += [*self.controls[parameter.name].keyboard_order(), self.resets[parameter.name]]
        for first, second in pairwise([*order, self.reset_all]):
            QWidget.setTabOrder(first, second)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A double click on a label resets its parameter."""
        if event.type() == QEvent.Type.MouseButtonDblClick and watched in self._labels:
            self._reset(self._labels[watched])
            return True
        return super().eventFilter(watched, event)

    def _add(self, index: int, parameter: Parameter) -> None:
        label = ElidedLabel(parameter.label, self)
        label.setMaximumWidth(self.fontMetrics().horizontalAdvance("m") * 18)
        label.setToolTip(plain_tooltip(explanation(parameter)))
        label.installEventFilter(self)
        self._labels[label] = parameter
        control = make_control(parameter, self)
        control.setToolTip(plain_tooltip(explanation(parameter)))
        control.edited.connect(partial(self.edited.emit, parameter.name))
        control.settled.connect(self.settled)
        control.reset_wanted.connect(partial(self._reset, parameter))
        reset = QToolButton(self)
        reset.setText("Reset")
        reset.setAutoRaise(True)
        reset.setAccessibleName(f"Reset {visible_text(parameter.label)}")
        reset.clicked.connect(partial(self._reset, parameter))
        self.controls[parameter.name] = control
        self.resets[parameter.name] = reset
        self._grid.addWidget(label, index, 0)
        self._grid.addWidget(control, index, 1)
        self._grid.addWidget(reset, index, 2)

    def _reset(self, parameter: Parameter, _checked: bool = False) -> None:
        self.controls[parameter.name].show_value(parameter.default)
        self.edited.emit(parameter.name, parameter.default, False)
