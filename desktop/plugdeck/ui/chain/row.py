"""One row of the chain: its controls stay where they are while what they show changes."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QFont, QKeyEvent, QKeySequence, QMouseEvent, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from plugdeck.chain.ordering import INT_MAXIMUM, INT_MINIMUM
from plugdeck.chain.step import StepView
from plugdeck.ui.chain.elided_label import ElidedLabel, plain_tooltip
from plugdeck.ui.chain.explanation import Explanation, InfoButton
from plugdeck.ui.chain.grip import Grip
from plugdeck.ui.chain.quiet_controls import QuietSpinBox
from plugdeck.ui.chain.row_background import ACCENT_WIDTH, paint_background
from plugdeck.ui.chain.take_out import TakeOutButton
from plugdeck.ui.chain.toned_label import TonedLabel
from plugdeck.ui.chain.words import (
    FOLLOW,
    FOLLOW_WHY,
    NOT_UNLOADABLE,
    RESTART_WHY_NOT,
    RUNNING,
    TAKE_OUT,
    TAKE_OUT_WHY,
    can_restart,
    own_time,
    reason,
    spoken,
    state_words,
)
from plugdeck.ui.marks import SIZE, STATE_MARKS, icon_of
from plugdeck.ui.outcome.card import OutcomeCard
from plugdeck.ui.theme import SPACING, Tone
from plugdeck.ui.visible_text import visible_text
from plugdeck.ui.words import USE_NEW


class StepRow(QFrame):
    """A loaded transform: switch, name, milliseconds, priority, state, and what can be done about trouble."""

    enabled_changed = Signal(bool)
    priority_changed = Signal(int)
    restart_wanted = Signal()
    keep_off_wanted = Signal()
    lift_wanted = Signal()
    outcome_dismissed = Signal()
    replace_wanted = Signal()
    remove_wanted = Signal()
    follow_wanted = Signal(bool)
    pressed = Signal()
    step_wanted = Signal(int)
    """The keyboard asks for the row above (-1) or below (1)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._shown: StepView | None = None
        super().__init__(parent)
        self.selected = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.grip = Grip(self)
        self.number = TonedLabel(Tone.QUIET, self)
        self.switch = QCheckBox(self)
        self.name = ElidedLabel(parent=self)
        self.file_name = TonedLabel(Tone.QUIET, self)
        self.time = TonedLabel(Tone.QUIET, self)
        self.priority = QuietSpinBox(self)
        self.mark = QLabel(self)
        self.state = ElidedLabel(parent=self)
        self.info = InfoButton(self)
        self.replace = QPushButton(USE_NEW, self)
        self.remove = TakeOutButton(self)
        self.remove_action = QAction(TAKE_OUT, self)
        self.follow_action = QAction(FOLLOW, self)
        self.reason = TonedLabel(Tone.BAD, self)
        self.card = OutcomeCard(self)
        self.explanation = Explanation(self)
        self._prepare()
        self._lay_out()
        self._connect()

    def show_step(self, number: int, step: StepView, build_id: str = "", *, is_followed: bool = False) -> None:
        """Shows a step as it is now; what the user is typing is left alone."""
        self._shown = step
        self.number.setText(f"{number}")
        self.name.setText(step.name)
        self.name.set_explanation(f"Version {step.version or 'unknown'}\n{step.path}")
        self.name.setEnabled(step.enabled)
        self.file_name.setText(f"— {visible_text(step.file_name)}")
        self.file_name.setVisible(bool(step.file_name))
        self.time.setText(own_time(step))
        self._set_quietly(step)
        self._paint_mark()
        self.state.setText(state_words(step, is_followed=is_followed))
        self.follow_action.setChecked(is_followed)
        self.state.set_explanation(NOT_UNLOADABLE if step.state in RUNNING else "")
        self.info.setVisible(step.state in RUNNING)
        self.replace.setVisible(step.stale)
        self.explanation.restart.setEnabled(can_restart(step))
        self.explanation.restart.setToolTip("" if can_restart(step) else RESTART_WHY_NOT)
        self.card.show_step(step, build_id)
        self._show_reason(step)
        if step.state not in RUNNING:
            self.info.setChecked(False)
        self._name(number, step)

    def _name(self, number: int, step: StepView) -> None:
        """For those who hear it."""
        name = visible_text(step.label)
        self.setAccessibleName(visible_text(spoken(number, step)))
        self.switch.setAccessibleName(f"Use {name} in the chain")
        self.priority.setAccessibleName(f"Priority of {name}")
        self.replace.setAccessibleName(f"Use the new file of {name}")
        self.remove.setAccessibleName(f"Take {name} out of the chain")
        self.info.setAccessibleName(f"Why {name} cannot be unloaded, and what to do")

    def set_selected(self, selected: bool) -> None:
        """Marks the row whose parameters are shown."""
        if selected != self.selected:
            self.selected = selected
            self.update()

    def chain_tab_order(self) -> QWidget:
        """Puts its controls in the order in which they are read, and returns the last."""
        trouble = (self.info, self.replace, self.remove, *self.card.controls, self.explanation.restart)
        controls: tuple[QWidget, ...] = (self, self.switch, self.priority, *trouble)
        for first, second in pairwise(controls):
            QWidget.setTabOrder(first, second)
        return controls[-1]

    def _prepare(self) -> None:
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        self.name.setFont(bold)
        self.priority.setRange(INT_MINIMUM, INT_MAXIMUM)
        self.priority.setToolTip("Priority: lowest runs first; equal ones go by name")
        self.priority.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.priority.setFixedWidth(self.fontMetrics().horizontalAdvance("-00000") + 34)
        self.switch.setToolTip("Switched off, it is left out of the picture and stays loaded")
        self.info.setToolTip("Why it cannot be unloaded, and what to do")
        self.replace.setToolTip("Starts a new host with the file as it is now, and swaps it in when it works")
        self.time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.time.setMinimumWidth(self.fontMetrics().horizontalAdvance("0000 ms"))
        self.time.setToolTip("How long it took when it last ran at full resolution; unchanged steps are not run again")
        self.number.setMinimumWidth(self.fontMetrics().horizontalAdvance("00"))
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.reason.make_readable()
        self.remove_action.setToolTip(f"{TAKE_OUT_WHY} (Del)")
        self.remove_action.setShortcut(QKeySequence(QKeySequence.StandardKey.Delete))
        self.remove_action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # in the spin box Del deletes digits
        self.follow_action.setCheckable(True)
        self.follow_action.setToolTip(FOLLOW_WHY)
        self.addActions([self.follow_action, self.remove_action])
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(SPACING // 2 + ACCENT_WIDTH, SPACING - 2, SPACING, SPACING - 2)
        grid.setHorizontalSpacing(SPACING - 2)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(3, 1)
        below = QHBoxLayout()
        below.setSpacing(SPACING // 2)
        below.addWidget(self.mark)
        below.addWidget(self.state)
        below.addWidget(self.info)
        below.addStretch(1)
        below.addWidget(self.replace)
        below.addWidget(self.remove)
        grid.addWidget(self.grip, 0, 0, 2, 1)
        grid.addWidget(self.number, 0, 1)
        grid.addWidget(self.switch, 0, 2)
        named = QHBoxLayout()
        named.setSpacing(SPACING // 2)
        named.addWidget(self.name)
        named.addWidget(self.file_name)
        named.addStretch(1)
        grid.addLayout(named, 0, 3)
        grid.addWidget(self.time, 0, 4)
        grid.addWidget(self.priority, 0, 5)
        grid.addLayout(below, 1, 3, 1, 3)
        grid.addWidget(self.reason, 2, 3, 1, 3)
        grid.addWidget(self.card, 3, 3, 1, 3)
        grid.addWidget(self.explanation, 4, 3, 1, 3)

    def _connect(self) -> None:
        self.switch.toggled.connect(self.enabled_changed)
        self.priority.valueChanged.connect(self.priority_changed)
        self.card.start_wanted.connect(self.restart_wanted)
        self.card.keep_off_wanted.connect(self.keep_off_wanted)
        self.card.lift_wanted.connect(self.lift_wanted)
        self.card.dismissed.connect(self.outcome_dismissed)
        self.replace.clicked.connect(self.replace_wanted)
        self.remove.clicked.connect(self.remove_wanted)
        self.remove_action.triggered.connect(self.remove_wanted)
        self.follow_action.triggered.connect(self.follow_wanted)
        self.info.toggled.connect(self.explanation.setVisible)
        self.explanation.restart.clicked.connect(self.restart_wanted)
        self.explanation.restart.clicked.connect(lambda: self.info.setChecked(False))

    def _set_quietly(self, step: StepView) -> None:
        for control in (self.switch, self.priority):
            control.blockSignals(True)
        self.switch.setChecked(step.enabled)
        if not self.priority.is_being_typed and self.priority.value() != step.priority:
            self.priority.setValue(step.priority)
        for control in (self.switch, self.priority):
            control.blockSignals(False)

    def _show_reason(self, step: StepView) -> None:
        shown = visible_text(reason(step), keep_lines=True)
        self.reason.setVisible(bool(shown))
        if shown != self.reason.text():
            self.reason.setText(shown)
            self.reason.setToolTip(plain_tooltip(shown))
        self.reason.set_tone(Tone.CAUTION if step.is_loaded else Tone.BAD)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down go from row to row; Space switches it, Enter chooses it."""
        if event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down} and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.step_wanted.emit(-1 if event.key() == Qt.Key.Key_Up else 1)
        elif event.key() == Qt.Key.Key_Space:
            self.switch.toggle()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.pressed.emit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Selects the row."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.pressed.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Marks belong to a palette."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.StyleChange}:
            self._paint_mark()
            self.update()

    def _paint_mark(self) -> None:
        if self._shown:
            self.mark.setPixmap(icon_of(STATE_MARKS[self._shown.state], self.palette()).pixmap(SIZE, SIZE))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The background; the controls paint themselves."""
        paint_background(self, is_selected=self.selected)
