"""For which host a report speaks, and what Plugdeck's own worker says where that is another one."""

from __future__ import annotations

from dataclasses import dataclass

from plugdeck.catalogue.report import Report
from plugdeck.compat.host_choice import WORKER, HostChoice
from plugdeck.ui.visible_text import visible_text

OWN_WORKER = "Plugdeck's own worker"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What has to be said beside a verdict; equal ones say the same."""

    choice: HostChoice = WORKER
    is_stale: bool = False
    """Whether the report is of another host than the chosen one, and awaits a new one."""
    by_worker: Report | None = None
    """The own worker's report where ``choice`` is another host; None as long as it is not known."""

    @property
    def is_own(self) -> bool:
        """Whether the verdict is the own worker's, which also is what loading goes by."""
        return self.choice == WORKER


BY_OWN_WORKER = Judgement()


def host_words(choice: HostChoice) -> str:
    """The host for people, in a few words."""
    return OWN_WORKER if choice == WORKER else visible_text(choice.label)


def host_path(choice: HostChoice) -> str:
    """Where the host is, for a tool tip; empty for the own worker."""
    lines = [
        *([visible_text(str(choice.executable))] if choice.executable else ()),
        *([f"in the system at {visible_text(str(choice.sysroot))}"] if choice.sysroot else ()),
    ]
    return "\n".join(lines)
