"""Two real processes with one list: nothing is done twice, nothing is left out, and a death is noticed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from plugdeck.catalogue.sharing import PIECE, Helper, Sharing


def test_each_path_is_for_one_of_two_processes(tmp_path: Path):
    paths = [f"/{number}" for number in range(30 * PIECE + 7)]
    sharing, theirs = Sharing(paths), tmp_path / "theirs"
    for _ in range(3):
        next(mine := sharing.mine())
    helper = Helper(lambda: theirs.write_text("\n".join(sharing.mine()), encoding="utf-8") and None)
    rest = [*sharing.mine()]
    helper.wait()
    assert [*sharing.mine()] == []
    assert sorted([*mine, *rest, *theirs.read_text(encoding="utf-8").split()]) == sorted(paths[2 * PIECE + 1 :])


def test_only_one_has_its_turn(tmp_path: Path):
    sharing, file = Sharing([]), tmp_path / "lines"

    def write(word: str) -> None:
        for _ in range(200):
            with sharing.turn(), file.open("a", encoding="utf-8") as output:
                for _ in range(5):
                    output.write(word)
                    output.flush()
                output.write("\n")

    helper = Helper(lambda: write("ab"))
    write("cd")
    helper.wait()
    assert sorted(file.read_text(encoding="utf-8").split()) == ["ab" * 5] * 200 + ["cd" * 5] * 200


def test_turn_of_a_process_that_dies_is_over():
    sharing = Sharing([])

    def die() -> None:
        with sharing.turn():
            os.kill(os.getpid(), signal.SIGKILL)

    helper = Helper(die)
    with pytest.raises(SystemExit, match="died of signal 9"):
        helper.wait()
    with sharing.turn():
        pass


def test_failure_of_the_second_process_is_told(capfd: pytest.CaptureFixture[str]):
    def fail() -> None:
        raise ValueError("no more ideas")

    with pytest.raises(SystemExit, match="second process failed"):
        Helper(fail).wait()
    assert "no more ideas" in capfd.readouterr().err


def test_second_process_ends_quietly_when_nobody_listens():
    def stop() -> None:
        raise BrokenPipeError

    Helper(stop).wait()


def test_short_lists_and_single_processors_are_not_shared(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1})
    assert Sharing(["/a"] * 4 * PIECE).is_worthwhile
    assert not Sharing(["/a"] * (4 * PIECE - 1)).is_worthwhile
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0})
    assert not Sharing(["/a"] * 40 * PIECE).is_worthwhile
