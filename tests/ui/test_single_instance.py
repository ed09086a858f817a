"""One window a user and screen: claims, handovers, and what is left over from a crash."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from plugdeck.ui.instance_server import InstanceServer
from plugdeck.ui.single_instance import (
    MAXIMUM_MESSAGE_BYTES,
    Handover,
    claim_window,
    hand_over,
    parse_handover,
    socket_folder,
)


@pytest.fixture(autouse=True)
def patient_starts(monkeypatch):
    """A second start waits for as long as it takes a busy machine to answer."""
    monkeypatch.setattr("plugdeck.ui.single_instance._PATIENCE_S", 60)


@pytest.fixture
def claim():
    made = claim_window()
    assert made
    yield made
    made.release()


@pytest.fixture
def server(qapp, claim):
    made = InstanceServer(claim.socket_path)
    assert made.is_listening
    yield made
    made.close()


def hand_over_elsewhere(*files: Path) -> threading.Thread:
    thread = threading.Thread(target=hand_over, args=(files,))
    thread.start()
    return thread


def test_only_one_has_the_claim_until_it_is_released(claim):
    assert claim_window() is None
    claim.release()
    again = claim_window()
    assert again
    again.release()


def test_a_second_start_hands_its_files_over(server, qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_ACTIVATION_TOKEN", "token")
    monkeypatch.chdir(tmp_path)
    with qtbot.waitSignal(server.taken, timeout=5000) as taken:
        thread = hand_over_elsewhere(Path("relative.so"), Path("/caf\udce9.so"))
    thread.join()
    assert taken.args == [Handover((tmp_path / "relative.so", Path("/caf\udce9.so")), "token")]


def test_a_second_start_without_files_still_brings_the_window_to_the_front(server, qtbot):
    with qtbot.waitSignal(server.taken, timeout=5000) as taken:
        thread = hand_over_elsewhere()
    thread.join()
    assert taken.args[0].files == ()


def test_nobody_listening_means_a_window_of_its_own(claim, monkeypatch):
    monkeypatch.setattr("plugdeck.ui.single_instance._PATIENCE_S", 0.1)
    assert not hand_over([])


def test_a_window_that_is_still_starting_is_waited_for(qtbot, claim):
    thread = hand_over_elsewhere(Path("/a.so"))
    server = InstanceServer(claim.socket_path)
    with qtbot.waitSignal(server.taken, timeout=5000):
        pass
    thread.join()
    server.close()


def test_what_a_killed_window_left_behind_is_cleaned_up(qtbot):
    code = (
        "import os; from plugdeck.ui.single_instance import claim_window; import socket\n"
        "claim = claim_window(); server = socket.socket(socket.AF_UNIX); server.bind(str(claim.socket_path))\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code], check=False, timeout=100)
    assert list(socket_folder().glob("*.socket"))
    claim = claim_window()
    assert claim
    server = InstanceServer(claim.socket_path)
    assert server.is_listening
    server.close()
    claim.release()


def test_only_this_user_can_reach_the_socket(server, claim):
    assert socket_folder().stat().st_mode & 0o077 == 0
    assert claim.socket_path.stat().st_mode & 0o077 == 0


def test_a_folder_that_others_can_enter_is_refused(own_folders):
    folder = own_folders / "runtime" / "plugdeck"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(PermissionError):
        socket_folder()


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"files": "x"}',
        b'{"files": [], "token": 5}',
        b'{"files": ' + b"[" * 100_000,
        json.dumps({"files": ["/x"] * 5000}).encode(),
    ],
)
def test_a_message_that_is_not_ours_is_nothing(message):
    assert parse_handover(message) is None


def test_only_absolute_paths_are_taken():
    message = json.dumps({"files": ["relative", "/absolute", 7, "/nul\0byte"]}).encode()
    assert parse_handover(message) == Handover((Path("/absolute"),))


@pytest.mark.parametrize("message", [b"nonsense\n", b"x" * (MAXIMUM_MESSAGE_BYTES + 10)])
def test_a_peer_that_talks_nonsense_is_cut_off(server, claim, qtbot, message):
    ended = threading.Event()

    def talk() -> None:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(10)
            peer.connect(os.fspath(claim.socket_path))
            try:
                peer.sendall(message)
                assert peer.recv(10) == b""
            except OSError:
                pass
        ended.set()

    with qtbot.assertNotEmitted(server.taken):
        thread = threading.Thread(target=talk)
        thread.start()
        qtbot.waitUntil(ended.is_set, timeout=10_000)
    thread.join()
