"""What the user decided about the bytes of one file, and the line of text that keeps it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from plugdeck.hosting.sandbox.confinement import Approval, Permissions, Tier
from plugdeck.trust.signature_file import is_key

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LATEST_TIME = 1 << 53
_KEYS = {"sha256", "name", "path", "decided", "allowed", "signed_by", "quarantine"}
_KEYS_OF_ALLOWED = {"lowest_tier", "readable", "writable", "network"}
MOST_CHARACTERS = 200
"""Of a plugin's name, which is its own word, and of the reason for its quarantine."""
MOST_FOLDERS = 64
"""That one plugin may be allowed to read or write."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed or not, and in quarantine or not: a crashing plugin may be both allowed and in quarantine."""

    sha256: str
    """Of the bytes that were decided about, in hexadecimal."""
    name: str
    """What the plugin called itself then: untrusted text."""
    path: str
    """Where it lay then; empty when that was not known."""
    decided: int
    """Seconds since 1970."""
    approval: Approval | None = None
    """What was said yes to; None when nothing was."""
    signed_by: str = ""
    """The key of the known author who vouched for it then, as ``ed25519:BASE64``; empty when none did."""
    quarantine: str = ""
    """Why it is kept from running; empty when it is not."""

    @property
    def is_in_force(self) -> bool:
        """Whether it still says anything."""
        return self.approval is not None or bool(self.quarantine)

    def to_line(self) -> str:
        """As one line of JSON."""
        said = {
            "sha256": self.sha256,
            "name": self.name[:MOST_CHARACTERS],
            "path": self.path,
            "decided": self.decided,
            "allowed": _allowed_to_json(self.approval) if self.approval else None,
            "signed_by": self.signed_by,
            "quarantine": self.quarantine[:MOST_CHARACTERS],
        }
        return json.dumps(said, separators=(",", ":"))

    @classmethod
    def from_line(cls, line: bytes) -> Decision:
        """The reverse of ``to_line``, of text that anybody may have changed.

        Raises:
            ValueError: it is something else.
        """
        try:
            return _decision(json.loads(line))
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(str(error)) from error


def is_sha256(text: str) -> bool:
    """Whether this is a SHA-256 as it is written here: 64 digits."""
    return _SHA256.fullmatch(text) is not None


def _decision(said: Any) -> Decision:
    _check(isinstance(said, dict) and said.keys() == _KEYS, "it has other keys")
    texts = {key: said[key] for key in ("sha256", "name", "path", "signed_by", "quarantine")}
    _check(all(type(text) is str for text in texts.values()), "a text is none")
    _check(is_sha256(said["sha256"]), "the hash is none")
    _check(len(said["name"]) <= MOST_CHARACTERS and len(said["quarantine"]) <= MOST_CHARACTERS, "a text is too long")
    _check(said["path"] == "" or _is_path(said["path"]), "the path is none")
    _check(said["signed_by"] == "" or is_key(said["signed_by"]), "the author's key is none")
    _check(type(said["decided"]) is int and 0 <= said["decided"] < _LATEST_TIME, "the time is none")
    allowed = said["allowed"]
    return Decision(
        decided=said["decided"], approval=_approval(allowed, said["sha256"]) if allowed is not None else None, **texts
    )


def _approval(said: Any, sha256: str) -> Approval:
    _check(isinstance(said, dict) and said.keys() == _KEYS_OF_ALLOWED, "what is allowed has other keys")
    _check(type(said["network"]) is bool, "the network is neither allowed nor not")
    for paths in (said["readable"], said["writable"]):
        _check(type(paths) is list and all(map(_is_path, paths)), "a permission is no path")
    _check(len(said["readable"]) + len(said["writable"]) <= MOST_FOLDERS, "it has too many permissions")
    permissions = Permissions(tuple(said["readable"]), tuple(said["writable"]), said["network"])
    return Approval(permissions, sha256, Tier(said["lowest_tier"]))


def _allowed_to_json(approval: Approval) -> dict[str, object]:
    permissions = approval.permissions
    return {
        "lowest_tier": str(approval.lowest_tier),
        "readable": permissions.readable,
        "writable": permissions.writable,
        "network": permissions.network,
    }


def _is_path(value: object) -> bool:
    return isinstance(value, str) and value.startswith("/") and "\0" not in value


def _check(holds: bool, problem: str) -> None:
    if not holds:
        raise ValueError(problem)
