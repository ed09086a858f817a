"""Building the runner that fits a Go plugin, and keeping it for the next time.

Only a program of the same toolchain and flags can open a plugin. The flags come from a file that nobody trusts, and go
to a compiler that runs with the user's rights: none is handed on but those of which every possible value is harmless.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

from plugdeck.dialects.go.facts import GoFile
from plugdeck.dialects.go.toolchains import Toolchain, find_toolchain, how_to_get
from plugdeck.errors import PlugdeckError
from plugdeck.paths import cache_folder, shipped

_PATIENCE_S = 600.0
_LOOK_S = 0.05
_SWITCHES = ("-trimpath", "-race", "-msan", "-asan")
# What a value may look like. -gcflags and the C compiler's flags are not here: they can name files to write.
_VALUES = {
    "-tags": re.compile(r"[\w.,]{1,500}"),
    "GOAMD64": re.compile(r"v[1-4]"),
    "GOARM64": re.compile(r"v[89]\.[0-9](,(lse|crypto))*"),
    "GOEXPERIMENT": re.compile(r"[a-z0-9,]{1,500}"),
}
_SAID = re.compile(r"^(?!#).+$", re.MULTILINE)


class RunnerBuild(NamedTuple):
    """How a runner is built."""

    toolchain: Toolchain
    flags: tuple[str, ...]
    """Of ``go build``."""
    variables: tuple[tuple[str, str], ...]
    """Of its environment, beside what every build has."""

    @property
    def key(self) -> str:
        """Changes with all that the result depends on."""
        digest = hashlib.sha256(json.dumps([self.toolchain.version, str(self.toolchain.root), self[1:]]).encode())
        for path in _sources():
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return f"{self.toolchain.version}-{digest.hexdigest()[:20]}"


def build_of(plugin: GoFile) -> RunnerBuild:
    """How the runner of a plugin has to be built.

    Raises:
        PlugdeckError: the plugin does not say what built it, or this computer has no such toolchain; with the remedy.
    """
    version = plugin.toolchain.split(" ")[0]
    if not version:
        raise PlugdeckError(
            "It does not say which Go built it, so no runner can be built for it.",
            remedy="Build it with Go 1.21 or later, and without removing its build information.",
        )
    toolchain = find_toolchain(version)
    if toolchain is None:
        raise PlugdeckError(
            f"It was built by {version}, and only a runner built by the same can open it; this computer has no such "
            "toolchain.",
            remedy=how_to_get(version),
        )
    flags = [name for name in _SWITCHES if plugin.setting(name) == "true"]
    values = [(name, plugin.setting(name)) for name, looks in _VALUES.items() if looks.fullmatch(plugin.setting(name))]
    flags += [f"{name}={value}" for name, value in values if name.startswith("-")]
    variables = tuple((name, value) for name, value in values if not name.startswith("-"))
    return RunnerBuild(toolchain, tuple(flags), variables)


def kept_runner(build: RunnerBuild) -> Path | None:
    """The runner, if it was built before."""
    path = _folder() / build.key / "runner"
    return path if path.is_file() else None


def runner_for(plugin: GoFile, cancelled: Callable[[], bool] = lambda: False) -> Path:
    """The runner of a plugin, built unless it was before; blocks, for half a minute the first time.

    Args:
        plugin: the file's own words.
        cancelled: asked while the compiler works; when true, it is ended.

    Raises:
        PlugdeckError: it cannot be built, with the compiler's words.
    """
    build = build_of(plugin)
    if found := kept_runner(build):
        return found
    folder = _folder() / build.key
    with _alone_in(folder, cancelled):
        if found := kept_runner(build):  # by another Plugdeck meanwhile
            return found
        unfinished = folder / f"runner.{os.getpid()}"
        try:
            _compile(build, unfinished, cancelled)
            unfinished.replace(folder / "runner")
        finally:
            unfinished.unlink(missing_ok=True)
    return folder / "runner"


def _compile(build: RunnerBuild, result: Path, cancelled: Callable[[], bool]) -> None:
    if not any(map(shutil.which, ("cc", "gcc", "clang"))):
        raise PlugdeckError("Go needs a C compiler to build its runner, and none is installed.", remedy="Install gcc.")
    command = [str(build.toolchain.program), "build", "-ldflags=-s -w", *build.flags, "-o", str(result), "."]
    try:
        process = subprocess.Popen(
            command,
            cwd=shipped("plugins", "runner"),
            env=_environment(build),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as failure:
        raise PlugdeckError(f"{build.toolchain.program} cannot be started: {failure.strerror}.") from failure
    said = _words_of(process, cancelled)
    if process.returncode:
        raise PlugdeckError(
            f"The runner could not be built by {build.toolchain.version}: {said}",
            remedy=f"Look whether {build.toolchain.root} is a whole installation of Go.",
        )


def _words_of(process: subprocess.Popen[str], cancelled: Callable[[], bool]) -> str:
    """The first thing that the compiler had to complain of. Raises PlugdeckError when it was ended."""
    end = monotonic() + _PATIENCE_S
    while True:
        try:
            words = process.communicate(timeout=_LOOK_S)[1]
        except subprocess.TimeoutExpired:
            if not cancelled() and monotonic() < end:
                continue
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            why = "it was not wanted any more" if cancelled() else f"it took longer than {_PATIENCE_S:.0f} s"
            raise PlugdeckError(f"The runner was not built: {why}.") from None
        found = _SAID.search(words)
        return found[0][:500] if found else "the compiler gave no reason."


def _environment(build: RunnerBuild) -> dict[str, str]:
    """Nothing of what the user set for other builds, no network, and a cache of our own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "CC") if name in os.environ}
    own = {"GOTOOLCHAIN": "local", "GOPROXY": "off", "GOENV": "off", "GOWORK": "off", "GO111MODULE": "on"}
    cache = {"GOCACHE": str(cache_folder() / "go-build"), "GOPATH": str(cache_folder() / "go-path")}
    return {**kept, **own, **cache, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "1", "LC_ALL": "C.UTF-8", **dict(build[2])}


def _sources() -> list[Path]:
    return sorted(path for path in shipped("plugins", "runner").iterdir() if path.suffix in {".go", ".mod"})


def _folder() -> Path:
    return cache_folder() / "runners"


@contextmanager
def _alone_in(folder: Path, cancelled: Callable[[], bool]) -> Iterator[None]:
    """Makes the folder, and keeps other processes from building in it at the same time."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as failure:
        raise PlugdeckError(
            f"The runner cannot be kept in {folder}: {failure.strerror}.", remedy="Make room there, or allow writing."
        ) from failure
    try:
        _lock(descriptor, cancelled)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, cancelled: Callable[[], bool]) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if cancelled():
                raise PlugdeckError("The runner was not built: it was not wanted any more.") from None
            sleep(_LOOK_S)
