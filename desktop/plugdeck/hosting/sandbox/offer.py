"""Which confinement this system offers, found out by trying."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from plugdeck import paths
from plugdeck.hosting.sandbox.bubblewrap import bubblewrap_arguments
from plugdeck.hosting.sandbox.bytecode import compile_modules
from plugdeck.hosting.sandbox.confinement import Confinement, Tier
from plugdeck.hosting.sandbox.system_calls import system_calls
from plugdeck.hosting.sandbox.visible import interpreter_path

_ACTIONS = Path("/proc/sys/kernel/seccomp/actions_avail")
_TRY_S = 10.0
_NEWER_KERNEL = "Use a Linux kernel of 5.13 or later, with Landlock and seccomp switched on."


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
    """What this system offers; it starts processes the first time, so never call it on the GUI thread."""
    compile_modules()
    if system_calls() is None:
        return Offer(Tier.LIMITED, "There is no filter of system calls for this kind of machine.")
    if not _has_filters():
        return Offer(Tier.LIMITED, "The kernel has no filters of system calls.", _NEWER_KERNEL)
    program = shutil.which("bwrap", path="/usr/bin:/bin:/usr/local/bin")
    refused = ""
    if program:
        has_landlock, refused = _try(bubblewrap_arguments(program, Confinement(Tier.SEALED), (), {}))
        if has_landlock:
            return Offer(Tier.SEALED, bubblewrap=program)
    if not _try(())[0]:
        return Offer(Tier.LIMITED, "The kernel has no Landlock, or it is switched off.", _NEWER_KERNEL)
    if not program:
        return Offer(Tier.FILTERED, "bubblewrap is not installed.", "Install it: apt-get install bubblewrap")
    return Offer(
        Tier.FILTERED,
        f"bubblewrap cannot make namespaces here: {refused}.",
        "Allow user namespaces (sysctl kernel.unprivileged_userns_clone=1), or start outside of the container.",
    )


def _has_filters() -> bool:
    try:
        return "user_notif" in _ACTIONS.read_text("ascii").split()
    except OSError:
        return False


def _try(wrapper: Sequence[str]) -> tuple[bool, str]:
    """Whether a process started like this has Landlock, and the last that it had to complain of.

    In a process of its own also without a wrapper: this one touches no native code.
    """
    folder = os.fspath(Path(paths.__file__).resolve().parent.parent)
    code = (
        f"import sys; sys.path.append({folder!r}); "
        "from plugdeck.hosting.sandbox.landlock import landlock_abi; print(landlock_abi())"
    )
    command = [*wrapper, interpreter_path(), "-I", "-S", "-c", code]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TRY_S, env={}, check=False)
    except (OSError, subprocess.TimeoutExpired) as failure:
        return False, str(failure)
    last = done.stderr.strip().rpartition("\n")[2].removeprefix("bwrap: ")
    return done.stdout.strip() not in {"", "0"}, last or f"it ended with exit code {done.returncode}"
