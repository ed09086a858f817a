"""A choice of host travels as JSON, and is named in words."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from plugdeck.compat.host import Host
from plugdeck.compat.host_choice import WORKER, HostChoice

CHOICES = [
    (WORKER, "Plugdeck's worker"),
    (HostChoice(Path("/usr/bin/ardour")), "ardour"),
    (HostChoice(sysroot=Path("/srv/board")), "programs of /srv/board"),
    (HostChoice(Path("/usr/bin/ardour"), Path("/srv/board")), "ardour of /srv/board"),
]


@pytest.mark.parametrize(("choice", "label"), CHOICES)
def test_choice_comes_back_equal_and_has_a_label(choice: HostChoice, label: str):
    assert HostChoice.from_json(json.loads(json.dumps(choice.to_json()))) == choice
    assert choice.label == label


def test_relative_paths_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert HostChoice.from_json(HostChoice(Path("program")).to_json()) == HostChoice(tmp_path / "program")
    board = HostChoice(Path("usr/bin/program"), Path("board"))
    assert HostChoice.from_json(board.to_json()) == HostChoice(Path("/usr/bin/program"), tmp_path / "board")


@pytest.mark.parametrize("data", [None, [], "text", {"executable": 7}, {"sysroot": ["/"]}, {"executable": None}])
def test_other_values_are_refused(data: object):
    with pytest.raises(ValueError, match="host"):
        HostChoice.from_json(data)


def test_nothing_chosen_is_plugdecks_worker():
    assert WORKER.host() == Host.default()
    assert HostChoice(Path(sys.executable)).host().platform == Host.default().platform


def test_label_hides_nothing():
    assert HostChoice(Path("/bin/a\nb")).label == "a␊b"
