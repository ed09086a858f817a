"""Following rebuilds: for authors who build all day, each new build of a file takes the place of the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from plugdeck.catalogue.report import Report
from plugdeck.chain.step import StepView
from plugdeck.hosting.sandbox.confinement import Approval
from plugdeck.trust.question import Occasion, ask_or_approve
from plugdeck.ui.services import Services

FOLLOWED = "chain.follow_rebuilds"
SETTLE_MS = 500
"""A file that did not change for so long is taken: compilers and linkers write one in several goes."""

Run = Callable[[Approval], object]
Leave = Callable[[], None]
Ask = Callable[[Report, Run, Leave, Run | None], None]
"""The question before a plugin runs: what is to be done on a yes of before, on a no, and on a yes of now."""


class Rebuilds(QObject):
    """Which files are followed, and when one of them is to be taken. What is taken makes a test picture first."""

    swap_wanted = Signal(str)
    """The key of a step whose file is another one by now, and has settled."""
    changed = Signal()
    """Another file is followed, or one no more."""

    def __init__(self, services: Services, ask: Ask, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._chain = services.chain
        self._settings = services.settings
        self._records = services.records
        self._background = services.background
        self._ask = ask
        self._waiting: set[Path] = set()
        self._timer = QTimer(self, interval=SETTLE_MS, singleShot=True)
        self._timer.timeout.connect(self._take)

    def follows(self, path: Path) -> bool:
        """Whether new builds at this path are taken by themselves."""
        return str(path) in self._settings.get(FOLLOWED, [""])

    def follow(self, path: Path, wanted: bool) -> None:
        """Begins or ends to follow a file; remembered."""
        others = [known for known in self._settings.get(FOLLOWED, [""]) if known not in {"", str(path)}]
        self._settings.set(FOLLOWED, [*others, str(path)] if wanted else others)
        self.changed.emit()

    def note(self, reports: Iterable[Report]) -> None:
        """Files were read anew: those that are followed are taken when no more news of them comes for a while."""
        news = {report.path for report in reports if self.follows(report.path)}
        if news:
            self._waiting |= news
            self._timer.start()

    def note_stale(self, step: StepView) -> None:
        """A file that is followed from now on may have been changed before."""
        if step.stale and self.follows(step.path):
            self._waiting.add(step.path)
            self._timer.start()

    def approve(self, report: Report, run: Run, leave: Leave = lambda: None, run_asked: Run | None = None) -> None:
        """Says yes to other bytes at a path that the user follows, as he wished, and asks in any other case.

        What ``run_asked`` is, ``Asking.approve`` says.
        """
        ask = partial(self._ask, report, run, leave, run_asked)
        if not self.follows(report.path):
            ask()
            return

        def go_on(approval: Approval | None) -> None:
            if approval:
                run(approval)
            else:
                ask()

        self._background.run(lambda: self._approval(report), go_on, lambda _: ask())

    def _take(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for step in self._chain.steps():
            if step.path in waiting and step.stale and not step.is_kept_off:
                self.swap_wanted.emit(step.key)

    def _approval(self, report: Report) -> Approval | None:
        """What the build before was allowed, now for this one; None where the user has to be asked. Blocks."""
        answer = ask_or_approve(report, self._records)
        if isinstance(answer, Approval):
            return answer
        earlier = self._records.earlier(report.path, answer.sha256)
        allowed = earlier.approval if earlier else None
        if not (earlier and allowed and answer.occasion is Occasion.CHANGED) or answer.signature.is_bad:
            return None
        if not answer.tier.holds_as_much_as(allowed.lowest_tier):
            return None
        # The yes moves: a day's builds would fill the list of decisions.
        return self._records.pass_on(earlier, answer.sha256, name=report.name)
