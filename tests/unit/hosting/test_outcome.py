"""Every ending is a sentence that says what happened, and leads to a state."""

import os
import signal
import subprocess
import sys

import pytest

from plugdeck.hosting.outcome import Ending, HostError, Outcome, PluginState, outcome_of_status


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
