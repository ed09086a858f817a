"""Go plugins in one process: what the runtime says to the second one, beyond what it says to each alone."""

from __future__ import annotations

from pathlib import Path

from plugdeck.compat.finding import Finding, Severity
from plugdeck.dialects.go.facts import GoFile
from plugdeck.dialects.go.wording import counted, listed
from plugdeck.text import visible

Placed = tuple[Path, GoFile]


def conflict(first: Placed, second: Placed) -> Finding | None:
    """Why the second plugin is refused where the first was opened before; None where it is not for its sake."""
    (path, earlier), (_, later) = first, second
    name = visible(path.name, 100)
    if earlier.plugin_path and earlier.plugin_path == later.plugin_path:
        return Finding(
            "go.same-plugin-path",
            Severity.ERROR,
            f"It and {name} cannot live in one process: they have the same plugin path, and the second that is opened "
            "is refused with “plugin already loaded”.",
            (f"Both say {visible(later.plugin_path, 200)}.",),
            "Build one of them from a package with another import path, or open them in a process each.",
            stops_load=True,
        )
    differing = [name for name in later.hashes if earlier.hashes.get(name, later.hashes[name]) != later.hashes[name]]
    if not differing:
        return None
    return Finding(
        "go.other-packages",
        Severity.ERROR,
        f"It and {name} cannot live in one process: {counted(differing)} between them, and the runtime knows only the "
        "first of each.",
        listed(differing),
        "Build both with the same Go, flags and versions of modules, or open them in a process each.",
        stops_load=True,
    )
