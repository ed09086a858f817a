"""May it run? What ``run``, ``call`` and ``bench`` ask before a plugin does."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from dataclasses import replace

from plugdeck.catalogue.report import Report
from plugdeck.cli_errors import tell
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.sandbox.confinement import Approval, Permissions, Tier
from plugdeck.trust.question import Occasion, Question, ask_or_approve
from plugdeck.trust.records import TrustRecords

_YES = {"y", "yes"}


def permissions_of(options: argparse.Namespace) -> Permissions:
    """What the options ``--allow-…`` allow: what is there now, though a link that leads there may change."""
    readable = tuple(os.path.realpath(path) for path in options.readable)
    writable = tuple(os.path.realpath(path) for path in options.writable)
    return Permissions(readable, writable, options.network)


def approve(report: Report, options: argparse.Namespace, tier: Tier | None = None) -> Approval:
    """Lets the plugin run, by an earlier yes, by ``--trust``, or by the user's answer at the terminal.

    Args:
        report: of a file that the loader would accept.
        options: of the command, with those that ``cli_parser`` adds for trust.
        tier: how it would be confined; as well as this system can by default.

    Raises:
        PlugdeckError: it may not.
    """
    records, wanted = TrustRecords(), permissions_of(options)
    answer = ask_or_approve(report, records, permissions=wanted, tier=tier)
    if records.notice:
        tell(records.notice)
    if isinstance(answer, Approval):
        return replace(answer, permissions=Permissions.together((answer.permissions, wanted)))
    if options.trust:
        return Approval(wanted, answer.sha256)
    if not _says_yes(answer):
        raise PlugdeckError(f"{report.path} was not run, as you said.")
    records.allow(
        answer.sha256, name=report.name, path=report.path, permissions=answer.permissions, lowest_tier=answer.tier
    )
    return Approval(answer.permissions, answer.sha256, answer.tier)


def _says_yes(question: Question) -> bool:
    """The answer at the terminal. Raises PlugdeckError where nobody can be asked, or the plugin is in quarantine."""
    path, quoted = question.path, shlex.quote(str(question.path))
    if question.occasion is Occasion.QUARANTINED:
        raise PlugdeckError(
            f"{path} was not run: it is quarantined. {question.quarantine}",
            remedy=f"--trust runs it this time; plugdeck trust --lift {quoted} lifts that.",
        )
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty()):
        raise PlugdeckError(
            f"{path} was not run. {question.occasion.words}",
            remedy=f"Look at it and allow it with: plugdeck trust {quoted}; or add --trust for this time.",
        )
    print("\n".join(question.lines()), file=sys.stderr)
    print("Run it, and remember that? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in _YES
