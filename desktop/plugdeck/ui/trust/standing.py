"""How a loaded plugin stands with the user: what he allowed, and who vouches for it; read off the GUI thread."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from plugdeck.chain.step import StepView
from plugdeck.hosting.sandbox.confinement import Approval
from plugdeck.trust.authors import Authors
from plugdeck.trust.decision import MOST_CHARACTERS, Decision
from plugdeck.trust.origin import is_shipped
from plugdeck.trust.records import TrustRecords
from plugdeck.trust.signatures import Signature, read_signature
from plugdeck.ui.background import Background
from plugdeck.ui.theme import Tone
from plugdeck.ui.trust.permission_words import permissions_in_short

_MOST_KNOWN = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of certain bytes at a certain place."""

    decision: Decision | None
    signature: Signature
    is_shipped: bool

    @property
    def approval(self) -> Approval | None:
        """What it may run with; None when the user took his yes back."""
        if self.decision and self.decision.approval:
            return self.decision.approval
        return Approval() if self.is_shipped else None

    def unasked(self, step: StepView) -> Decision | None:
        """What a change of its permissions begins with, where no yes was needed for these bytes; else None."""
        if self.decision or not self.is_shipped:
            return None
        approval = Approval(sha256=step.sha256)
        return Decision(step.sha256, step.name[:MOST_CHARACTERS], os.path.abspath(step.path), 0, approval)

    def words(self, step: StepView) -> str:
        """Who vouches for a step of these bytes, and what it may do; empty where neither is worth a line.

        Beside the verdict on a new file stands no word on the signature of the one before, and of one that runs its
        confinement says what it may do.
        """
        is_told = not step.stale and (self.signature.is_verified or self.signature.is_bad)
        allowed = permissions_in_short(self.approval.permissions) if self.approval and not step.is_loaded else ""
        vouched = self.signature.words if is_told else ""
        return f"{vouched} {f'You let it {allowed}: see Permissions.' if allowed else ''}".strip()

    def tone(self, step: StepView) -> Tone:
        """Whether that is bad news."""
        return Tone.BAD if self.signature.is_bad and not step.stale else Tone.QUIET


class Standings(QObject):
    """Standings by the hash of the bytes and their place. One that is not known yet is told of when it is."""

    changed = Signal()
    failed = Signal(object)
    """A ``PlugdeckError``: a change could not be kept."""
    _recorded = Signal()

    def __init__(self, records: TrustRecords, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._records = records
        self._background = background
        self._known: dict[tuple[str, Path], Standing | None] = {}
        self._recorded.connect(self._forget_all, Qt.ConnectionType.QueuedConnection)
        self._forget_records = records.on_change(self._note)

    def of(self, sha256: str, path: Path) -> Standing | None:
        """The standing, or None until it has been read."""
        key = sha256, path
        if sha256 and key not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = None
            self._background.run(lambda: self._read(sha256, path), lambda found: self._take(key, found))
        return self._known.get(key)

    def close(self) -> None:
        """Hears no more of the records."""
        self._forget_records()

    def _read(self, sha256: str, path: Path) -> Standing:
        return Standing(self._records.decision(sha256), read_signature(path, sha256, Authors()), is_shipped(path))

    def _take(self, key: tuple[str, Path], found: Standing) -> None:
        if key in self._known:
            self._known[key] = found
            self.changed.emit()

    def _note(self) -> None:
        """On any thread."""
        with suppress(RuntimeError):  # the window may be gone
            self._recorded.emit()

    def _forget_all(self) -> None:
        """Who shows something asks again."""
        self._known.clear()
        self.changed.emit()
