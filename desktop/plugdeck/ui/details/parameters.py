"""The Parameters tab: controls generated from what the plugin declares, for the step that is chosen in the chain."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from plugdeck.chain.chain import Chain
from plugdeck.chain.step import StepView
from plugdeck.dialects.manifest import Parameter
from plugdeck.ui.chain.news import ChainNews
from plugdeck.ui.chain.words import RUNNING
from plugdeck.ui.details.parameters_controls import ValueControl
from plugdeck.ui.details.parameters_form import Form
from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.plugins.placeholder import Placeholder
from plugdeck.ui.theme import SPACING
from plugdeck.ui.visible_text import visible_text


class ParametersPanel(QWidget):
    """Shows and sets the parameters of one step. Connect ``edited`` to the preview pane's ``refresh``."""

    edited = Signal(bool)
    """A value was set; true while more are coming, since a control is being dragged."""

    def __init__(self, chain: Chain, bridge: ChainNews, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chain = chain
        self._key: str | None = None
        self._parameters: tuple[Parameter, ...] = ()
        self._form: Form | None = None
        self.hint = plain_label("It is not running now. What you set is kept for its next start.", self)
        self.placeholder = Placeholder(self)
        self._lay_out()
        bridge.steps_changed.connect(self.renew)
        self.show_step(None)

    @property
    def key(self) -> str | None:
        """The step whose parameters are shown."""
        return self._key

    @property
    def controls(self) -> dict[str, ValueControl]:
        """The control of each parameter, by the name of its variable."""
        return dict(self._form.controls) if self._form else {}

    @property
    def form(self) -> Form | None:
        """The rows, when there is something to set."""
        return self._form

    def show_step(self, key: str | None) -> None:
        """Shows another step's parameters, or with None how to get at some."""
        if key != self._key:
            self._key, self._parameters = key, ()
            self._drop_form()
        self.renew()

    def renew(self) -> None:
        """Shows the values as the chain has them; a control in the user's hand is left alone."""
        step = self._chain.step(self._key) if self._key else None
        if step is None or not step.parameters:
            self._say_nothing_to_set(step)
            return
        if step.parameters != self._parameters:
            self._build(step)
        self._stack.setCurrentIndex(1)
        self.hint.setVisible(step.state not in RUNNING)
        if self._form:
            self._form.show_values(step)

    def _say_nothing_to_set(self, step: StepView | None) -> None:
        if step is None:
            self.placeholder.say(
                "No transform is chosen", "Load a transform and choose it in the chain to set its parameters."
            )
        else:
            name = visible_text(step.name)
            self.placeholder.say(f"{name} has no parameters", "There is nothing to set but its priority, in the chain.")
        self._drop_form()
        self._stack.setCurrentIndex(0)

    def _lay_out(self) -> None:
        self._scroll = QScrollArea(self)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(SPACING, SPACING, SPACING, 0)
        column.setSpacing(SPACING)
        column.addWidget(self.hint)
        column.addWidget(self._scroll, 1)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.placeholder)
        self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def _build(self, step: StepView) -> None:
        self._parameters = step.parameters
        self._form = Form(step.parameters, self)
        self._form.edited.connect(self._set)
        self._form.settled.connect(partial(self.edited.emit, False))
        self._form.reset_all.clicked.connect(self._reset_all)
        self._form.set_tab_order()
        self._scroll.setWidget(self._form)  # deletes the form before it

    def _drop_form(self) -> None:
        self._form, self._parameters = None, ()
        form = self._scroll.takeWidget()
        if form:
            form.deleteLater()

    def _set(self, name: str, value: float, more: bool) -> None:
        if self._key:
            self._chain.set_value(self._key, name, value)
            self.edited.emit(more)

    def _reset_all(self) -> None:
        for parameter in self._parameters:
            if self._key:
                self._chain.set_value(self._key, parameter.name, parameter.default)
        self.edited.emit(False)
        self.renew()
