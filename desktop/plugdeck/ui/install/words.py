"""What a proposal says: the question, the verdict, and what would happen."""

from __future__ import annotations

from plugdeck.catalogue.install import Proposal
from plugdeck.compat.finding import Finding, Severity
from plugdeck.ui.visible_text import visible_text
from plugdeck.ui.words import STATUS_WORDS


def headline(proposal: Proposal) -> str:
    """``Install blur 1.2.0?``, or why not."""
    report = proposal.report
    name = visible_text(report.name)
    if proposal.refusal:
        return f"{visible_text(report.path.name)} cannot be installed"
    version = visible_text(report.manifest.version) if report.manifest else ""
    full_name = f"{name} {version}".strip()
    return f"{full_name} is installed already" if proposal.already else f"Install {full_name}?"


def verdict(proposal: Proposal) -> str:
    """The status in a word, and the findings that weigh, each a sentence."""
    report = proposal.report
    if proposal.refusal:
        return visible_text(f"{proposal.refusal} {_remedy(proposal)}".strip())
    weighty = [found for found in report.findings if found.severity is not Severity.INFO] or list(report.findings)
    sentences = " ".join(_sentence(found) for found in weighty[:3])
    more = f" And {len(weighty) - 3} more." if len(weighty) > 3 else ""
    return f"{STATUS_WORDS[report.status]}. {sentences}{more}".strip()


def consequence(proposal: Proposal) -> str:
    """Where the copy goes, and what stays beside it. Nothing of the file is run by installing it."""
    if proposal.refusal or proposal.target is None:
        return ""
    if proposal.already:
        return f"The same bytes are there as {visible_text(proposal.target.name)}."
    where = f"Goes to {visible_text(str(proposal.target))}. Nothing of it is run."
    if not proposal.replaces:
        return where
    kept = ", ".join(visible_text(path.name) for path in proposal.replaces[:3])
    more = f" and {len(proposal.replaces) - 3} more" if len(proposal.replaces) > 3 else ""
    return f"{where} Stays beside it: {kept}{more}."


def summary(installable: int, refused: int, reading: int, waiting: int) -> str:
    """``1 file can be installed, 1 cannot``: what the proposals come to, as numbers of files."""
    parts = []
    if installable or not reading:
        parts.append(f"{installable} file{'' if installable == 1 else 's'} can be installed")
    if refused:
        parts.append(f"{refused} cannot")
    if reading:
        parts.append(f"{reading} being read")
    if waiting:
        parts.append(f"{waiting} more wait{'s' if waiting == 1 else ''}")
    return ", ".join(parts)


def _remedy(proposal: Proposal) -> str:
    known = next((found.remedy for found in proposal.report.findings if found.remedy), "")
    return known or "Choose the plugin's .so file for this system, or build it again."


def _sentence(finding: Finding) -> str:
    return visible_text(f"{finding.message} {finding.remedy}".strip())
