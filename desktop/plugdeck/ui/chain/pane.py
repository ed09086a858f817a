"""The chain pane: the loaded transforms in run order. The chain is the truth; rows only show it and ask it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.report import Report
from plugdeck.chain.chain import Chain
from plugdeck.chain.step import StepView
from plugdeck.ui.chain.drop_line import DropLine
from plugdeck.ui.chain.news import ChainNews
from plugdeck.ui.chain.replacing import Approve, Replacing, ask_nobody
from plugdeck.ui.chain.row import StepRow
from plugdeck.ui.chain.row_news import RowNews
from plugdeck.ui.chain.words import TOTAL_WHY, total_time
from plugdeck.ui.plugins.placeholder import Placeholder
from plugdeck.ui.theme import SPACING

_COUNTDOWN_MS = 200


class ChainPane(QWidget):
    """Lists the steps. Rows are kept and renewed in place, so focus, typing and open explanations survive."""

    step_selected = Signal(str)
    """The key of the step whose row was chosen, also when it was the chosen one before."""
    follow_wanted = Signal(str, bool)
    """The key of the step whose file's rebuilds are to be followed, or not any more."""

    def __init__(
        self,
        chain: Chain,
        bridge: ChainNews,
        parent: QWidget | None = None,
        *,
        read_plugin: Callable[[Path], Report] = examine,
        approve: Approve = ask_nobody,
        build_id: Callable[[Path], str] = lambda _: "",
        follows: Callable[[Path], bool] = lambda _: False,
    ) -> None:
        super().__init__(parent)
        self._chain = chain
        self.replacing = Replacing(chain, self, read_plugin=read_plugin, approve=approve, follows=follows)
        self._build_id = build_id
        self._follows = follows
        self._rows: dict[str, StepRow] = {}
        self._order: tuple[str, ...] = ()
        self._selected = ""
        self._countdown = QTimer(self, interval=_COUNTDOWN_MS)
        self._countdown.timeout.connect(self._count_down)
        self.summary = QLabel(self)
        self.placeholder = Placeholder(self)
        self._lay_out()
        self._add_keys()
        bridge.steps_changed.connect(self.renew)
        QApplication.instance().focusChanged.connect(self._follow_focus)  # type: ignore[union-attr]
        self.renew()

    @property
    def selected(self) -> str:
        """The key of the chosen step, or nothing."""
        return self._selected

    @property
    def rows(self) -> tuple[StepRow, ...]:
        """The rows in run order."""
        return tuple(self._rows[key] for key in self._order)

    def row(self, key: str) -> StepRow | None:
        """The row of a step."""
        return self._rows.get(key)

    def select(self, key: str) -> None:
        """Chooses a step, if it is there."""
        if key not in self._rows or key == self._selected:
            return
        self._selected = key
        for name, row in self._rows.items():
            row.set_selected(name == key)
        self._scroll.ensureWidgetVisible(self._rows[key], 0, 0)
        self.step_selected.emit(key)

    def forget_selection(self) -> None:
        """Chooses none: what is shown elsewhere is no step."""
        self._selected = ""
        for row in self._rows.values():
            row.set_selected(False)

    def restart(self, key: str) -> None:
        """Ends a step's host and starts a new one; where its file is another one by now, that is asked about first."""
        step = self._chain.step(key)
        if step and step.stale:
            self.replacing.use_new(key)
        else:
            self._chain.restart(key)

    def renew(self) -> None:
        """Shows the chain as it is now."""
        steps = self._chain.steps()
        for step in steps:
            if step.key not in self._rows:
                self._rows[step.key] = self._make_row(step.key)
        self._drop_rows(set(self._rows) - {step.key for step in steps})
        for number, step in enumerate(steps, 1):
            build_id = self._build_id(step.path) if step.outcome else ""
            self._rows[step.key].show_step(number, step, build_id, is_followed=self._follows(step.path))
        self._put_in_order(tuple(step.key for step in steps))
        self._say_summary(steps)
        self._stack.setCurrentIndex(1 if steps else 0)
        bar = self._scroll.verticalScrollBar().sizeHint().width()
        self._scroll.setMinimumWidth(self._content.minimumSizeHint().width() + bar)
        self._news.look(steps)
        if any(step.restarts_in_s is not None for step in steps):
            self._countdown.start()
        else:
            self._countdown.stop()

    # --- putting it together

    def _lay_out(self) -> None:
        self.placeholder.say(
            "No transforms are loaded",
            "Choose a compatible plugin in the list and load it with Enter or its Load button. Loaded transforms run "
            "over the picture in the order of their priority, each in a process of its own.",
        )
        self._content = QWidget(self)
        self._column = QVBoxLayout(self._content)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self.drop_line = DropLine(self._content)
        self._scroll = QScrollArea(self)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self._content)
        self._news = RowNews(self._scroll, lambda: self.rows)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.placeholder)
        self._stack.addWidget(self._scroll)
        self.summary.setContentsMargins(SPACING, SPACING // 2, SPACING, SPACING // 2)
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.summary)
        layout.addWidget(self._stack, 1)
        self.setAccessibleName("Chain of transforms")

    def _add_keys(self) -> None:
        for key, by in (("Alt+Up", -1), ("Alt+Down", 1)):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(self._move_selected, by))
        escape = QShortcut(QKeySequence("Escape"), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self._cancel_drag)

    def _make_row(self, key: str) -> StepRow:
        row = StepRow(self._content)
        row.enabled_changed.connect(partial(self._chain.set_enabled, key))
        row.priority_changed.connect(partial(self._chain.set_priority, key))
        row.restart_wanted.connect(partial(self.restart, key))
        row.replace_wanted.connect(partial(self.replacing.use_new, key))
        row.follow_wanted.connect(partial(self.follow_wanted.emit, key))
        row.keep_off_wanted.connect(partial(self._chain.keep_off, key))
        row.lift_wanted.connect(partial(self._chain.lift_quarantine, key))
        row.outcome_dismissed.connect(partial(self._chain.forget_outcome, key))
        row.remove_wanted.connect(partial(self._chain.remove, key))
        row.pressed.connect(partial(self._choose, key))
        row.step_wanted.connect(partial(self._focus_beside, key))
        row.grip.moved.connect(partial(self._drag, key))
        row.grip.dropped.connect(partial(self._drop, key))
        row.grip.cancelled.connect(self.drop_line.end)
        return row

    def _drop_rows(self, keys: set[str]) -> None:
        """Rows of steps that were taken out go; the focus goes on to the row that takes their place."""
        focus = QApplication.focusWidget()
        for key in keys:
            row, index = self._rows.pop(key), self._order.index(key)
            had_focus = focus is not None and (focus is row or row.isAncestorOf(focus))
            self._order = tuple(name for name in self._order if name != key)
            self._selected = "" if key == self._selected else self._selected
            row.hide()
            row.deleteLater()
            if had_focus and self._order:
                self._rows[self._order[min(index, len(self._order) - 1)]].setFocus(Qt.FocusReason.OtherFocusReason)

    def _count_down(self) -> None:
        """Only the cards change: nothing else is read again several times a second."""
        for step in self._chain.steps():
            if step.restarts_in_s is not None and (row := self._rows.get(step.key)):
                row.card.count_down(step)

    def _put_in_order(self, order: tuple[str, ...]) -> None:
        if order == self._order:
            return
        self._order = order
        previous: QWidget | None = None
        for index, key in enumerate(order):
            row = self._rows[key]
            if self._column.indexOf(row) != index:
                self._column.removeWidget(row)
                self._column.insertWidget(index, row)
            if previous:
                QWidget.setTabOrder(previous, row)
            previous = row.chain_tab_order()

    def _say_summary(self, steps: tuple[StepView, ...]) -> None:
        self.summary.setVisible(bool(steps))
        count = f"{len(steps)} transform{'s' if len(steps) != 1 else ''}"
        total = total_time(steps)
        self.summary.setToolTip(TOTAL_WHY if total else "")
        self.summary.setText(f"{count}, lowest priority first{f' · {total}' if total else ''}")

    # --- choosing and moving

    def _choose(self, key: str) -> None:
        """A press on the row that is chosen already is told as well: something else may be shown by now."""
        if key == self._selected:
            self.step_selected.emit(key)
        self.select(key)

    def _follow_focus(self, _old: QWidget | None, now: QWidget | None) -> None:
        for key, row in self._rows.items():
            if now is not None and (now is row or row.isAncestorOf(now)):
                self.select(key)

    def _focus_beside(self, key: str, by: int) -> None:
        index = self._order.index(key) + by
        if 0 <= index < len(self._order):
            self._rows[self._order[index]].setFocus(Qt.FocusReason.TabFocusReason)

    def _move_selected(self, by: int) -> None:
        if self._selected in self._order:
            position = self._order.index(self._selected) + by
            if 0 <= position < len(self._order):
                self._chain.move(self._selected, position)

    def _drag(self, key: str, where: QPoint) -> None:
        """Shows where the row would go."""
        y = self._content.mapFromGlobal(where).y()
        self.drop_line.point(y, [self._rows[name] for name in self._order if name != key])
        self._scroll.ensureVisible(0, y, 0, 2 * SPACING)
        self.select(key)

    def _drop(self, key: str) -> None:
        position = self.drop_line.position
        self.drop_line.end()
        if position is not None and key in self._order and position != self._order.index(key):
            self._chain.move(key, position)

    def _cancel_drag(self) -> None:
        for row in self._rows.values():
            row.grip.cancel()
