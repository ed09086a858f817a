"""What the user is asked before a plugin from outside runs the first time, and when he need not be asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from plugdeck.catalogue.report import Report
from plugdeck.hosting.sandbox.confinement import NO_PERMISSIONS, Approval, Permissions, Tier
from plugdeck.hosting.sandbox.linked_files import files_beside
from plugdeck.hosting.sandbox.offer import offer
from plugdeck.trust.authors import Authors
from plugdeck.trust.content import sha256_of_report
from plugdeck.trust.decision import Decision
from plugdeck.trust.origin import is_shipped, origin_words
from plugdeck.trust.records import TrustRecords
from plugdeck.trust.signatures import Signature, after_signed, read_signature

_CHOSEN = "It was chosen to run it with less confinement than can be had here."


class Occasion(StrEnum):
    """Why it is asked."""

    FIRST_USE = "first-use"
    CHANGED = "changed"
    """Other bytes at this path were allowed earlier."""
    KNOWN = "known"
    """These bytes are allowed; only asked for on purpose."""
    LESS_CONFINED = "less-confined"
    """These bytes were allowed where they were confined better."""
    QUARANTINED = "quarantined"
    """These bytes are kept from running until the user lifts that."""

    @property
    def words(self) -> str:
        """That as a sentence."""
        return _OCCASIONS[self]


_OCCASIONS = {
    Occasion.FIRST_USE: "You have not allowed it before.",
    Occasion.CHANGED: "It is another file than the one that you allowed at this place.",
    Occasion.KNOWN: "You allowed it before.",
    Occasion.LESS_CONFINED: "You allowed it with better confinement than it would have now.",
    Occasion.QUARANTINED: "It is quarantined.",
}


@dataclass(frozen=True, slots=True)
class Question:
    """All that the user sees before he says yes or no."""

    path: Path
    report: Report
    sha256: str
    """Of the bytes that the report is about: give it to ``TrustRecords.allow``."""
    occasion: Occasion
    origin: str
    """Where it came from, in sentences."""
    signature: Signature
    tier: Tier
    """How it would be confined: the ``lowest_tier`` that a yes agrees to."""
    tier_reason: str
    """Why not better, as a sentence; empty for the best."""
    tier_remedy: str
    permissions: Permissions
    """What it would be allowed beside its job: what was asked for, or what the file before it had."""
    quarantine: str = ""
    """Why it is in quarantine; empty when it is not."""
    files: tuple[Path, ...] = ()
    """What it could read without a permission: data of its name, and libraries. None where it could read everything."""

    @property
    def is_changed(self) -> bool:
        """Whether an earlier file at this path was allowed."""
        return self.occasion is Occasion.CHANGED

    def lines(self) -> tuple[str, ...]:
        """All of it as lines for a terminal, in which no text of the file's can hide anything."""
        from plugdeck.trust.question_text import question_lines

        return question_lines(self)


def ask_or_approve(
    report: Report,
    records: TrustRecords,
    *,
    permissions: Permissions = NO_PERMISSIONS,
    tier: Tier | None = None,
) -> Approval | Question:
    """What the user said yes to already, or what to ask him; reads the file and may start processes: it blocks.

    Args:
        report: of the file as it is to be loaded.
        records: his decisions.
        permissions: what a question is to propose beside the plugin's job.
        tier: how it would be confined; as well as this system can by default.

    Raises:
        PlugdeckError: the file cannot be read, or changed since the report was made.
    """
    sha256 = sha256_of_report(report)
    allowed = records.approval(sha256)
    if is_shipped(report.path) and not records.quarantined(sha256):
        return Approval(allowed.permissions if allowed else permissions, sha256)
    tier = tier or offer().tier
    if allowed and tier.holds_as_much_as(allowed.lowest_tier):
        return allowed
    return _question(report, sha256, records, permissions, tier)


def question_about(
    report: Report,
    records: TrustRecords,
    *,
    permissions: Permissions = NO_PERMISSIONS,
) -> Question:
    """The same question of a file that the user may have allowed already. Blocks, and raises as that does."""
    return _question(report, sha256_of_report(report), records, permissions, offer().tier)


def _question(report: Report, sha256: str, records: TrustRecords, permissions: Permissions, tier: Tier) -> Question:
    known, earlier = records.decision(sha256), records.earlier(report.path, sha256)
    before = (known and known.approval) or (earlier and earlier.approval)
    if permissions == NO_PERMISSIONS and before:
        permissions = before.permissions
    authors = Authors()
    signature = read_signature(report.path, sha256, authors)
    offered = offer()
    reason, remedy = (offered.reason, offered.remedy) if tier is offered.tier else (_CHOSEN, "")
    return Question(
        path=report.path,
        report=report,
        sha256=sha256,
        occasion=_occasion(known, earlier, tier),
        origin=origin_words(report.path),
        signature=after_signed(signature, earlier.signed_by, authors) if earlier else signature,
        tier=tier,
        tier_reason=reason,
        tier_remedy=remedy,
        permissions=permissions,
        quarantine=known.quarantine if known else "",
        files=() if tier is Tier.LIMITED else files_beside(report.path),
    )


def _occasion(known: Decision | None, earlier: Decision | None, tier: Tier) -> Occasion:
    if known and known.quarantine:
        return Occasion.QUARANTINED
    if known and known.approval:
        is_enough = tier.holds_as_much_as(known.approval.lowest_tier)
        return Occasion.KNOWN if is_enough else Occasion.LESS_CONFINED
    return Occasion.CHANGED if earlier else Occasion.FIRST_USE
