"""The questions that wait for the user: asked before a plugin from outside runs, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from plugdeck.catalogue.report import Report
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.sandbox.confinement import NO_PERMISSIONS, Approval, Permissions, Tier
from plugdeck.trust.question import Occasion, Question, ask_or_approve
from plugdeck.trust.records import TrustRecords
from plugdeck.ui.background import Background

Run = Callable[[Approval], object]
"""What is to be done once the plugin may run."""
Leave = Callable[[], None]
"""What is to be done when it may not."""


@dataclass(slots=True, eq=False)
class Wish:
    """Somebody wants to run a plugin; ``question`` is there once its file has been read."""

    report: Report
    run: Run
    leave: Leave
    run_asked: Run
    question: Question | None = None
    is_aside: bool = field(default=False)
    """Whether the user looks at something else first."""


class Asking(QObject):
    """Finds out, off the GUI thread, who needs a question, and keeps what waits. Nothing runs without an answer."""

    changed = Signal()
    """Other questions wait, or another one is to be shown."""
    failed = Signal(object)
    """A ``PlugdeckError``: a file or what was decided before could not be read, or an answer not kept."""

    def __init__(self, records: TrustRecords, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._records = records
        self._background = background
        self._wishes: dict[Path, Wish] = {}
        self._current: Wish | None = None
        self._told = ""

    @property
    def current(self) -> Question | None:
        """The question to be shown."""
        return self._current.question if self._current else None

    @property
    def waiting(self) -> tuple[Question, ...]:
        """Every question without an answer, in the order in which they came."""
        return tuple(wish.question for wish in self._wishes.values() if wish.question)

    def approve(self, report: Report, run: Run, leave: Leave = lambda: None, run_asked: Run | None = None) -> None:
        """Runs it at once where the user said yes before, and else asks.

        A second wish for the same file takes the place of the first, and is about its bytes as they are now.

        Args:
            report: what is to run.
            run: gets what the user agreed to.
            leave: called when he said no, or the file cannot be read.
            run_asked: gets it in the place of ``run`` when he had to be asked: he read how well it is confined.
        """
        if known := self._wishes.pop(report.path, None):
            known.leave()
            self._forget_current(known)
        wish = self._wishes[report.path] = Wish(report, run, leave, run_asked or run)
        self._look(wish)

    def run_current(self, permissions: Permissions) -> None:
        """The user said yes to what is shown, with these permissions."""
        if self._current:
            self._allow(self._current, permissions)
            self._show_next()

    def run_together(self, permissions: Permissions) -> None:
        """The user said yes to what is shown, and to all that were listed beside it, which get no permissions."""
        if self._current:
            others = [self._wishes[question.path] for question in self.beside()]
            self._allow(self._current, permissions)
            for wish in others:
                self._allow(wish, NO_PERMISSIONS)
            self._show_next()

    def refuse_current(self) -> None:
        """The user said no, for now: it is asked again when it is to run again."""
        if wish := self._current:
            self._drop(wish)
            wish.leave()
            self._show_next()

    def beside(self) -> tuple[Question, ...]:
        """The questions that one answer could settle with the current one: of its folder, and nothing odd in them."""
        current = self.current
        if current is None or not is_ordinary(current):
            return ()
        folder = current.path.parent
        return tuple(
            each for each in self.waiting if each is not current and each.path.parent == folder and is_ordinary(each)
        )

    def step_aside(self) -> None:
        """The user looks at something else: the question waits out of sight."""
        if self._current:
            self._current.is_aside = True
            self._current = None
            self.changed.emit()

    def come_back(self, path: Path | None = None) -> bool:
        """Shows the question about a file again, or the first that waits; whether there is one."""
        asked = [wish for wish in self._wishes.values() if wish.question and path in {None, wish.report.path}]
        if asked and asked[0] is not self._current:
            asked[0].is_aside = False
            self._current = asked[0]
            self.changed.emit()
        return bool(asked)

    # --- reading

    def _look(self, wish: Wish) -> None:
        report, records = wish.report, self._records

        def take(found: tuple[Approval | Question, str]) -> None:
            answer, notice = found
            self._tell_once(notice)
            self._take(wish, answer)

        self._background.run(
            lambda: (ask_or_approve(report, records), records.notice), take, lambda error: self._give_up(wish, error)
        )

    def _tell_once(self, notice: str) -> None:
        """Why the user is asked what he was asked before; told again only when it is something else."""
        is_news, self._told = notice not in {"", self._told}, notice
        if is_news:
            self.failed.emit(PlugdeckError(notice))

    def _take(self, wish: Wish, answer: Approval | Question) -> None:
        if self._wishes.get(wish.report.path) is not wish:
            return  # another wish for the same file came meanwhile
        if isinstance(answer, Approval):
            self._drop(wish)
            wish.run(answer)
            self._show_next()
            return
        wish.question = answer
        self._current = self._current or wish
        self.changed.emit()

    def _give_up(self, wish: Wish, error: PlugdeckError) -> None:
        if self._wishes.get(wish.report.path) is wish:
            self._drop(wish)
            wish.leave()
            why = f"{wish.report.path.name} was not run. {str(error).rstrip('.')}."
            self.failed.emit(PlugdeckError(why, remedy=error.remedy))
            self._show_next()

    # --- answers

    def _allow(self, wish: Wish, permissions: Permissions) -> None:
        self._drop(wish)
        self._keep(wish, permissions)

    def _keep(self, wish: Wish, permissions: Permissions) -> None:
        """Notes the answer before anything runs; one that cannot be kept holds for this time."""
        question = wish.question
        assert question
        approval = Approval(permissions, question.sha256, question.tier)

        def fail(error: PlugdeckError) -> None:
            self.failed.emit(error)
            wish.run_asked(approval)

        def run(_: object) -> None:
            wish.run_asked(approval)

        self._background.run(lambda: self._write(question, approval), run, fail)

    def _write(self, question: Question, approval: Approval) -> None:
        self._records.allow(
            approval.sha256,
            name=question.report.name,
            path=question.path,
            permissions=approval.permissions,
            lowest_tier=approval.lowest_tier,
        )
        if notice := self._records.unsaved_notice:
            raise PlugdeckError(notice)

    def _drop(self, wish: Wish) -> None:
        if self._wishes.get(wish.report.path) is wish:
            del self._wishes[wish.report.path]
        self._forget_current(wish)

    def _forget_current(self, wish: Wish) -> None:
        if self._current is wish:
            self._current = None

    def _show_next(self) -> None:
        """What the user put aside comes back when he says so."""
        if self._current is None:
            asked = (wish for wish in self._wishes.values() if wish.question and not wish.is_aside)
            self._current = next(asked, None)
        self.changed.emit()


def is_ordinary(question: Question) -> bool:
    """Whether it can be answered together with others: anything unusual gets a question of its own."""
    is_sealed = question.tier is Tier.SEALED  # below that, each plugin is a decision of its own
    return is_sealed and question.occasion is Occasion.FIRST_USE and not question.signature.is_bad
