"""The user's decisions, kept by the hash of a file's bytes: what may run, with which permissions, and what may not."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import time

from plugdeck import paths
from plugdeck.hosting.sandbox.confinement import Approval, Permissions, Tier
from plugdeck.listeners import Listeners
from plugdeck.trust.authors import Authors
from plugdeck.trust.decision import MOST_CHARACTERS, Decision
from plugdeck.trust.decision_store import Changes, DecisionStore
from plugdeck.trust.decisions_file import Decisions
from plugdeck.trust.permission_edit import PermissionEdit
from plugdeck.trust.signatures import read_signature

FILE_NAME = "decisions.jsonl"


class TrustRecords:
    """What the user decided. Every method may be called from any thread, and never raises for the state of the file.

    A damaged file is kept aside. What cannot be written holds until this process ends; ``notice`` then says so.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Reads nothing yet; ``path`` is the file, the user's own by default."""
        self._store = DecisionStore(path or paths.data_folder() / FILE_NAME)
        self._listeners: Listeners[()] = Listeners()

    @property
    def path(self) -> Path:
        """The file."""
        return self._store.path

    @property
    def notice(self) -> str:
        """Sentences for the user when the file could not be read or written; empty when all is well."""
        return self._store.notice

    @property
    def is_saved(self) -> bool:
        """Whether another start of Plugdeck will know all that was decided here."""
        return self._store.is_saved

    @property
    def unsaved_notice(self) -> str:
        """Why something that was decided here could not be saved, as a sentence; empty when all was."""
        return self._store.unsaved_notice

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back, on any thread, after a decision, and when another instance's was found; the function returned
        ends it."""
        return self._listeners.add(callback)

    def refresh(self) -> None:
        """Looks whether another instance decided anything; every question does so too."""
        if self._store.read_again():
            self._listeners.notify()

    def decisions(self) -> tuple[Decision, ...]:
        """Every decision, the latest first."""
        self.refresh()
        return self._store.all()

    def decision(self, sha256: str) -> Decision | None:
        """The one about these bytes, or None."""
        self.refresh()
        return self._store.find(sha256)

    def approval(self, sha256: str) -> Approval | None:
        """What the user allowed these bytes; None when he did not, or while they are in quarantine."""
        known = self.decision(sha256)
        return known.approval if known and not known.quarantine else None

    def quarantined(self, sha256: str) -> str:
        """Why these bytes are kept from running; empty when they are not."""
        known = self.decision(sha256)
        return known.quarantine if known else ""

    def is_allowed(self, sha256: str) -> bool:
        """Whether the user's yes to these bytes is on record, be they in quarantine or not."""
        known = self.decision(sha256)
        return known is not None and known.approval is not None

    def earlier(self, path: Path, sha256: str) -> Decision | None:
        """The latest decision that allowed other bytes at this path, or None."""
        place = os.path.abspath(path)
        known = self.decisions()
        return next((each for each in known if each.path == place and each.approval and each.sha256 != sha256), None)

    def allow(
        self,
        sha256: str,
        *,
        name: str,
        path: Path,
        permissions: Permissions,
        lowest_tier: Tier,
    ) -> None:
        """The user said yes to these bytes, which ends their quarantine. Who vouches for them is noted too."""
        decision = _yes(sha256, name, path, Approval(permissions, sha256, lowest_tier))
        self._change_one(sha256, lambda _: decision)

    def pass_on(self, earlier: Decision, sha256: str, *, name: str) -> Approval | None:
        """The yes to a file goes over to the bytes that took its place.

        Returns:
            What these may do; None where the yes was taken back meanwhile, or they are in quarantine.
        """
        approval = earlier.approval and replace(earlier.approval, sha256=sha256)
        if approval is None:
            return None
        decision = _yes(sha256, name, Path(earlier.path), approval)
        passed: list[Approval] = []

        def changes(known: Decisions) -> Changes:
            before, there = known.get(earlier.sha256), known.get(sha256)
            if before is None or before.approval != earlier.approval or (there and there.quarantine):
                return {}
            passed[:] = [approval]
            return {earlier.sha256: replace(before, approval=None), sha256: decision}

        self._change(changes)
        return next(iter(passed), None)

    def change_permissions(
        self, sha256: str, edit: PermissionEdit, *, unasked: Decision | None = None
    ) -> Approval | None:
        """Other permissions for bytes that are allowed; a yes that was taken back elsewhere stays taken back.

        Args:
            sha256: of the bytes.
            edit: what the user changed; made to what is decided by now.
            unasked: what to begin with where nothing is recorded, for a plugin that needs no yes.

        Returns:
            What they may do now; None where they are not allowed, and nothing was changed.
        """
        allowed: list[Approval] = []

        def changed(known: Decision | None) -> Decision | None:
            approvals = (each.approval for each in (known, unasked) if each)
            if (before := next(filter(None, approvals), None)) is None:
                return known
            after = replace(before, permissions=edit.applied_to(before.permissions))
            allowed[:] = [after]
            decision = known or unasked
            return decision and replace(decision, decided=_now(), approval=after)

        self._change_one(sha256, changed)
        return next(iter(allowed), None)

    def withdraw(self, sha256: str) -> None:
        """Takes the yes back, so that the user is asked again; a quarantine stays."""
        self._change_one(sha256, lambda known: replace(known, approval=None) if known else None)

    def quarantine(self, sha256: str, name: str, reason: str) -> None:
        """Keeps these bytes from running until the user lifts it; ``reason`` is a sentence."""

        def changed(known: Decision | None) -> Decision:
            before = known or Decision(sha256, _cut(name), "", 0)
            return replace(before, decided=_now(), quarantine=_cut(reason) or "It was kept off.")

        self._change_one(sha256, changed)

    def lift(self, sha256: str) -> None:
        """Ends the quarantine: what was allowed before it is allowed again."""
        self._change_one(sha256, lambda known: replace(known, quarantine="") if known else None)

    def _change_one(self, sha256: str, work: Callable[[Decision | None], Decision | None]) -> None:
        self._change(lambda known: {sha256: work(known.get(sha256))})

    def _change(self, work: Callable[[Decisions], Changes]) -> None:
        if self._store.change(work):
            self._listeners.notify()


def _yes(sha256: str, name: str, path: Path, approval: Approval) -> Decision:
    signature = read_signature(path, sha256, Authors())
    signed_by = signature.key if signature.is_verified else ""
    return Decision(sha256, _cut(name), os.path.abspath(path), _now(), approval, signed_by)


def _cut(text: str) -> str:
    return text[:MOST_CHARACTERS]


def _now() -> int:
    return int(time())
