"""What a misbehaving plugin is set upon: processes, files, sockets and memory that the test made for it."""

from __future__ import annotations

import ctypes
import os
import pty
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .behaviours import Target

_IPC_PRIVATE, _IPC_CREAT, _IPC_RMID = 0, 0o1000, 0
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def made(target: Target, folder: Path, own_file: Path) -> Iterator[str]:
    """What the plugin is told; it is gone after the block. ``folder`` is an empty one of the user's."""
    with ExitStack() as later:
        yield _make(target, folder, own_file, later)


def _make(target: Target, folder: Path, own_file: Path, later: ExitStack) -> str:
    match target:
        case Target.PROCESS:
            return str(later.enter_context(_process()))
        case Target.FILE:
            return _file(folder / "diary.txt")
        case Target.KEY:
            (folder / ".ssh").mkdir(exist_ok=True)
            return _file(folder / ".ssh" / "id_ed25519")
        case Target.NEW_FILE:
            (folder / "new").unlink(missing_ok=True)
            return os.fspath(folder / "new")
        case Target.FOLDER:
            return os.fspath(folder)
        case Target.OWN_FILE:
            return os.fspath(own_file)
        case Target.TCP | Target.UDP:
            kind = socket.SOCK_STREAM if target is Target.TCP else socket.SOCK_DGRAM
            return str(_listening(socket.AF_INET, kind, ("127.0.0.1", 0), later)[1])
        case Target.SOCKET:
            return _listening(socket.AF_UNIX, socket.SOCK_STREAM, _free(folder / "bus"), later)
        case Target.ABSTRACT:
            return _listening(socket.AF_UNIX, socket.SOCK_STREAM, f"\0plugdeck-{os.urandom(6).hex()}", later)[
                1:
            ].decode()
        case Target.MEMORY:
            return str(_shared_memory(later))
        case Target.TERMINAL:
            return _terminal(later)
        case Target.TEMPORARY:
            for old in folder.glob("filling-*"):
                old.unlink()
            later.callback(lambda: [old.unlink() for old in folder.glob("filling-*")])
            return os.fspath(folder)
    return ""


@contextmanager
def _process() -> Iterator[int]:
    with subprocess.Popen(["sleep", "600"]) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def _file(path: Path) -> str:
    for taken in (path.with_name(f"{path.name}.taken"), path.with_name(f"{path.name}.linked")):
        taken.unlink(missing_ok=True)
    path.write_text("dear diary")
    path.chmod(0o600)
    return os.fspath(path)


def _free(path: Path) -> str:
    path.unlink(missing_ok=True)
    return os.fspath(path)


def _listening(family: int, kind: int, address: object, later: ExitStack):
    listener = later.enter_context(socket.socket(family, kind))
    listener.bind(address)
    if kind == socket.SOCK_STREAM:
        listener.listen()
    return listener.getsockname()


def _shared_memory(later: ExitStack) -> int:
    number = _libc.shmget(_IPC_PRIVATE, 4096, _IPC_CREAT | 0o600)
    assert number >= 0, os.strerror(ctypes.get_errno())
    later.callback(_libc.shmctl, number, _IPC_RMID, None)
    return number


def _terminal(later: ExitStack) -> str:
    ours, theirs = pty.openpty()
    later.callback(os.close, ours)
    later.callback(os.close, theirs)
    return os.ttyname(theirs)
