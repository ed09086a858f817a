"""Exits with 0 when a window could be shown: the display that the environment names answers.

A DISPLAY that is set but dead would otherwise end the window before it can say anything. Run by ``setup.sh``
before anything is installed, so it needs the standard library only.
"""

import os
import re
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

PATIENCE_S = 2.0


def answers(family: int, address: object) -> bool:
    """Whether something listens there."""
    with socket.socket(family) as connection:
        connection.settimeout(PATIENCE_S)
        try:
            connection.connect(address)
        except OSError:
            return False
        return True


def has_x11(display: str) -> bool:
    """Whether the X server of a DISPLAY such as ``:0``, ``unix:1.0`` or ``localhost:10.0`` answers."""
    match = re.fullmatch(r"(?:\w+/)?(?P<host>[^:/]*):(?P<number>\d+)(?:\.\d+)?", display)
    if not match:
        return False
    host, number = match["host"], int(match["number"])
    if host not in ("", "unix"):
        return answers(socket.AF_INET, (host, 6000 + number))
    path = f"/tmp/.X11-unix/X{number}"
    return answers(socket.AF_UNIX, path) or answers(socket.AF_UNIX, f"\0{path}")


def has_wayland(display: str, runtime_folder: str) -> bool:
    """Whether the compositor of WAYLAND_DISPLAY, a name in the runtime folder or a path, answers."""
    return bool(display) and answers(socket.AF_UNIX, os.fspath(Path(runtime_folder) / display))


def has_display(environment: Mapping[str, str]) -> bool:
    """Whether either kind of display that this environment names answers."""
    if environment.get("QT_QPA_PLATFORM", "").startswith(("offscreen", "minimal")):
        return False
    return has_x11(environment.get("DISPLAY", "")) or has_wayland(
        environment.get("WAYLAND_DISPLAY", ""), environment.get("XDG_RUNTIME_DIR", "")
    )


if __name__ == "__main__":
    sys.exit(0 if has_display(os.environ) else 1)
