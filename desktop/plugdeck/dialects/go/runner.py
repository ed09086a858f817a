"""Which runner opens a Go plugin: the program of ours that has to be built as the plugin was.

The flags come from a file that nobody trusts, and go to a compiler that runs with the user's rights: none is handed on
but those of which every possible value is harmless.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from plugdeck.compat.finding import Finding, Severity
from plugdeck.dialects.go.causes import causes
from plugdeck.dialects.go.comparison import compare
from plugdeck.dialects.go.facts import GoFile
from plugdeck.dialects.go.reading import read_go_file
from plugdeck.dialects.go.toolchains import Toolchain, find_toolchain, how_to_get
from plugdeck.errors import BinaryFormatError, PlugdeckError
from plugdeck.paths import cache_folder, shipped
from plugdeck.text import visible

_SWITCHES = ("-trimpath", "-race", "-msan", "-asan")
# What a value may look like. -gcflags and the C compiler's flags are not here: they can name files to write.
_VALUES = {
    "-tags": re.compile(r"[\w.,]{1,500}"),
    "GOAMD64": re.compile(r"v[1-4]"),
    "GOARM64": re.compile(r"v[89]\.[0-9](,(lse|crypto))*"),
    "GOEXPERIMENT": re.compile(r"[a-z0-9,]{1,500}"),
}


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
        for path in runner_sources():
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
    path = runner_folder(build) / "runner"
    return path if path.is_file() else None


def runner_folder(build: RunnerBuild) -> Path:
    """Where the runner is kept, or will be."""
    return cache_folder() / "runners" / build.key


def runner_sources() -> list[Path]:
    """What it is built from."""
    files = shipped("plugins", "runner").iterdir()
    return sorted(path for path in files if path.suffix in {".go", ".mod"} and not path.stem.endswith("_test"))


def judge_for_runner(plugin: GoFile, path: Path) -> Iterator[Finding]:
    """What keeps the plugin from being opened by the runner that its build calls for; blocks for a few files.

    Once that runner was built, the two are compared package by package, as for any other host.
    """
    try:
        build = build_of(plugin)
    except PlugdeckError as failure:
        said = (f"built by: {visible(plugin.toolchain, 100) or 'not said'}",)
        yield Finding("go.no-runner", Severity.ERROR, str(failure), said, failure.remedy, stops_load=True)
        return
    runner = kept_runner(build)
    if runner is None:
        yield Finding(
            "go.runner-not-built",
            Severity.INFO,
            "Its runner is built when it first runs; that takes about half a minute, once.",
            (f"by {build.toolchain.version} in {build.toolchain.root}",),
            "Load it if it is a transform, and call its functions otherwise; or choose the program that opens it as "
            "the host, to have the verdict for that.",
        )
        return
    try:
        program = read_go_file(runner)
    except BinaryFormatError:
        program = None
    if program is not None and not (comparison := compare(plugin, program, (path, runner))).opens:
        yield from causes(comparison)
