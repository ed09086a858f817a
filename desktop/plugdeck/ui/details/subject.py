"""What the details are about: the report on a file, and the chain's step of it if it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from plugdeck.catalogue.report import Report
from plugdeck.ui.host.judgement import BY_OWN_WORKER, Judgement

if TYPE_CHECKING:
    from plugdeck.chain.step import StepView


@dataclass(frozen=True, slots=True)
class Subject:
    """One plugin; equal subjects show the same."""

    report: Report
    step: StepView | None = None
    judged: Judgement = BY_OWN_WORKER
    """For which host the report speaks."""

    @property
    def key(self) -> str | None:
        """The chain's key of its step."""
        return self.step.key if self.step else None


class DetailsPage(Protocol):
    """A tab's page: shows whatever it is given, at once."""

    def show_subject(self, subject: Subject | None) -> None:
        """Shows another plugin, or the same one anew."""
