"""The controls of parameters: one small class a kind, each showing a number and telling when the user changes it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSizePolicy, QWidget

from plugdeck.dialects.manifest import Parameter, ParameterKind
from plugdeck.ui.chain.quiet_controls import QuietComboBox, QuietDoubleSpinBox, QuietSpinBox
from plugdeck.ui.details.parameters_scale import Scale
from plugdeck.ui.details.parameters_slider import JumpingSlider
from plugdeck.ui.theme import SPACING
from plugdeck.ui.visible_text import visible_text

_LONGEST_UNIT = 12


class ValueControl(QWidget):
    """What every kind of control has."""

    edited = Signal(float, bool)
    """The user's new value, and whether more is to be expected: a slider is being dragged, a button held."""
    settled = Signal()
    """The dragging came to its end."""
    reset_wanted = Signal()

    @property
    def is_busy(self) -> bool:
        """Whether the user is in the middle of changing it."""
        return False

    def show_value(self, value: float) -> None:
        """Shows a value without telling it as the user's."""
        raise NotImplementedError

    def keyboard_order(self) -> list[QWidget]:
        """What takes the keyboard in it."""
        return [proxy] if (proxy := self.focusProxy()) else []

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Back to the default."""
        self.reset_wanted.emit()


def make_control(parameter: Parameter, parent: QWidget) -> ValueControl:
    """The control that suits a parameter."""
    match parameter.kind:
        case ParameterKind.SWITCH:
            return SwitchControl(parameter, parent)
        case ParameterKind.CHOICE:
            return ChoiceControl(parameter, parent)
        case _:
            return NumberControl(parameter, parent)


class NumberControl(ValueControl):
    """A slider and a spin box that agree."""

    def __init__(self, parameter: Parameter, parent: QWidget) -> None:
        super().__init__(parent)
        self._scale = Scale.of(parameter)
        self.slider = JumpingSlider(self)
        self.spin = self._make_spin(parameter)
        self.slider.setRange(0, self._scale.positions)
        self.slider.setSingleStep(self._scale.positions_a_step if self._scale.has_slider else 1)
        self.slider.setPageStep(10 * self.slider.singleStep())
        self.slider.setVisible(self._scale.has_slider)
        label = visible_text(parameter.label)
        self.slider.setAccessibleName(label)
        self.spin.setAccessibleName(f"{label}, as a number")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING)
        layout.addWidget(self.slider, 1)
        if not self._scale.has_slider:
            layout.addStretch(1)
        layout.addWidget(self.spin)
        self.slider.valueChanged.connect(self._slide)
        self.slider.sliderReleased.connect(self.settled)
        self.slider.reset_wanted.connect(self.reset_wanted)
        self.spin.valueChanged.connect(self._type)
        self.setFocusProxy(self.slider if self._scale.has_slider else self.spin)

    @property
    def is_busy(self) -> bool:
        """While the slider is held or a number is half typed."""
        return self.slider.isSliderDown() or self.spin.is_being_typed

    def keyboard_order(self) -> list[QWidget]:
        """The slider where there is one, then the spin box."""
        return [self.slider, self.spin] if self._scale.has_slider else [self.spin]

    def show_value(self, value: float) -> None:
        """Moves both."""
        self._show_in_slider(value)
        self._show_in_spin(value)

    def _make_spin(self, parameter: Parameter) -> QuietSpinBox | QuietDoubleSpinBox:
        spin: QuietSpinBox | QuietDoubleSpinBox
        scale = self._scale
        if parameter.kind is ParameterKind.INTEGER:
            spin = QuietSpinBox(self)
            spin.setRange(int(scale.minimum), int(scale.maximum))
            spin.setSingleStep(int(scale.step))
        else:
            spin = QuietDoubleSpinBox(self)
            spin.setDecimals(scale.decimals)
            spin.setRange(scale.minimum, scale.maximum)
            spin.setSingleStep(scale.step)
        if parameter.unit:
            unit = visible_text(parameter.unit)[:_LONGEST_UNIT]
            spin.setSuffix(unit if unit == "°" else f" {unit}")
        spin.setMinimumWidth(spin.fontMetrics().horizontalAdvance("00000.00 px") + 28)
        spin.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        return spin

    def _slide(self, position: int) -> None:
        value = self._scale.to_value(position)
        self._show_in_spin(value)
        self.edited.emit(value, True)

    def _type(self, value: float) -> None:
        self._show_in_slider(value)
        self.edited.emit(float(value), True)

    def _show_in_slider(self, value: float) -> None:
        if self._scale.has_slider and not self.slider.isSliderDown():
            self.slider.blockSignals(True)
            self.slider.setValue(self._scale.to_position(value))
            self.slider.blockSignals(False)

    def _show_in_spin(self, value: float) -> None:
        if self.spin.is_being_typed:
            return
        self.spin.blockSignals(True)
        if isinstance(self.spin, QuietSpinBox):
            self.spin.setValue(round(value))
        else:
            self.spin.setValue(value)
        self.spin.blockSignals(False)


class SwitchControl(ValueControl):
    """A check box."""

    def __init__(self, parameter: Parameter, parent: QWidget) -> None:
        super().__init__(parent)
        self.box = QCheckBox(self)
        self.box.setAccessibleName(visible_text(parameter.label))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.box)
        layout.addStretch(1)
        self.box.toggled.connect(self._toggle)
        self.setFocusProxy(self.box)

    def show_value(self, value: float) -> None:
        """Anything but 0 is on."""
        self.box.blockSignals(True)
        self.box.setChecked(value != 0)
        self._say()
        self.box.blockSignals(False)

    def _toggle(self, on: bool) -> None:
        self._say()
        self.edited.emit(float(on), False)

    def _say(self) -> None:
        self.box.setText("On" if self.box.isChecked() else "Off")


class ChoiceControl(ValueControl):
    """A list; the value is the index."""

    def __init__(self, parameter: Parameter, parent: QWidget) -> None:
        super().__init__(parent)
        self.box = QuietComboBox(self)
        self.box.addItems([visible_text(choice) for choice in parameter.choices])
        self.box.setSizeAdjustPolicy(QuietComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(16)
        self.box.setAccessibleName(visible_text(parameter.label))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.box, 1)
        layout.addStretch(1)
        self.box.currentIndexChanged.connect(lambda index: self.edited.emit(float(index), False))
        self.setFocusProxy(self.box)

    @property
    def is_busy(self) -> bool:
        """While the list is open."""
        return self.box.view().isVisible()

    def show_value(self, value: float) -> None:
        """An index outside the list shows nothing chosen."""
        index = int(value)
        self.box.blockSignals(True)
        self.box.setCurrentIndex(index if 0 <= index < self.box.count() else -1)
        self.box.blockSignals(False)
