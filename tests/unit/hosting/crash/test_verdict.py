"""What is told of an end follows from what was seen, and never from less."""

from __future__ import annotations

import pytest

from plugdeck.hosting.crash.examination import Examined
from plugdeck.hosting.crash.hang import Hang
from plugdeck.hosting.crash.verdict import verdict_of, with_hang, with_own_words
from plugdeck.hosting.crash_site import CrashSite
from plugdeck.hosting.outcome import Activity, Ending, Outcome

GIB = 1 << 30
AT_NULL = CrashSite("wrote to address 0x8 (no memory there)", 8, "grow", 4, "x.so")
ELSEWHERE = CrashSite("wrote to address 0x7f0000001000 (no memory there)", 0x7F00_0000_1000, "grow", 4, "x.so")


@pytest.mark.parametrize(
    ("signal", "site", "peak", "limit", "ending"),
    [
        (11, AT_NULL, 4 * GIB, 4 * GIB, Ending.OUT_OF_MEMORY),
        (6, CrashSite(), 4 * GIB - (1 << 24), 4 * GIB, Ending.OUT_OF_MEMORY),
        (11, AT_NULL, 3 * GIB, 4 * GIB, Ending.CRASHED),
        (11, ELSEWHERE, 4 * GIB, 4 * GIB, Ending.CRASHED),
        (11, AT_NULL, 4 * GIB, 0, Ending.CRASHED),
        (8, CrashSite(), 4 * GIB, 4 * GIB, Ending.CRASHED),
    ],
)
def test_memory_is_blamed_only_when_it_was_full_and_the_fault_is_one_that_comes_of_it(
    signal, site, peak, limit, ending
):
    outcome = verdict_of(Examined(signal, site, peak_bytes=peak, limit_bytes=limit))
    assert (outcome.ending, outcome.signal, outcome.crash) == (ending, signal, site)
    assert ("4.00 GiB that it may have" in outcome.sentence) is (ending is Ending.OUT_OF_MEMORY)


def test_damage_comes_before_everything_else():
    seen = Examined(11, AT_NULL, is_damage=True, peak_bytes=GIB, limit_bytes=GIB)
    assert verdict_of(seen).ending is Ending.DAMAGED_OUTPUT


@pytest.mark.parametrize(
    "words",
    [
        "  what():  std::bad_alloc",
        "memory allocation of 4194304 bytes failed",
        "fatal error: runtime: out of memory",
        "runtime: cannot allocate memory",
    ],
)
@pytest.mark.parametrize("end", [{"ending": Ending.CRASHED, "signal": 6}, {"ending": Ending.EXITED, "exit_code": 2}])
def test_runtime_that_says_it_lacks_memory_is_quoted(words, end):
    outcome = with_own_words(Outcome(during="Transform", stderr_tail=f"first\n{words}\nlast", **end))
    assert outcome.ending is Ending.OUT_OF_MEMORY
    assert f"Its last words: {words.strip()}" in outcome.sentence


@pytest.mark.parametrize(
    "end",
    [
        {"ending": Ending.EXITED, "exit_code": 0},
        {"ending": Ending.CRASHED, "signal": 11},
        {"ending": Ending.TIMED_OUT, "deadline_s": 2.0},
        {"ending": Ending.STOPPED},
    ],
)
def test_words_count_for_nothing_where_it_did_not_give_up(end):
    outcome = Outcome(during="Transform", stderr_tail="std::bad_alloc was caught", **end)
    assert with_own_words(outcome) == outcome


def test_last_words_of_who_gave_up_are_quoted_escaped_and_cut():
    outcome = with_own_words(Outcome(Ending.CRASHED, "Transform", signal=6, stderr_tail="a\n\nb\x1b[0m\n" + "c" * 999))
    assert outcome.ending is Ending.CRASHED
    assert outcome.message.startswith("Its last words: b␛[0m ccc")
    assert len(outcome.message) < 250


def test_hang_that_was_a_crash_is_told_as_one():
    late = Outcome(Ending.TIMED_OUT, "Transform", deadline_s=2.0)
    told = with_hang(late, Hang(crashed=Examined(11, AT_NULL)))
    assert (told.ending, told.during, told.crash) == (Ending.CRASHED, "Transform", AT_NULL)
    waiting = with_hang(late, Hang(Activity.WAITING, "for data", ELSEWHERE))
    assert waiting.sentence == (
        "Did not answer within 2 s in Transform, and was ended. It was waiting for data in grow+0x4 of x.so."
    )


@pytest.mark.parametrize("end", [{"ending": Ending.CRASHED, "signal": 6}, {"ending": Ending.EXITED, "exit_code": 2}])
def test_panic_of_go_is_quoted_rather_than_the_end_of_its_trace(end):
    trace = "panic: runtime error: index out of range [7]\n\ngoroutine 1 [running]:\nmain.f()\n\tmain.go:14 +0x8a"
    outcome = with_own_words(Outcome(during="Transform", stderr_tail=trace, **end))
    assert outcome.message == "Its last words: panic: runtime error: index out of range [7]"


def test_worker_that_lost_its_connection_did_not_end_by_itself():
    tail = "first\nThe connection was lost: [Errno 9] Bad file descriptor"
    outcome = with_own_words(Outcome(Ending.EXITED, "Transform", exit_code=76, stderr_tail=tail))
    assert outcome.sentence == ("Closed, replaced or broke its connection to Plugdeck in Transform, and ended.")
    assert (outcome.ending, outcome.exit_code) == (Ending.LOST_CONNECTION, 76)


@pytest.mark.parametrize(
    ("end", "tail"),
    [
        ({"ending": Ending.EXITED, "exit_code": 76}, ""),
        ({"ending": Ending.EXITED, "exit_code": 76}, "The connection was lost: 9\nand found again"),
        ({"ending": Ending.EXITED, "exit_code": 76}, "He said: The connection was lost: 9"),
        ({"ending": Ending.EXITED, "exit_code": 75}, "The connection was lost: 9"),
        ({"ending": Ending.CRASHED, "signal": 11}, "The connection was lost: 9"),
        ({"ending": Ending.TIMED_OUT, "deadline_s": 2.0}, "The connection was lost: 9"),
    ],
)
def test_lost_connection_is_told_only_when_words_and_exit_code_say_so(end, tail):
    outcome = Outcome(during="Transform", stderr_tail=tail, **end)
    assert with_own_words(outcome) == outcome
