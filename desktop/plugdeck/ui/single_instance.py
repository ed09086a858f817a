"""One window for a user and a screen: a second start hands its files to the first and ends.

Who is first is decided by a file lock, which the kernel drops with its process; so whatever socket the holder finds
is left over from a crash and may go. The second start needs no Qt: it asks before any of the window is imported.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from plugdeck import paths

MAXIMUM_MESSAGE_BYTES = 1 << 20
_PATIENCE_S = 2.0
_RETRY_S = 0.02
_MAXIMUM_FILES = 1000


@dataclass(frozen=True, slots=True)
class Handover:
    """What a second start wants of the window."""

    files: tuple[Path, ...]
    activation_token: str = ""
    """Lets a Wayland window come to the front (xdg-activation)."""


class Claim:
    """The right to be the window, held until the process ends or ``release`` is called."""

    def __init__(self, descriptor: int, socket_path: Path) -> None:
        self._descriptor = descriptor
        self.socket_path = socket_path

    def release(self) -> None:
        """Lets the next start become the window."""
        with contextlib.suppress(OSError):
            self.socket_path.unlink()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def claim_window(folder: Path | None = None) -> Claim | None:
    """The claim, or None when another process has it. Raises OSError where there is no place for a lock."""
    folder = folder or socket_folder()
    descriptor = os.open(folder / f"{_name()}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    path = folder / f"{_name()}.socket"
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    return Claim(descriptor, path)


def hand_over(files: Sequence[Path], folder: Path | None = None) -> bool:
    """Whether the running window took the files; waits a moment for one that is still starting."""
    import json  # here, as the first window needs neither to be shown
    import socket

    path = (folder or socket_folder()) / f"{_name()}.socket"
    message = {
        "files": [str(file.absolute()) for file in files],
        "token": os.environ.get("XDG_ACTIVATION_TOKEN", ""),
    }
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_PATIENCE_S)
            connection.connect(os.fspath(path))
            connection.sendall(json.dumps(message).encode("ascii") + b"\n")
            return connection.recv(16) == b"taken\n"
        time.sleep(_RETRY_S)
    return False


def parse_handover(line: bytes) -> Handover | None:
    """What the message asks for, or None when it is no message of ours."""
    import json

    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    files, token = message.get("files"), message.get("token", "")
    if not isinstance(files, list) or not isinstance(token, str) or len(files) > _MAXIMUM_FILES:
        return None
    return Handover(tuple(_absolute(files)), token[:1000])


def socket_folder() -> Path:
    """A folder that only this user can enter: in the runtime folder, else in the cache.

    Raises:
        OSError: it cannot be made, or belongs to somebody else.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    folder = Path(runtime) / "plugdeck" if Path(runtime).is_absolute() else paths.cache_folder() / "window"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    status = folder.stat()
    if status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o077:
        raise PermissionError(f"{folder} is open to other users")
    return folder


def _name() -> str:
    """One window a screen: a second seat or a nested session has its own."""
    screen = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or "none"
    return "window-" + "".join(sign if sign.isalnum() else "-" for sign in screen)[-40:]


def _absolute(files: Iterable[object]) -> Iterable[Path]:
    named = (Path(file) for file in files if isinstance(file, str) and "\0" not in file)
    return (path for path in named if path.is_absolute())
