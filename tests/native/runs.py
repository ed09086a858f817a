"""Lets a plugin misbehave in a worker, and says in a few words how it ended: the same words each time."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from plugdeck.catalogue.examine import examine
from plugdeck.dialects.manifest import Manifest
from plugdeck.errors import CallError
from plugdeck.hosting.frames import Frame
from plugdeck.hosting.hosted_plugin import HostedPlugin
from plugdeck.hosting.outcome import HostError, Outcome
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.image import Image, ImageLayout

from .behaviours import Behaviour
from .targets import made

# Not whole pages: so there is something behind the picture that is nobody's.
LAYOUT = ImageLayout.packed(64, 60)
PICTURE = Image(LAYOUT, bytes(range(256)) * 60)
# What hangs is ended after so long; nothing else is in a hurry.
HASTE_S = 1.0
THROWS = ("throw", "throw-in-thread", "throw-from-destructor")
"""The values of the other plugin's ``behaviour``, from 1."""

_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one misbehaviour."""

    words: str
    """``crashed SIGSEGV``, ``exited 3``, ``fails 42``, ``lives``, ``lives: EPERM`` (what a system call said).

    ``later:`` goes before it when only the next call told.
    """
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """Where plugins misbehave. ``folder`` is the user's: each run has one of its own in it."""

    supervisor: Supervisor
    misbehave: Path
    throw: Path
    folder: Path
    number_of: dict[str, int]

    def host(self, behaviour: Behaviour, path: Path | None = None) -> HostedPlugin:
        """The plugin that can do it, not started."""
        path = path or self.file_of(behaviour)
        return self.supervisor.host(path, manifest_of(path))

    def file_of(self, behaviour: Behaviour) -> Path:
        return self.throw if behaviour.name in THROWS else self.misbehave

    def run(self, behaviour: Behaviour, plugin: HostedPlugin) -> Told:
        """Makes a loaded plugin do its deed in a transform, and then run over another picture as if nothing were."""
        folder = self.folder / f"home-{threading.get_ident()}"
        folder.mkdir(exist_ok=True)
        own = folder / "own.so"
        own.touch()
        temporary = "/tmp" if plugin.confinement_words.startswith("It runs sealed") else ""
        with made(behaviour.target, folder, own) as told:
            if told:
                plugin.call("With", temporary if temporary and behaviour.name == "fill-temporary" else told)
            plugin.write("behaviour", self.number_of[behaviour.name])
            with hurry(plugin) if behaviour.hangs else nullcontext():
                return self._tell(plugin, "throw" not in plugin.manifest.name)

    def _tell(self, plugin: HostedPlugin, has_result: bool) -> Told:
        """Both pictures lie in the same memory: what was done to it is still so."""
        with self.supervisor.frame(PICTURE) as frame:
            deed = _transform(plugin, frame)
            if deed.outcome:
                return deed
            try:
                result = int(plugin.read("Result")) if has_result else -1
                plugin.write("behaviour", 0)
            except HostError as failure:
                return Told(f"later: {words_of(failure.outcome)}", failure.outcome)
            after = _transform(plugin, frame)
        if after.words != "lives":
            return Told(f"later: {after.words}", after.outcome)
        return deed if result == -1 else Told(f"{deed.words}: {errno.errorcode[result] if result else 'done'}")

    def transform(self, plugin: HostedPlugin) -> Told:
        """One picture."""
        with self.supervisor.frame(PICTURE) as frame:
            return _transform(plugin, frame)


def _transform(plugin: HostedPlugin, frame: Frame) -> Told:
    try:
        with plugin.transform(frame) as result:
            is_right = result.read() == PICTURE
    except HostError as failure:
        return Told(words_of(failure.outcome), failure.outcome)
    except CallError as failure:
        return Told(f"fails {failure.code}")
    if frame.read() != PICTURE:
        return Told("spoils its input")
    return Told("lives" if is_right else "lives, and spoils its picture")


def words_of(outcome: Outcome) -> str:
    """``crashed SIGSEGV``, ``exited 3``, ``timed out running``."""
    facts = [outcome.ending, signal.Signals(outcome.signal).name if outcome.signal else "", outcome.activity or ""]
    code = "" if outcome.exit_code is None else str(outcome.exit_code)
    return " ".join(filter(None, (*map(str, facts), code)))


_manifests: dict[Path, Manifest] = {}


def manifest_of(path: Path) -> Manifest:
    """What the plugin says of itself, read once."""
    if path not in _manifests:
        manifest = examine(path).manifest
        assert manifest
        _manifests[path] = manifest
    return _manifests[path]


@contextmanager
def hurry(plugin: HostedPlugin) -> Iterator[None]:
    """Whatever the plugin does in this block, it has little time for it."""
    patient = plugin._deadlines
    plugin._deadlines = replace(patient, call_s=HASTE_S)
    try:
        yield
    finally:
        plugin._deadlines = patient


class Family:
    """Every process that descends from this one, whatever it did to get away: orphans are handed to us."""

    def __init__(self) -> None:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._before = set(psutil.Process().children(recursive=True))

    def strangers(self) -> set[psutil.Process]:
        """Those that were not there before. Dead ones that were left to us are collected."""
        found = set(psutil.Process().children(recursive=True)) - self._before
        return {process for process in found if not _is_collected(process)}

    def close(self) -> None:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _is_collected(process: psutil.Process) -> bool:
    """Whether it is dead, and no child of ours any more."""
    with suppress(psutil.NoSuchProcess):
        if process.status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}:
            return False
        with suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)
    return True
