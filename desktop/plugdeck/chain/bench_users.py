"""What the four calls of a user manager cost, each in five ways: in Go itself, and through what Plugdeck adds."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from plugdeck.chain.bench import median_ns, tried_in_app
from plugdeck.dialects.go.reading import read_go_file
from plugdeck.dialects.go.runner import build_of
from plugdeck.dialects.manifest import Manifest
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.go_runner.build import compile_program
from plugdeck.hosting.sandbox.confinement import Approval
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.paths import shipped

if TYPE_CHECKING:
    from plugdeck.chain.transform_host import TransformHost

IN_C, IN_GO = "users", "users-go"
"""The two samples that have these calls."""

Measured = tuple[Path, Manifest, Approval]

# plugins/go/users-go/bench asks for the same.
_CALLS = {
    "GetUser": ("einstein",),
    "GetUserByClaim": ("mail", "einstein@example.org"),
    "GetUserGroups": ("einstein",),
    "FindUser": ("ein",),
}
_ROUNDS = 2000
_PATIENCE_S = 120


@dataclass(frozen=True, slots=True)
class CallCosts:
    """The medians of one call, in ns."""

    call: str
    go_direct: float
    """In the same Go program."""
    go_plugin: float
    """In a plugin that a Go program opened."""
    sdk_in_app: float
    """In this process, through the library."""
    sdk_worker: float
    """In a confined process."""
    go_runner: float
    """In a confined process of Go's."""

    def as_json(self) -> dict[str, object]:
        """The row, with its unit."""
        return {**asdict(self), "unit": "ns"}


def measure_users(plugins: Sequence[Measured]) -> list[CallCosts]:
    """One row a call; none unless both samples are among the plugins.

    It builds a Go program and runs it: both are our own. Raises PlugdeckError when that cannot be done.
    """
    found = {path.stem: (path, manifest, approval) for path, manifest, approval in plugins}
    if IN_C not in found or IN_GO not in found:
        return []
    in_go = _times_in_go(found[IN_GO][0])
    with Supervisor() as supervisor:
        path, manifest, approval = found[IN_C]
        worker = _times(supervisor.host(path, manifest, approval))
        in_app = _times(tried_in_app(path, manifest, approval, supervisor))
        runner = _times(supervisor.host(*found[IN_GO]))
    return [
        CallCosts(call, in_go["direct"][call], in_go["plugin"][call], in_app[call], worker[call], runner[call])
        for call in _CALLS
    ]


def _times(host: TransformHost) -> dict[str, float]:
    host.start()
    return {call: median_ns(partial(host.call, call, *arguments), _ROUNDS) for call, arguments in _CALLS.items()}


def _times_in_go(plugin: Path) -> dict[str, dict[str, float]]:
    file = read_go_file(plugin)
    if file is None:
        raise PlugdeckError(f"{plugin} is no Go plugin.")
    with TemporaryDirectory(prefix="plugdeck-") as folder:
        program = Path(folder) / "bench"
        compile_program(build_of(file), shipped("plugins", "go", IN_GO) / "bench", program)
        try:
            done = subprocess.run([program, plugin.absolute()], capture_output=True, timeout=_PATIENCE_S, check=True)
            times: dict[str, dict[str, float]] = json.loads(done.stdout)
        except (OSError, subprocess.SubprocessError, ValueError) as failure:
            raise PlugdeckError(f"The calls in Go could not be measured: {failure}.") from failure
    return times
