"""Each refused system call reaches the kernel in a control, is refused by the filter, and by that rule alone."""

from __future__ import annotations

import errno
import json
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import plugdeck
from plugdeck.hosting.sandbox.call_filter import CallFilter
from plugdeck.hosting.sandbox.system_calls import SystemCalls, system_calls
from plugdeck.paths import shipped

PROBE = Path(__file__).parent.parent / "native" / "probe.c"
CALLS = system_calls()
TABLE = json.loads(shipped("resources", "sandbox", "system-calls.json").read_text("utf-8"))
GROUPS = {**TABLE["denied"], "start another process, asked for in memory": ["clone3"]}

# Nobody takes the refusals: then the kernel answers ENOSYS, which it says of nothing that it has.
FILTERED = """
import ctypes, json, os, sys
sys.path.insert(0, sys.argv[1])
from plugdeck.hosting.sandbox.filter_program import for_process
from plugdeck.hosting.sandbox.seccomp import install
library = ctypes.PyDLL(sys.argv[2])
if sys.argv[3]:
    os.close(install(for_process(bytes.fromhex(sys.argv[3]), os.getpid())))
print(json.dumps({name: library.Probe(ctypes.c_long(number)) for name, number in json.loads(sys.argv[4]).items()}))
"""

pytestmark = pytest.mark.skipif(CALLS is None, reason="there is no table of system calls for this kind of machine")


@pytest.fixture(scope="module")
def probe(build_plugin):
    """``probe(numbers, program)``: what each system call says under this filter, as an errno."""
    library = build_plugin(PROBE, name="probe.so")
    folder = Path(plugdeck.__file__).parent.parent

    def run(numbers: dict[str, int], program: bytes = b"") -> dict[str, int]:
        command = [sys.executable, "-I", "-S", "-c", FILTERED, folder, library, program.hex(), json.dumps(numbers)]
        done = subprocess.run(command, capture_output=True, text=True, start_new_session=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="module")
def control(probe) -> dict[str, int]:
    """What this kernel says without a filter; calls that it does not have are left out."""
    said = probe(CALLS.numbers)
    return {name: said[name] for name in said if said[name] != errno.ENOSYS}


def test_every_call_is_refused_with_the_filter_and_reaches_the_kernel_without(probe, control):
    refused = probe(CALLS.numbers, CallFilter(CALLS).program())
    assert len(control) > 0.8 * len(CALLS.numbers)
    assert {name for name in control if refused[name] != errno.ENOSYS} == set()


@pytest.mark.parametrize("group", GROUPS)
def test_without_its_rule_a_group_of_calls_reaches_the_kernel(probe, control, group):
    members = [name for name in GROUPS[group] if name in control]
    if not members:
        pytest.skip(f"this kernel has none of {', '.join(GROUPS[group])}")
    others = {name: number for name, number in CALLS.numbers.items() if name not in members}
    said = probe({name: CALLS.numbers[name] for name in members}, CallFilter(replace(CALLS, numbers=others)).program())
    assert said == {name: control[name] for name in members}


def test_every_refused_call_has_words(control):
    assert {name for name in CALLS.numbers if name not in CALLS.deeds} == {"clone3"}


ALLOWED = struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF_0000)  # BPF_RET, SECCOMP_RET_ALLOW
X32 = 0x4000_0000
# In place of that, as the last step: whatever has the number of an x32 call and was not refused answers EXDEV, as a
# kernel would that has such calls; this one says ENOSYS by itself.
AS_A_KERNEL_WITH_X32 = b"".join(
    struct.pack("=HBBI", *step) for step in ((0x35, 0, 1, X32), (0x06, 0, 0, 0x5_0000 | errno.EXDEV))
)


@pytest.mark.skipif(CALLS is None or not CALLS.has_x32, reason="only x86-64 has a second and a third numbering")
def test_the_second_numbering_is_refused_as_a_whole_by_its_rule_alone(probe):
    numbers = {name: X32 | number for name, number in CALLS.numbers.items()} | {"none": X32, "getpid": X32 | 39}

    def said(calls: SystemCalls) -> set[int]:
        program = CallFilter(calls).program()
        assert program.endswith(ALLOWED)
        program = program.removesuffix(ALLOWED) + AS_A_KERNEL_WITH_X32 + ALLOWED
        return set(probe(numbers, program).values())

    assert said(CALLS) == {errno.ENOSYS}
    assert said(replace(CALLS, has_x32=False)) == {errno.EXDEV}


OTHER_MACHINE = FILTERED.rpartition("print")[0] + "sys.exit(library.ProbeOtherMachine())\n"


@pytest.mark.skipif(CALLS is None or not CALLS.has_x32, reason="only x86-64 has a second and a third numbering")
def test_another_machines_numbering_ends_the_process_by_its_rule_alone(build_plugin):
    library, folder = build_plugin(PROBE, name="probe.so"), Path(plugdeck.__file__).parent.parent
    whole = CallFilter(CALLS).program()
    load_number, *_ = [whole[at : at + 8] for at in range(0, len(whole), 8)][3:]
    without = whole[8 * 3 :]  # the first three steps look at the machine
    assert without.startswith(load_number)

    def ends_with(program: bytes) -> int:
        command = [sys.executable, "-I", "-S", "-c", OTHER_MACHINE, folder, library, program.hex(), "{}"]
        return subprocess.run(command, capture_output=True, timeout=60).returncode

    if ends_with(b""):
        pytest.skip("this kernel runs no 32-bit programs")
    assert ends_with(whole) == -31  # SIGSYS
    assert ends_with(without) == 0
