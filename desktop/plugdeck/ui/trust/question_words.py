"""What the question says of a plugin, as plain text. Everything that a file says of itself is cut and made visible."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from plugdeck.compat.finding import Finding, Severity
from plugdeck.hosting.sandbox.confinement import Tier
from plugdeck.text import visible
from plugdeck.trust.question import Occasion, Question
from plugdeck.trust.signatures import Signature, SignatureState
from plugdeck.ui.marks import SEVERITY_MARKS, Shape
from plugdeck.ui.theme import Tone
from plugdeck.ui.trust.permission_words import PATH_LIMIT, shown_path

NAME_LIMIT = 60
_TEXT_LIMIT = 300
_MOST_FINDINGS = 4

Mark = tuple[Shape, Tone]

TIER_MARKS: dict[Tier, Mark] = {
    Tier.SEALED: (Shape.TICK, Tone.GOOD),
    Tier.FILTERED: (Shape.TICK, Tone.GOOD),
    Tier.LIMITED: (Shape.TRIANGLE, Tone.BAD),
}


def heading(question: Question) -> str:
    """The question itself."""
    name = f"“{plugin_name(question)}”"
    match question.occasion:
        case Occasion.CHANGED:
            return f"{name} has changed. Run the new file?"
        case Occasion.LESS_CONFINED:
            return f"Run {name} with less to hold it?"
        case Occasion.QUARANTINED:
            return f"Run {name} in spite of its quarantine?"
    return f"Run {name} for the first time?"


def lead(question: Question) -> str:
    """Why it is asked, in a sentence or two."""
    match question.occasion:
        case Occasion.CHANGED:
            return (
                "You allowed another file at this place. This one has other bytes, so it may do other things: "
                "look at it as you would at a new one."
            )
        case Occasion.LESS_CONFINED:
            return "You allowed it where it was confined better than it can be here. Nothing is lowered without you."
        case Occasion.QUARANTINED:
            return f"{visible(question.quarantine, _TEXT_LIMIT)} A yes ends its quarantine."
    return "A plugin is a program. You have not allowed it before: run it only if you trust where it comes from."


def plugin_name(question: Question) -> str:
    """The plugin's own name, on one line."""
    return visible(question.report.name, NAME_LIMIT)


def own_words(question: Question) -> tuple[str, str]:
    """Who it says it is, and what it says it does."""
    manifest = question.report.manifest
    if manifest is None:
        return plugin_name(question), ""
    version = f" {visible(manifest.version, NAME_LIMIT)}" if manifest.version else ""
    author = f", by {visible(manifest.author, NAME_LIMIT)} (its own word)" if manifest.author else ", author not named"
    return f"{plugin_name(question)}{version}{author}", visible(manifest.description, _TEXT_LIMIT)


def findings_in_short(findings: Sequence[Finding]) -> tuple[str, Mark]:
    """What was found that weighs, a line each, and the mark of the worst."""
    weighty = [found for found in findings if found.severity is not Severity.INFO]
    if not weighty:
        return "Nothing speaks against loading it. That says nothing about what it does.", (Shape.TICK, Tone.GOOD)
    worst = min((found.severity for found in weighty), key=list(Severity).index)
    lines = [visible(found.message, _TEXT_LIMIT) for found in weighty[:_MOST_FINDINGS]]
    more = len(weighty) - len(lines)
    lines += [f"And {more} more: look inside."] if more else []
    return "\n".join(lines), SEVERITY_MARKS[worst]


def signature(found: Signature) -> tuple[str, Mark]:
    """Who vouches for the file, and the mark of that."""
    if found.is_bad:
        return visible(found.words, _TEXT_LIMIT), (Shape.CROSS, Tone.BAD)
    mark = (Shape.TICK, Tone.GOOD) if found.is_verified else (Shape.RING, Tone.QUIET)
    nobody = " Nobody vouches for it." if found.state is SignatureState.UNSIGNED else ""
    return visible(f"{found.words}{nobody}", _TEXT_LIMIT), mark


def confinement(question: Question) -> tuple[str, str]:
    """What holds it, and why nothing better does with what to do about that; the second is empty for the best."""
    why = f"{question.tier_reason} {question.tier_remedy}".strip()
    return question.tier.words, visible(why, _TEXT_LIMIT)


def readable_files(question: Question) -> str:
    """Each file that it could read without a permission, those of a folder on a line; empty for none."""
    folders: dict[Path, list[str]] = {}
    for path in question.files:
        folders.setdefault(path.parent, []).append(visible(path.name, PATH_LIMIT))
    return "\n".join(f"{shown_path(str(folder))}: {', '.join(names)}" for folder, names in folders.items())


def in_one_line(question: Question) -> str:
    """``blur 1.2.0, by Ann — blur.so — SHA-256 0e1f…``: for a list of several."""
    who, _ = own_words(question)
    return f"{who} — {visible(question.path.name, NAME_LIMIT)} — SHA-256 {question.sha256[:12]}…"
