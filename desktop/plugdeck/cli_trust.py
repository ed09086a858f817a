"""``plugdeck trust`` and ``distrust``: what the user allowed to run, beforehand and afterwards."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from plugdeck.cli_approval import permissions_of
from plugdeck.cli_errors import complain, tell
from plugdeck.cli_json import Json, print_json
from plugdeck.cli_reports import loadable_report
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.sandbox.confinement import NO_PERMISSIONS
from plugdeck.text import visible
from plugdeck.trust.content import sha256_of_file
from plugdeck.trust.decision import Decision
from plugdeck.trust.question import Occasion, Question, question_about
from plugdeck.trust.question_text import allowed_words, permission_words
from plugdeck.trust.records import TrustRecords

_FEWEST_DIGITS = 8
_LISTED = "plugdeck trust --list shows what was decided."


def trust_files(options: argparse.Namespace) -> int:
    """Allows each file to run from now on, and shows what that is; 1 when one of them cannot."""
    if not options.files:
        raise PlugdeckError("Nothing was named.", remedy="Name plugins: plugdeck trust FILE.so, or use --list.")
    records = TrustRecords()
    allowed, failed = [], 0
    for name in options.files:
        try:
            question = _allow(Path(name), options, records)
        except PlugdeckError as error:
            complain(error)
            failed = 1
            continue
        allowed.append(question.sha256)
        if not options.json:
            print("\n".join(question.lines()))
            print("  → allowed from now on, until it changes\n")
    return _finish(records, options, allowed) or failed


def list_decisions(options: argparse.Namespace) -> int:
    """Prints every decision, the latest first."""
    if options.files:
        raise PlugdeckError("--list shows all decisions and takes no files.")
    records = TrustRecords()
    decisions = records.decisions()
    if options.json:
        print_json([decision_json(decision) for decision in decisions])
    elif decisions:
        print("\n".join(line for decision in decisions for line in _decision_lines(decision)))
    else:
        print("Nothing was decided yet: plugins ask before they run the first time.")
    _tell_notice(records)
    return 0


def lift(options: argparse.Namespace) -> int:
    """Ends the quarantine of the named plugins."""
    return _for_each(options, TrustRecords.lift, lambda known: bool(known.quarantine), "quarantined")


def withdraw(options: argparse.Namespace) -> int:
    """Takes back what was allowed to the named plugins."""
    return _for_each(options, TrustRecords.withdraw, lambda known: known.approval is not None, "allowed")


def decision_json(decision: Decision) -> Json:
    """One decision of ``plugdeck trust --list --json``."""
    approval = decision.approval
    permissions = approval.permissions if approval else NO_PERMISSIONS
    return {
        "name": decision.name,
        "path": decision.path or None,
        "sha256": decision.sha256,
        "allowed": approval is not None,
        "lowest_tier": str(approval.lowest_tier) if approval else None,
        "readable": list(permissions.readable),
        "writable": list(permissions.writable),
        "network": permissions.network,
        "quarantine": decision.quarantine or None,
        "decided": _when(decision),
    }


def _allow(path: Path, options: argparse.Namespace, records: TrustRecords) -> Question:
    """What was allowed. Raises PlugdeckError."""
    report, _ = loadable_report(path)
    question = question_about(report, records, permissions=permissions_of(options))
    if question.occasion is Occasion.QUARANTINED:
        raise PlugdeckError(
            f"{path} is quarantined. {question.quarantine}",
            remedy=f"End it first: plugdeck trust --lift {shlex.quote(str(path))}",
        )
    if question.signature.is_bad and not options.in_spite_of_signature:
        raise PlugdeckError(
            f"{path} was not allowed. {question.signature.words}",
            remedy=f"If you know why: plugdeck trust --in-spite-of-signature {shlex.quote(str(path))}",
        )
    records.allow(
        question.sha256, name=report.name, path=path, permissions=question.permissions, lowest_tier=question.tier
    )
    return question


def _for_each(
    options: argparse.Namespace,
    change: Callable[[TrustRecords, str], None],
    is_meant: Callable[[Decision], bool],
    words: str,
) -> int:
    """Changes every decision that is meant by a word of the command; 1 when there is none for one of them."""
    records = TrustRecords()
    changed, failed = [], 0
    for word in options.files:
        found = [known for known in _found(word, records.decisions()) if is_meant(known)]
        if not found:
            complain(PlugdeckError(f"{word} is not {words}.", remedy=_LISTED))
            failed = 1
        for known in found:
            change(records, known.sha256)
            changed.append(known.sha256)
            if not options.json:
                print(f"{visible(known.name)}  {known.sha256}: no longer {words}")
    return _finish(records, options, changed) or failed


def _found(word: str, decisions: Iterable[Decision]) -> list[Decision]:
    """Those about this file's bytes, about what lay at this path, or whose hash begins so."""
    try:
        sha256 = sha256_of_file(Path(word))
    except PlugdeckError:
        sha256 = ""
    place = os.path.abspath(word)
    return [
        known
        for known in decisions
        if known.sha256 == sha256
        or known.path == place
        or (len(word) >= _FEWEST_DIGITS and known.sha256.startswith(word.lower()))
    ]


def _finish(records: TrustRecords, options: argparse.Namespace, changed: Iterable[str]) -> int:
    """Prints what there is now for scripts; 1 when it could not be saved: this process is all that would know."""
    if options.json:
        known = ((sha256, records.decision(sha256)) for sha256 in dict.fromkeys(changed))
        print_json([decision_json(decision) if decision else {"sha256": sha256} for sha256, decision in known])
    _tell_notice(records)
    return 0 if records.is_saved else 1


def _tell_notice(records: TrustRecords) -> None:
    if records.notice:
        tell(records.notice)


def _decision_lines(decision: Decision) -> Iterable[str]:
    approval = decision.approval
    state = allowed_words(approval.lowest_tier) if approval else "not allowed"
    yield f"{visible(decision.name)}: {state}"
    yield f"  sha256  {decision.sha256}"
    if decision.path:
        yield f"  file    {visible(decision.path)}"
    yield f"  since   {_when(decision)}"
    for words in permission_words(approval.permissions) if approval else ():
        yield f"  {words}"
    if decision.quarantine:
        yield f"  quarantined: {visible(decision.quarantine)}"


def _when(decision: Decision) -> str:
    """Local time, to the second; empty where no calendar has it."""
    try:
        return datetime.fromtimestamp(decision.decided).astimezone().isoformat(timespec="seconds")
    except (OverflowError, OSError, ValueError):
        return ""
