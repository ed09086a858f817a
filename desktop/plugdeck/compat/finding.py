"""A finding: one reason for a status, with its evidence and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs; the order is from worst to mildest."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason, for a person to act on."""

    id: str
    """Stable and dotted, for scripts: ``loader.library-not-found``."""
    severity: Severity
    message: str
    """One sentence."""
    evidence: tuple[str, ...] = ()
    """What was seen, line by line: the places searched, the versions offered, the offset."""
    remedy: str = ""
    """What to do, as an instruction."""
    stops_load: bool = False
    """Whether the dynamic loader would refuse the file for this reason alone."""
