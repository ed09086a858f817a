"""What an install would change for those who use the plugin already: the new file beside the one that is there."""

from __future__ import annotations

from pathlib import Path

from plugdeck.catalogue.change import Effect
from plugdeck.catalogue.difference import Difference
from plugdeck.catalogue.install import Proposal
from plugdeck.ui.compare.comparing import compare_files
from plugdeck.ui.visible_text import visible_text

_MOST_LINES = 6


def compare_with_known(proposal: Proposal, listed: Path | None) -> Difference | None:
    """The new file beside the newest installed version, or else the listed one; None without either. Blocks."""
    if proposal.refusal or proposal.already:
        return None
    old = max(proposal.replaces, key=_changed_at, default=listed)
    return compare_files(old, proposal.report.path) if old and old != proposal.report.path else None


def brief_words(difference: Difference) -> str:
    """The difference in a few lines: the answer, what callers lose, and how much more there is."""
    told = [*difference.of(Effect.BREAKS), *difference.of(Effect.ASKS)]
    shown = [f"• {visible_text(change.message)}" for change in told[:_MOST_LINES]]
    more = len(difference.changes) - len(shown)
    rest = [f"{more} {'more ' if shown else ''}change{'' if more == 1 else 's'}: see Compare."] if more else []
    name = visible_text(difference.old.name)
    return "\n".join([f"Compared with {name}: {difference.summary}", *shown, *rest])


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
