"""Every ending is a sentence that says what happened, and leads to a state."""

import os
import signal
import subprocess
import sys

import pytest

from plugdeck.hosting.crash_site import CrashSite
from plugdeck.hosting.outcome import Activity, Ending, HostError, Outcome, PluginState, Status, outcome_of_status


@pytest.mark.parametrize(
    ("outcome", "sentence", "state"),
    [
        (
            Outcome(Ending.CRASHED, "Transform", signal=11),
            "Crashed in Transform: SIGSEGV (segmentation fault).",
            PluginState.CRASHED,
        ),
        (
            Outcome(Ending.EXITED, "loading", exit_code=3),
            "Ended its own process while loading with exit code 3.",
            PluginState.CRASHED,
        ),
        (
            Outcome(Ending.TIMED_OUT, "GetUser", deadline_s=2.0),
            "Did not answer within 2 s in GetUser, and was ended.",
            PluginState.TIMED_OUT,
        ),
        (
            Outcome(Ending.REFUSED, "loading", message="Init failed."),
            "Refused while loading: Init failed.",
            PluginState.NOT_LOADED,
        ),
        (
            Outcome(Ending.REFUSED, "loading"),
            "Refused while loading: no reason was given.",
            PluginState.NOT_LOADED,
        ),
        (
            Outcome(Ending.BROKE_PROTOCOL, "Transform", message="It sent nonsense."),
            "Answered with something unexpected in Transform, and was ended. It sent nonsense.",
            PluginState.CRASHED,
        ),
        (
            Outcome(Ending.NOT_STARTED, "starting", message="No such file or directory."),
            "Its process was not started. No such file or directory.",
            PluginState.NOT_LOADED,
        ),
        (
            Outcome(Ending.CRASHED, "between calls", signal=15),
            "Crashed between calls: SIGTERM (terminated).",
            PluginState.CRASHED,
        ),
        (
            Outcome(Ending.CRASHED, "Transform", signal=11, crash=CrashSite("read from address 0x8", 8, "f", 4, "x")),
            "Crashed in Transform: SIGSEGV (segmentation fault), read from address 0x8 in f+0x4 of x.",
            PluginState.CRASHED,
        ),
        (
            Outcome(Ending.TIMED_OUT, "Transform", deadline_s=2.0, activity=Activity.RUNNING),
            "Did not answer within 2 s in Transform, and was ended. It was still running.",
            PluginState.TIMED_OUT,
        ),
        (
            Outcome(Ending.TIMED_OUT, "Transform", deadline_s=2.0, activity=Activity.STOPPED),
            "Did not answer within 2 s in Transform, and was ended. It had stopped itself, or was stopped by something "
            "outside Plugdeck.",
            PluginState.TIMED_OUT,
        ),
        (
            Outcome(Ending.FLOODED, "Transform", left_out_bytes=70_000_000),
            "Flooded its output in Transform, and was ended: 70,000,000 bytes were thrown away.",
            PluginState.CRASHED,
        ),
        (
            Outcome(Ending.DAMAGED_OUTPUT, "Transform", message="It wrote too far."),
            "Damaged its output in Transform, and was ended. It wrote too far.",
            PluginState.CRASHED,
        ),
        (
            Outcome(Ending.OUT_OF_MEMORY, "Transform", exit_code=2, message="Why."),
            "Ran out of memory in Transform, and ended its own process with exit code 2. Why.",
            PluginState.CRASHED,
        ),
        (Outcome(Ending.STOPPED, "Transform"), "Was ended on purpose in Transform.", PluginState.NOT_LOADED),
    ],
)
def test_ending_is_a_sentence_and_a_state(outcome, sentence, state):
    assert outcome.sentence == sentence
    assert outcome.state is state
    assert str(HostError(outcome, "blur")) == f"blur: {sentence}"


def ended(code: str) -> os.waitid_result:
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", f"import os; {code}"])
    status = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    process.wait()
    assert status
    return status


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL, signal.SIGRTMIN + 3])
def test_signal_is_told_from_the_status(number):
    outcome = outcome_of_status(ended(f"os.kill(os.getpid(), {int(number)})"), "Transform")
    assert (outcome.ending, outcome.signal) == (Ending.CRASHED, number)


@pytest.mark.parametrize("code", [0, 3, 139])
def test_exit_code_is_told_from_the_status_and_not_taken_for_a_signal(code):
    outcome = outcome_of_status(ended(f"os._exit({code})"), "Transform")
    assert (outcome.ending, outcome.exit_code, outcome.signal) == (Ending.EXITED, code, None)


def test_status_that_somebody_else_collected_is_no_error():
    assert "not known" in outcome_of_status(None, "Transform").sentence


@pytest.mark.parametrize(("kills", "ending"), [(0, Ending.CRASHED), (1, Ending.OUT_OF_MEMORY)])
def test_kernel_is_named_only_when_it_ended_a_process_for_want_of_memory(kills, ending):
    killed = Status(os.CLD_KILLED, signal.SIGKILL)
    outcome = outcome_of_status(killed, "Transform", kills)
    assert (outcome.ending, outcome.signal) == (ending, signal.SIGKILL)
    assert ("no memory left" in outcome.sentence) is bool(kills)
    assert outcome_of_status(Status(os.CLD_KILLED, signal.SIGTERM), "Transform", kills).ending is Ending.CRASHED
