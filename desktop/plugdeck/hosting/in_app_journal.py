"""Which plugins run inside Plugdeck itself, on disk: so that a crash that takes all of it down names who was in it.

One file for each plugin of each process, written before the plugin is opened and removed at a clean end. Its process
holds a lock on it (flock(2)), which the kernel takes back however that process ends: a file that nobody holds tells of
a crash. So several processes may share the folder, and no number of a process has to be believed. What the plugin is
doing is noted in place without waiting for the disk: the kernel keeps that over the crash of a process.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from plugdeck import paths
from plugdeck.atomic_file import sync_folder
from plugdeck.errors import PlugdeckError
from plugdeck.text import visible

_MARK, _CRASH, _NEW = ".mark", ".crash", ".new"
_NOTE_BYTES = 128
_MOST_BYTES = 16 * 1024
_MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class InAppCrash:
    """A plugin that was inside Plugdeck when that came to a bad end."""

    sha256: str
    name: str
    """Of the plugin; untrusted text."""
    doing: str
    """What it was doing: ``loading``, ``Transform``; empty when nobody had called it."""

    @property
    def sentence(self) -> str:
        """What happened, for the user."""
        when = (
            f"while it was at work ({visible(self.doing, _MOST_CHARACTERS)})" if self.doing else "while it was loaded"
        )
        return f"Plugdeck came to a bad end {when} inside Plugdeck itself."


class JournalEntry:
    """The note of one plugin in this process. It is never taken back before the process ends: its code stays."""

    def __init__(self, sha256: str, path: Path, descriptor: int) -> None:
        self.sha256 = sha256
        self._path = path
        self._descriptor = descriptor
        atexit.register(self.close)

    def enter(self, doing: str) -> None:
        """The plugin is called next."""
        os.pwrite(self._descriptor, _note(doing), 0)

    def leave(self) -> None:
        """The call has come back."""
        os.pwrite(self._descriptor, _note(""), 0)

    def close(self) -> None:
        """The process comes to a clean end. Called by itself when the interpreter ends."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with suppress(OSError):
                self._path.unlink()
            os.close(descriptor)
            atexit.unregister(self.close)


class InAppJournal:
    """The folder of these notes. Any thread, any number of processes."""

    def __init__(self, folder: Path | None = None) -> None:
        """Reads nothing yet; ``folder`` is the user's own by default."""
        self.folder = folder or paths.data_folder() / "in-app"

    def crashes(self) -> tuple[InAppCrash, ...]:
        """The plugins that are refused inside Plugdeck until the user lifts it, by name."""
        for mark in self._files(_MARK):
            _bury_if_dead(mark)
        return tuple(sorted((_read_crash(path) for path in self._files(_CRASH)), key=lambda crash: crash.name))

    def refusal(self, sha256: str) -> str:
        """Why these bytes are not opened inside Plugdeck; empty when they may be."""
        return next((crash.sentence for crash in self.crashes() if crash.sha256 == sha256), "")

    def lift(self, sha256: str) -> None:
        """The user wants to try these bytes again."""
        (self.folder / f"{sha256}{_CRASH}").unlink(missing_ok=True)

    def begin(self, sha256: str, name: str, doing: str) -> JournalEntry:
        """Notes on disk that these bytes are about to be opened; returns when it is there.

        Raises:
            PlugdeckError: it cannot be noted: then they must not be opened.
        """
        mark = self.folder / f"{sha256}-{secrets.token_hex(8)}{_MARK}"
        new = mark.with_suffix(_NEW)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)  # before it has the name under which others look for it
                facts = json.dumps({"name": name[:_MOST_CHARACTERS]}).encode()
                os.pwrite(descriptor, _note(doing) + facts, 0)
                os.fsync(descriptor)
                new.replace(mark)
            except BaseException:
                os.close(descriptor)
                new.unlink(missing_ok=True)
                raise
        except OSError as failure:
            reason = f"It cannot be noted in {self.folder} ({failure.strerror}), so it is not opened inside Plugdeck."
            raise PlugdeckError(reason, remedy="Host it in a process of its own, or make room there.") from failure
        sync_folder(self.folder)
        return JournalEntry(sha256, mark, descriptor)

    def _files(self, suffix: str) -> list[Path]:
        try:
            return [path for path in self.folder.iterdir() if path.suffix == suffix]
        except OSError:
            return []


def _bury_if_dead(mark: Path) -> None:
    """Turns the note of a process that is gone into one of a crash; whoever comes second finds it done."""
    with suppress(OSError):
        descriptor = os.open(mark, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while its process lives
            if os.path.samestat(os.fstat(descriptor), mark.stat()):  # otherwise it came to a clean end meanwhile
                mark.replace(mark.with_name(f"{mark.name.partition('-')[0]}{_CRASH}"))
        finally:
            os.close(descriptor)


def _read_crash(path: Path) -> InAppCrash:
    """What is in the file, as far as it can be read: a damaged one refuses the plugin as well."""
    content = b""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            content = file.read(_MOST_BYTES)
    try:
        name = json.loads(content[_NOTE_BYTES:])["name"]
    except (ValueError, TypeError, KeyError, RecursionError):
        name = ""
    doing = content[:_NOTE_BYTES].decode("utf-8", "replace").strip(" \0")
    return InAppCrash(path.stem, name if isinstance(name, str) and name else path.stem[:12], doing)


def _note(doing: str) -> bytes:
    return doing.encode("utf-8", "replace")[:_NOTE_BYTES].ljust(_NOTE_BYTES)
