"""``plugdeck check`` on one file, from the command line and without a cache, against an empty run of the interpreter.

Processes are counted by the time of the processor that they take, which other work on the machine changes least, and
Python may keep what it compiles, as it does for users.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LIMIT_FACTOR = 1.5
LIMIT_MORE_S = 0.050
ROUNDS = 20


def processor_seconds(command):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return used.ru_utime + used.ru_stime


def test_check_of_one_file_against_an_empty_run(benchmark, capsys, build_plugin):
    plugin = os.fspath(build_plugin('#include <stdio.h>\nint Call(void) { return puts("called"); }'))
    commands = {
        "empty": [sys.executable, "-c", "pass"],
        "check": [os.fspath(Path(sys.executable).with_name("plugdeck")), "check", plugin],
    }
    if not os.path.exists(commands["check"][0]):
        pytest.skip("the command plugdeck is not installed beside this interpreter")
    # In turns, so that whatever else the machine does meets both of them.
    rounds = [{name: processor_seconds(command) for name, command in commands.items()} for _ in range(ROUNDS)]
    empty, check = (min(times[name] for times in rounds) for name in commands)
    benchmark.pedantic(lambda: processor_seconds(commands["check"]), rounds=3)
    limit = LIMIT_FACTOR * empty + LIMIT_MORE_S
    with capsys.disabled():
        print(f"\nempty run {empty * 1e3:.1f} ms, check {check * 1e3:.1f} ms (at most {limit * 1e3:.1f} ms)")
    assert check <= limit
