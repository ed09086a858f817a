"""Who is held to have ended a shared process, and what becomes of each plugin in it."""

import pytest

from plugdeck.hosting.death_toll import death_toll
from plugdeck.hosting.outcome import BETWEEN_CALLS, Ending, Outcome

THERE = {0: "sepia", 1: "blur", 2: "edges"}
CRASH = Outcome(Ending.CRASHED, "Transform", signal=11)


def toll(outcome=CRASH, there=THERE, *, asked=1, marked=None, stopping=(), is_shared=True):
    return death_toll(outcome, there, asked=asked, marked=marked, stopping=frozenset(stopping), is_shared=is_shared)


@pytest.mark.parametrize("marked", [None, 1, 77])
def test_the_one_that_was_called_ended_it(marked):
    assert (toll(marked=marked).ended, toll(marked=marked).apart) == ({1: CRASH}, {1})


def test_the_note_of_the_process_is_told_and_changes_nothing():
    said = toll(marked=2)
    assert (set(said.ended), said.apart) == ({1}, {1})
    assert "the process itself noted edges" in said.ended[1].sentence


def test_a_name_from_a_plugin_is_made_visible_in_that():
    assert "\u202e" not in toll(there={1: "blur", 2: "\u202egpj"}, marked=2).ended[1].sentence


def test_an_end_between_calls_is_nobodys():
    said = toll(Outcome(Ending.CRASHED, BETWEEN_CALLS, signal=9), asked=None, marked=2)
    assert (set(said.ended), said.apart) == (set(THERE), set(THERE))
    assert all("not known" in outcome.message for outcome in said.ended.values())


def test_one_that_was_asked_and_is_not_there_any_more_is_not_blamed():
    assert set(toll(asked=5).ended) == set(THERE)


@pytest.mark.parametrize(("stopping", "gone"), [((0,), {0}), ((0, 2), {0, 2}), ((0, 1, 2), {0, 1, 2}), ((9,), {1})])
def test_what_is_taken_out_ends_and_the_others_go_on(stopping, gone):
    said = toll(Outcome(Ending.STOPPED, "Transform"), stopping=stopping)
    assert (set(said.ended), said.apart) == (gone, frozenset())


@pytest.mark.parametrize("there", [THERE, {2: "edges"}])
def test_a_process_that_is_restarted_for_its_own_sake_ends_nobody(there):
    assert toll(Outcome(Ending.STOPPED, BETWEEN_CALLS), there, asked=None).ended == {}


def test_one_alone_in_a_shared_process_ended_it_whoever_was_called():
    said = toll(there={2: "edges"}, asked=None)
    assert (set(said.ended), said.apart) == ({2}, {2})


def test_a_process_that_did_not_start_is_nobodys_fault():
    said = toll(Outcome(Ending.NOT_STARTED, "starting"), asked=None)
    assert (set(said.ended), said.apart) == (set(THERE), frozenset())


@pytest.mark.parametrize("ending", [Ending.CRASHED, Ending.STOPPED])
def test_a_process_of_one_is_told_as_it_was(ending):
    outcome = Outcome(ending, "Transform")
    said = toll(outcome, is_shared=False, stopping=(0,))
    assert (said.ended, said.apart) == (dict.fromkeys(THERE, outcome), frozenset())
