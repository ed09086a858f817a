"""The generated controls: they agree with the plugin, with each other, and with the user's hands."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from plugdeck.dialects.manifest import Parameter, ParameterKind
from plugdeck.ui.details.parameters import ParametersPanel
from plugdeck.ui.details.parameters_controls import ChoiceControl, NumberControl, SwitchControl, make_control
from plugdeck.ui.details.parameters_scale import Scale, explanation

# Qt's offscreen plugin says so whenever a window's layout changes.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def panel(deck, qtbot):
    made = ParametersPanel(deck.chain, deck.bridge)
    qtbot.addWidget(made)
    made.resize(640, 300)
    made.show()
    made.activateWindow()
    return made


@pytest.fixture
def shown(panel, deck, qtbot):
    panel.key_ = deck.load("adder")
    panel.show_step(panel.key_)
    qtbot.waitUntil(lambda: len(panel.controls) == 4)
    return panel


def values(shown, deck) -> dict:
    return dict(deck.step(shown.key_).values)


def test_without_a_step_it_says_what_to_do(panel):
    assert panel.placeholder.isVisible()
    assert "chain" in panel.placeholder.text.text()


def test_each_kind_has_its_control(shown):
    kinds = {name: type(control) for name, control in shown.controls.items()}
    assert kinds == {
        "amount": NumberControl,
        "gain": NumberControl,
        "doubled": SwitchControl,
        "trouble": ChoiceControl,
    }
    assert shown.controls["amount"].spin.suffix() == " steps"


def test_slider_and_spin_box_agree_and_reach_the_plugin(shown, deck, qtbot):
    control = shown.controls["amount"]
    control.slider.setValue(control._scale.to_position(200))
    assert control.spin.value() == 200
    host = deck.chain._steps.find(shown.key_).host
    qtbot.waitUntil(lambda: host.read("amount") == 200)
    control.spin.setValue(40)
    assert control._scale.to_value(control.slider.value()) == 40
    assert values(shown, deck)["amount"] == 40


def test_dragging_is_told_as_interactive_and_its_end_too(shown, qtbot):
    told = []
    shown.edited.connect(told.append)
    slider = shown.controls["amount"].slider
    middle = slider.height() // 2
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(20, middle))
    QTest.mouseMove(slider, QPoint(90, middle))
    QTest.mouseMove(slider, QPoint(120, middle))
    assert told
    assert all(told)
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(120, middle))
    assert told[-1] is False


def test_a_click_on_the_groove_goes_there(shown, deck):
    slider = shown.controls["amount"].slider
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 2, slider.height() // 2))
    assert values(shown, deck)["amount"] == 255


def test_switch_and_choice_reach_the_chain(shown, deck):
    shown.controls["doubled"].box.click()
    shown.controls["trouble"].box.setCurrentIndex(2)
    assert values(shown, deck)["doubled"] == 1
    assert values(shown, deck)["trouble"] == 2


def test_values_set_elsewhere_are_shown(shown, deck, qtbot):
    deck.chain.set_value(shown.key_, "amount", 77)
    deck.chain.set_value(shown.key_, "gain", 0.123)
    deck.chain.set_value(shown.key_, "doubled", 1)
    qtbot.waitUntil(lambda: shown.controls["amount"].spin.value() == 77)
    assert shown.controls["gain"].spin.value() == pytest.approx(0.123)
    assert shown.controls["doubled"].box.isChecked()


def test_showing_a_value_does_not_write_it_back(shown, deck, qtbot):
    told = []
    shown.edited.connect(told.append)
    deck.chain.set_value(shown.key_, "gain", 1 / 3)
    qtbot.waitUntil(lambda: shown.controls["gain"].spin.value() == pytest.approx(1 / 3, abs=1e-2))
    assert values(shown, deck)["gain"] == 1 / 3
    assert not told


def test_typing_survives_news_of_the_chain(shown, deck, qtbot):
    spin = shown.controls["amount"].spin
    spin.setFocus()
    spin.selectAll()
    QTest.keyClicks(spin, "12")
    with qtbot.waitSignal(deck.bridge.steps_changed):
        deck.chain.set_value(shown.key_, "doubled", 1)
    assert spin.lineEdit().text().startswith("12")
    assert values(shown, deck)["amount"] == 10
    QTest.keyClick(spin, Qt.Key.Key_Return)
    assert values(shown, deck)["amount"] == 12


def test_each_parameter_and_all_of_them_can_be_reset(shown, deck, qtbot):
    deck.chain.set_value(shown.key_, "amount", 99)
    deck.chain.set_value(shown.key_, "gain", 2)
    qtbot.waitUntil(shown.form.resets["amount"].isEnabled)
    shown.form.resets["amount"].click()
    assert values(shown, deck)["amount"] == 10
    assert values(shown, deck)["gain"] == 2
    qtbot.mouseClick(shown.form.reset_all, Qt.MouseButton.LeftButton)
    assert values(shown, deck) == {"amount": 10, "gain": 1, "doubled": 0, "trouble": 0}
    qtbot.waitUntil(lambda: not shown.form.reset_all.isEnabled())


def test_a_double_click_on_slider_or_label_resets(shown, deck, qtbot):
    deck.chain.set_value(shown.key_, "amount", 99)
    QTest.mouseDClick(shown.controls["amount"].slider, Qt.MouseButton.LeftButton)
    assert values(shown, deck)["amount"] == 10
    deck.chain.set_value(shown.key_, "gain", 2)
    label = next(label for label, parameter in shown.form._labels.items() if parameter.name == "gain")
    QTest.mouseDClick(label, Qt.MouseButton.LeftButton)
    assert values(shown, deck)["gain"] == 1


@pytest.mark.parametrize("name", ["amount", "gain", "trouble"])
def test_the_wheel_changes_nothing_without_the_focus(shown, deck, name):
    before = values(shown, deck)
    for control in shown.controls[name].findChildren(QWidget):
        if control.isVisible() and control.focusPolicy() == Qt.FocusPolicy.StrongFocus:
            control.clearFocus()
            place = QPointF(4, 4)
            event = QWheelEvent(
                place, control.mapToGlobal(place), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
            )  # fmt: skip
            QApplication.sendEvent(control, event)
    assert values(shown, deck) == before


def test_the_keyboard_reaches_every_control_in_reading_order(shown, qtbot):
    shown.form.reset_all.setEnabled(True)
    seen = []
    shown.controls["amount"].slider.setFocus()
    for _ in range(5):
        seen.append(QApplication.focusWidget())
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    controls = shown.controls
    expected = [controls["amount"].slider, controls["amount"].spin, controls["gain"].slider, controls["gain"].spin]
    assert seen[:4] == expected
    assert seen[4] is controls["doubled"].box


def test_arrow_keys_move_the_slider_by_a_sensible_step(shown, deck):
    slider = shown.controls["gain"].slider
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert values(shown, deck)["gain"] == pytest.approx(1.01)


def test_another_step_has_its_own_controls(shown, deck, qtbot):
    other = deck.load("other", priority=5, values={"amount": 200})
    shown.show_step(other)
    assert shown.key == other
    qtbot.waitUntil(lambda: shown.controls["amount"].spin.value() == 200)
    shown.show_step(None)
    assert shown.placeholder.isVisible()
    assert not shown.controls


def test_values_can_be_set_while_the_plugin_is_down_and_hold_after_its_restart(shown, deck, qtbot):
    deck.chain._steps.find(shown.key_).host.stop()
    qtbot.waitUntil(shown.hint.isVisible)
    shown.controls["amount"].spin.setValue(123)
    deck.chain.restart(shown.key_)
    qtbot.waitUntil(lambda: not shown.hint.isVisible(), timeout=10_000)
    assert deck.chain._steps.find(shown.key_).host.read("amount") == 123


def test_labels_and_tooltips_are_plain_text(shown):
    label = next(label for label, parameter in shown.form._labels.items() if parameter.name == "gain")
    assert label.text() == "Gain <b>& more"
    assert "Gain &lt;b&gt;&amp; more" in label.toolTip()
    assert "From 0 to 2, by default 1" in label.toolTip()


def test_every_control_has_a_name_for_those_who_hear_it(shown):
    for control in shown.controls.values():
        assert all(widget.accessibleName() for widget in control.keyboard_order())


def parameter(kind=ParameterKind.REAL, low=0.0, high=1.0, default=0.0, **more) -> Parameter:
    return Parameter("x", "X", kind, low, high, default, **more)


finite = st.floats(-1e9, 1e9)


@given(finite, finite, finite)
def test_a_scale_covers_its_range_and_gives_back_what_it_shows(low, high, default):
    scale = Scale.of(parameter(low=low, high=high, default=default))
    if not scale.has_slider:
        return
    assert scale.to_value(0) == pytest.approx(low, abs=10**-scale.decimals)
    assert scale.to_value(scale.positions) == pytest.approx(high, abs=10**-scale.decimals)
    for position in (0, scale.positions // 3, scale.positions):
        value = scale.to_value(position)
        assert low <= value <= high
        assert abs(scale.to_position(value) - position) <= 1


@pytest.mark.parametrize(
    ("low", "high", "step", "decimals"),
    [(0, 1, 0.01, 3), (0, 1e-6, 1e-8, 9), (0, 100, 1, 1), (-180, 180, 1, 1), (0, 0.005, 0.0001, 5)],
)
def test_steps_suit_the_range(low, high, step, decimals):
    scale = Scale.of(parameter(low=low, high=high))
    assert scale.step == pytest.approx(step)
    assert scale.decimals == decimals


def test_enough_digits_are_shown_for_the_default():
    assert Scale.of(parameter(high=100, default=0.1234)).decimals == 4


@pytest.mark.parametrize(("low", "high"), [(0, 0), (5, 1), (math.nan, 1), (0, math.inf)])
@pytest.mark.parametrize("kind", [ParameterKind.REAL, ParameterKind.INTEGER])
def test_a_range_that_makes_no_sense_leaves_a_spin_box(qtbot, kind, low, high):
    holder = QWidget()
    qtbot.addWidget(holder)
    control = make_control(parameter(kind, low, high, 3), holder)
    control.show_value(3)
    assert not control.slider.isVisibleTo(holder)
    assert control.spin.value() == 3


def test_a_huge_integer_range_has_a_slider_that_reaches_both_ends(qtbot):
    holder = QWidget()
    qtbot.addWidget(holder)
    control = make_control(parameter(ParameterKind.INTEGER, -(2**31), 2**31 - 1, 0), holder)
    told = []
    control.edited.connect(lambda value, more: told.append(value))
    control.slider.setValue(control.slider.maximum())
    control.slider.setValue(0)
    assert told == [2**31 - 1, -(2**31)]


def test_a_choice_outside_the_list_shows_nothing(qtbot):
    holder = QWidget()
    qtbot.addWidget(holder)
    control = make_control(parameter(ParameterKind.CHOICE, 0, 1, 0, choices=("A", "B")), holder)
    control.show_value(7)
    assert control.box.currentIndex() == -1


def test_an_explanation_names_variable_range_and_unit():
    words = explanation(parameter(ParameterKind.INTEGER, 0, 50, 5, unit="px"))
    assert "From 0 to 50 px, by default 5 px" in words
    assert "Variable: x" in words
    assert "By default B" in explanation(parameter(ParameterKind.CHOICE, 0, 1, 1, choices=("A", "B")))
    assert "by default on" in explanation(parameter(ParameterKind.SWITCH, 0, 1, 1))
