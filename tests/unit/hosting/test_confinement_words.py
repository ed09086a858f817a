"""How a process is confined, in one sentence that is true of what its plugins were allowed."""

from __future__ import annotations

import pytest

from plugdeck.hosting.sandbox.confinement import NO_PERMISSIONS, Confinement, Permissions, Tier

ALL = Permissions(("/a", "/b"), ("/c",), True)


@pytest.mark.parametrize("tier", list(Tier))
def test_of_one_that_is_allowed_nothing_it_is_what_the_question_said(tier):
    assert Confinement(tier).words(is_shared=False) == tier.words


def test_what_was_allowed_is_said_instead_of_what_is_out_of_reach():
    said = Confinement(Tier.SEALED, ALL).words(is_shared=False)
    what = "read 2 folders, change 1 folder and use the network"
    assert said == f"It runs sealed off, but for what you allowed: it may {what}."
    filtered = Confinement(Tier.FILTERED, Permissions(network=True)).words(is_shared=False)
    assert "it may use the network. It can tell which programs run." in filtered


def test_what_nothing_holds_is_said_whatever_was_allowed():
    assert Confinement(Tier.LIMITED, ALL).words(is_shared=True) == Tier.LIMITED.words


@pytest.mark.parametrize("permissions", [NO_PERMISSIONS, ALL])
def test_those_that_share_its_process_are_not_said_to_be_out_of_sight(permissions):
    said = Confinement(Tier.SEALED, permissions).words(is_shared=True)
    assert "the plugins that share its process" in said
    assert "no other program" not in said
