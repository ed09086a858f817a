"""Building the runner that fits a Go plugin, and keeping it for the next time."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

from plugdeck.dialects.go.facts import GoFile
from plugdeck.dialects.go.reading import read_go_file
from plugdeck.dialects.go.recognise import manifest_of
from plugdeck.dialects.go.runner import RunnerBuild, build_of, judge_for_runner, kept_runner, runner_folder
from plugdeck.dialects.manifest import Manifest
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.fingerprint import fingerprint
from plugdeck.paths import cache_folder, shipped

_PATIENCE_S = 600.0
_LOOK_S = 0.05
_SAID = re.compile(r"^(?!#).+$", re.MULTILINE)


def runner_of(path: Path, expected: Manifest, cancelled: Callable[[], bool]) -> Path:
    """The runner that opens the Go plugin at ``path``, built unless it was before; blocks, see ``runner_for``.

    Raises:
        PlugdeckError: the file says something else by now, or there is no runner that it would not kill.
    """
    plugin = read_go_file(path)
    if plugin is None or fingerprint(manifest_of(plugin, path)) != fingerprint(expected):
        raise PlugdeckError(
            "The file has changed since it was read.", remedy="Look at what it is now, then load it again."
        )
    runner = runner_for(plugin, cancelled)
    for finding in judge_for_runner(plugin, path):
        if finding.stops_load:
            raise PlugdeckError(finding.message, remedy=finding.remedy)
    return runner


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
    folder = runner_folder(build)
    with _alone_in(folder, cancelled):
        if found := kept_runner(build):  # by another Plugdeck meanwhile
            return found
        unfinished = folder / f"runner.{os.getpid()}"
        try:
            compile_program(build, shipped("plugins", "runner"), unfinished, cancelled)
            unfinished.replace(folder / "runner")
        finally:
            unfinished.unlink(missing_ok=True)
    return folder / "runner"


def compile_program(
    build: RunnerBuild, source: Path, result: Path, cancelled: Callable[[], bool] = lambda: False
) -> None:
    """Builds a Go program of ours, as a plugin was built. Raises PlugdeckError, with the compiler's words.

    Args:
        build: the toolchain and the flags.
        source: the folder of its package.
        result: the file to write.
        cancelled: asked while the compiler works; when true, it is ended.
    """
    if not any(map(shutil.which, ("cc", "gcc", "clang"))):
        raise PlugdeckError("Go needs a C compiler to build its host, and none is installed.", remedy="Install gcc.")
    command = [str(build.toolchain.program), "build", "-ldflags=-s -w", *build.flags, "-o", str(result), "."]
    try:
        process = subprocess.Popen(
            command,
            cwd=source,
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
            f"Its host could not be built by {build.toolchain.version}: {said}",
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
    """Nothing of what the user set for other builds, no network, and a cache of our own unless one was chosen."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "CC", "GOCACHE") if name in os.environ}
    own = {"GOCACHE": str(cache_folder() / "go-build"), "GOPATH": str(cache_folder() / "go-path")}
    plain = {"GOTOOLCHAIN": "local", "GOPROXY": "off", "GOENV": "off", "GOWORK": "off", "GO111MODULE": "on"}
    plain |= {"GOFLAGS": "-mod=mod", "CGO_ENABLED": "1", "LC_ALL": "C.UTF-8"}
    return {**plain, **own, **kept, **dict(build.variables)}


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
