"""``plugdeck check`` of a Go plugin against its host, against Go's own tools on the same two files.

``go version -m`` and ``go tool nm`` say what the verdict is made of; nothing of Go's compares it. Processes are counted
by the time of the processor that they take, which other work on the machine changes least.
"""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROUNDS = 10
LIMIT_MORE_S = 0.150
LIMIT_RATIO = 0.5


def processor_seconds(command, environment):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return used.ru_utime + used.ru_stime


@pytest.fixture(scope="module")
def files():
    """Plugin, host, and the toolchain that built them."""
    recipes = importlib.import_module("tests.go.recipes")
    workshop = importlib.import_module("tests.go.conftest").workshop_module
    root = workshop.goroots()[0]
    built = workshop.Workshop(root, Path(__file__).resolve().parents[2] / "build" / "go-tests")
    return built.build(recipes.CORPUS), built.build(recipes.HOST), root / "bin" / "go", built.environment()


def test_check_against_the_tools_of_go(benchmark, capsys, files):
    plugin, host, go, of_go = files
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    plugdeck = os.fspath(Path(sys.executable).with_name("plugdeck"))
    if not os.path.exists(plugdeck):
        pytest.skip("the command plugdeck is not installed beside this interpreter")
    commands = {
        "empty": ([sys.executable, "-c", "pass"], kept),
        "check": ([plugdeck, "check", plugin, "--host", host], kept),
        "version": ([go, "version", "-m", plugin, host], of_go),
        "names of the plugin": ([go, "tool", "nm", plugin], of_go),
        "names of the host": ([go, "tool", "nm", host], of_go),
    }
    for command in commands.values():
        processor_seconds(*command)  # the go command builds its tools when they are first asked for
    rounds = [{name: processor_seconds(*command) for name, command in commands.items()} for _ in range(ROUNDS)]
    empty, check, *peers = (min(times[name] for times in rounds) for name in commands)
    benchmark.pedantic(lambda: processor_seconds(*commands["check"]), rounds=3)
    ratio = (check - empty) / sum(peers)
    with capsys.disabled():
        print(
            f"\nempty run {empty * 1e3:.0f} ms, check {check * 1e3:.0f} ms, Go's tools {sum(peers) * 1e3:.0f} ms: "
            f"{(check - empty) * 1e3:.0f} ms of work (at most {LIMIT_MORE_S * 1e3:.0f}), ratio {ratio:.2f}"
        )
    assert check - empty <= LIMIT_MORE_S
    assert check / sum(peers) <= LIMIT_RATIO
