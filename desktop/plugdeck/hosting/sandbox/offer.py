"""Which confinement this system offers, found out by trying."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from plugdeck.hosting.sandbox.bubblewrap import NAMESPACES, system_folders
from plugdeck.hosting.sandbox.confinement import Tier
from plugdeck.hosting.sandbox.landlock import landlock_abi
from plugdeck.hosting.sandbox.system_calls import system_calls

_ACTIONS = Path("/proc/sys/kernel/seccomp/actions_avail")
_TRY_S = 5.0


@dataclass(frozen=True, slots=True)
class Offer:
    """The best tier that can be had here."""

    tier: Tier
    reason: str = ""
    """Why there is no better one, as a sentence; empty for the best."""
    remedy: str = ""
    bubblewrap: str = ""
    """Where the program is; empty when it is not used."""


@cache
def offer() -> Offer:
    """What this system offers; it starts a process the first time, so never call it on the GUI thread."""
    if reason := _no_filter_because():
        return Offer(Tier.LIMITED, reason, "Use a newer Linux kernel (5.13 or later, with Landlock and seccomp).")
    program = shutil.which("bwrap", path="/usr/bin:/bin:/usr/local/bin")
    if program is None:
        return Offer(Tier.FILTERED, "bubblewrap is not installed.", "Install it: apt-get install bubblewrap")
    if refused := _refused(program):
        return Offer(
            Tier.FILTERED,
            f"bubblewrap cannot make namespaces here: {refused}.",
            "Allow user namespaces (sysctl kernel.unprivileged_userns_clone=1), or run outside of the container.",
        )
    return Offer(Tier.SEALED, bubblewrap=program)


def _no_filter_because() -> str:
    if system_calls() is None:
        return "There is no filter of system calls for this kind of machine."
    try:
        has_actions = "errno" in _ACTIONS.read_text("ascii").split()
    except OSError:
        has_actions = False
    if not has_actions:
        return "The kernel has no filters of system calls (seccomp)."
    return "" if landlock_abi() else "The kernel has no Landlock, or it is switched off."


def _refused(program: str) -> str:
    """Why bubblewrap does not work here; empty when it does."""
    command = [program, *NAMESPACES, *system_folders(), "--dev", "/dev", "--proc", "/proc", "--", "/usr/bin/true"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TRY_S, env={}, check=False)
    except (OSError, subprocess.TimeoutExpired) as failure:
        return str(failure)
    if not done.returncode:
        return ""
    said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return said.removeprefix("bwrap: ") or f"it ended with exit code {done.returncode}"
