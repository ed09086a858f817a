"""What the user decided, in one instance and several, on disks that take it and disks that do not."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from plugdeck.hosting.sandbox.confinement import NO_PERMISSIONS, Approval, Permissions, Tier
from plugdeck.trust.decision import Decision
from plugdeck.trust.decisions_file import decisions_to_bytes, read_decisions
from plugdeck.trust.permission_edit import PermissionEdit
from plugdeck.trust.records import TrustRecords

ONE, TWO, THREE = "11" * 32, "22" * 32, "33" * 32


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "decisions.jsonl"


def allow(records, sha256, *, name="blur", path="/plugins/blur.so", permissions=NO_PERMISSIONS, tier=Tier.SEALED):
    records.allow(sha256, name=name, path=Path(path), permissions=permissions, lowest_tier=tier)


def widened(permissions):
    """The edit of somebody who saw that nothing is allowed."""
    return PermissionEdit(NO_PERMISSIONS, permissions)


def no_space(*_arguments, **_options):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_nothing_is_allowed_and_nothing_written_before_the_user_decides(path):
    records = TrustRecords(path)

    assert records.approval(ONE) is None
    assert records.quarantined(ONE) == ""
    assert records.decisions() == ()
    assert not path.parent.exists()


def test_the_users_own_records_lie_in_his_data_folder(own_folders):
    allow(TrustRecords(), ONE)

    assert [file.name for file in (own_folders / "data" / "plugdeck").iterdir()] == ["decisions.jsonl"]
    assert TrustRecords().approval(ONE)


def test_a_yes_holds_for_these_bytes_and_what_was_agreed_to_and_outlives_the_process(path):
    permissions = Permissions(("/pictures",), ("/out",), network=True)
    allow(TrustRecords(path), ONE, permissions=permissions, tier=Tier.FILTERED)

    records = TrustRecords(path)

    assert records.approval(ONE) == Approval(permissions, ONE, Tier.FILTERED)
    assert records.approval(TWO) is None
    assert path.stat().st_mode & 0o777 == 0o600


def test_permissions_change_for_what_is_allowed_and_for_nothing_else(path):
    records, network = TrustRecords(path), Permissions(network=True)
    allow(records, ONE)

    assert records.change_permissions(ONE, widened(network)) == Approval(network, ONE, Tier.SEALED)
    assert records.change_permissions(TWO, widened(network)) is None

    assert TrustRecords(path).approval(ONE).permissions == network
    assert TrustRecords(path).approval(TWO) is None


def test_a_change_undoes_nothing_that_another_window_decided_meanwhile(path):
    here, elsewhere = TrustRecords(path), TrustRecords(path)
    seen = Permissions(("/a", "/b"))
    allow(here, ONE, permissions=seen)
    allow(here, TWO)

    elsewhere.change_permissions(ONE, PermissionEdit(seen, Permissions(("/b",), ("/out",))))
    here.change_permissions(ONE, PermissionEdit(seen, Permissions(("/a", "/b", "/c"), network=True)))
    elsewhere.withdraw(TWO)

    assert here.change_permissions(TWO, widened(Permissions(network=True))) is None
    assert TrustRecords(path).approval(ONE).permissions == Permissions(("/b", "/c"), ("/out",), network=True)
    assert TrustRecords(path).approval(TWO) is None


def test_a_change_ends_no_quarantine(path):
    records = TrustRecords(path)
    allow(records, ONE)
    records.quarantine(ONE, "blur", "It crashed.")

    records.change_permissions(ONE, widened(Permissions(network=True)))

    assert records.quarantined(ONE) == "It crashed."


def test_what_needs_no_yes_begins_with_what_it_is_allowed_without_one(path):
    records, network = TrustRecords(path), Permissions(network=True)
    unasked = Decision(ONE, "sepia", "/samples/sepia.so", 0, Approval(sha256=ONE))

    assert records.change_permissions(ONE, widened(network), unasked=unasked).permissions == network
    both = Permissions(("/a",), network=True)
    assert records.change_permissions(ONE, widened(Permissions(("/a",))), unasked=unasked).permissions == both


def test_a_yes_goes_over_to_the_file_that_took_the_place_of_another(path):
    records, permissions = TrustRecords(path), Permissions(("/a",))
    allow(records, ONE, permissions=permissions, tier=Tier.FILTERED)

    approval = records.pass_on(records.decision(ONE), TWO, name="blur")

    assert approval == records.approval(TWO) == Approval(permissions, TWO, Tier.FILTERED)
    assert [decision.sha256 for decision in TrustRecords(path).decisions()] == [TWO]


def test_a_yes_that_was_taken_back_elsewhere_goes_over_to_nothing(path):
    records = TrustRecords(path)
    allow(records, ONE)
    earlier = records.decision(ONE)
    TrustRecords(path).withdraw(ONE)

    assert records.pass_on(earlier, TWO, name="blur") is None
    assert TrustRecords(path).decisions() == ()


def test_a_yes_that_was_narrowed_elsewhere_goes_over_to_nothing(path):
    records, wide = TrustRecords(path), Permissions(network=True)
    allow(records, ONE, permissions=wide)
    earlier = records.decision(ONE)
    TrustRecords(path).change_permissions(ONE, PermissionEdit(wide, NO_PERMISSIONS))

    assert records.pass_on(earlier, TWO, name="blur") is None
    assert TrustRecords(path).approval(ONE).permissions == NO_PERMISSIONS
    assert TrustRecords(path).approval(TWO) is None


def test_a_yes_goes_over_to_nothing_that_is_in_quarantine(path):
    records = TrustRecords(path)
    allow(records, ONE)
    records.quarantine(TWO, "blur", "It crashed.")

    assert records.pass_on(records.decision(ONE), TWO, name="blur") is None
    assert records.quarantined(TWO)
    assert records.approval(ONE)


def test_a_yes_can_be_taken_back(path):
    records = TrustRecords(path)
    allow(records, ONE)

    records.withdraw(ONE)

    assert records.approval(ONE) is None
    assert TrustRecords(path).decisions() == ()


def test_quarantine_keeps_what_is_allowed_from_running_until_it_is_lifted(path):
    records = TrustRecords(path)
    allow(records, ONE)

    records.quarantine(ONE, "blur", "It crashed three times in a minute.")

    assert TrustRecords(path).quarantined(ONE) == "It crashed three times in a minute."
    assert TrustRecords(path).approval(ONE) is None
    TrustRecords(path).lift(ONE)
    assert records.quarantined(ONE) == ""
    assert records.approval(ONE)


def test_quarantine_outlives_a_yes_that_is_taken_back(path):
    records = TrustRecords(path)
    allow(records, ONE)
    records.quarantine(ONE, "blur", "It crashed.")

    records.withdraw(ONE)

    assert records.quarantined(ONE) == "It crashed."
    records.lift(ONE)
    assert records.decisions() == ()


def test_what_was_never_allowed_can_be_in_quarantine(path):
    TrustRecords(path).quarantine(ONE, "blur", "")

    assert TrustRecords(path).quarantined(ONE)
    assert TrustRecords(path).approval(ONE) is None


def test_an_earlier_file_at_the_same_path_is_known_when_it_was_allowed(path):
    records = TrustRecords(path)
    allow(records, ONE, path="/plugins/a.so")
    allow(records, TWO, path="/plugins/a.so")
    records.quarantine(THREE, "a", "It crashed.")

    assert records.earlier(Path("/plugins/a.so"), THREE).sha256 == TWO
    assert records.earlier(Path("/plugins/a.so"), TWO).sha256 == ONE
    assert records.earlier(Path("/plugins/b.so"), THREE) is None


def test_decisions_come_latest_first_and_deciding_again_makes_one_the_latest(path):
    records = TrustRecords(path)
    for sha256 in (ONE, TWO, THREE):
        allow(records, sha256)
    records.change_permissions(ONE, widened(Permissions(network=True)))

    assert [decision.sha256 for decision in TrustRecords(path).decisions()] == [ONE, THREE, TWO]


def test_listeners_are_told_of_changes_and_of_nothing_else(path):
    records, told = TrustRecords(path), []
    forget = records.on_change(lambda: told.append(records.approval(ONE)))

    records.lift(ONE)
    records.withdraw(ONE)
    assert told == []
    allow(records, ONE)
    assert len(told) == 1
    assert told[0]
    forget()
    records.withdraw(ONE)
    assert len(told) == 1


def test_what_another_instance_decides_holds_at_the_next_question_and_is_told(path):
    first, second, told = TrustRecords(path), TrustRecords(path), []
    allow(first, ONE)
    assert second.approval(ONE)
    second.on_change(lambda: told.append(True))

    first.quarantine(ONE, "blur", "It crashed.")

    assert second.quarantined(ONE) == "It crashed."
    assert told
    allow(second, TWO)
    assert first.approval(TWO)
    assert first.quarantined(ONE)


def test_the_records_may_be_removed_to_start_anew(path):
    records = TrustRecords(path)
    allow(records, ONE)

    path.unlink()

    assert records.approval(ONE) is None
    assert records.notice == ""


DAMAGE = [b"", b"\x00" * 100, b"half a li", b'{"plugdeck-decisions": 1}\n{"sha256"', b"[" * 50_000]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: repr(damage[:20]))
def test_a_damaged_file_is_kept_aside_and_told_and_asked_about_anew(damage, path):
    path.parent.mkdir()
    path.write_bytes(damage)
    records = TrustRecords(path)

    assert records.approval(ONE) is None

    kept = path.with_name("decisions.jsonl.damaged-1")
    assert kept.read_bytes() == damage
    assert str(kept) in records.notice
    allow(records, TWO)
    assert TrustRecords(path).approval(TWO)
    assert records.is_saved
    assert kept.read_bytes() == damage


def test_damage_while_it_is_used_loses_nothing_that_is_on_disk(path):
    records = TrustRecords(path)
    allow(records, ONE)
    path.write_bytes(b"half a li")

    allow(records, TWO)
    assert records.unsaved_notice == ""

    assert path.with_name("decisions.jsonl.damaged-1").read_bytes() == b"half a li"
    assert records.approval(TWO)
    assert records.approval(ONE) is None  # who knows what else was changed
    assert "damaged-1" in records.notice


def test_of_two_instances_that_find_damage_none_takes_the_others_good_file_away(path, monkeypatch):
    """The second reads the damage, and the first has kept it aside and decided before the second has the lock."""
    path.parent.mkdir()
    path.write_bytes(b"damage")
    first, second = TrustRecords(path), TrustRecords(path)
    reads = []

    def read(file):
        reads.append(file)
        if len(reads) == 1:
            allow(first, ONE)
            raise ValueError("it is damaged")
        return read_decisions(file)

    store = second._store
    monkeypatch.setattr(store, "_read", lambda: read_through(store, read))

    def read_through(store, reading):
        with monkeypatch.context() as patch:
            patch.setattr("plugdeck.trust.decision_store.read_decisions", reading)
            return type(store)._read(store)

    assert second.approval(ONE)
    assert sorted(file.name for file in path.parent.iterdir()) == ["decisions.jsonl", "decisions.jsonl.damaged-1"]


@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace", "tempfile.mkstemp"])
def test_a_full_disk_is_told_and_the_decision_holds_for_the_session_and_is_saved_later(call, path, monkeypatch):
    records = TrustRecords(path)
    allow(records, ONE)

    with monkeypatch.context() as disk:
        disk.setattr(call, no_space)
        allow(records, TWO)

    assert records.approval(ONE)
    assert records.approval(TWO)
    assert "No space left" in records.notice
    assert "No space left" in records.unsaved_notice
    assert not records.is_saved
    assert TrustRecords(path).approval(TWO) is None
    assert [file.name for file in path.parent.iterdir()] == [path.name]

    records.quarantine(THREE, "x", "It crashed.")
    assert records.notice == ""
    assert records.is_saved
    assert TrustRecords(path).approval(TWO)
    assert TrustRecords(path).quarantined(THREE)


def test_what_could_not_be_saved_holds_over_what_another_instance_writes(path, monkeypatch):
    records, other = TrustRecords(path), TrustRecords(path)
    allow(records, ONE)
    with monkeypatch.context() as disk:
        disk.setattr("os.fsync", no_space)
        records.withdraw(ONE)

    allow(other, TWO)

    assert records.approval(ONE) is None
    assert records.approval(TWO)


def test_a_folder_that_cannot_be_made_is_told_and_the_decision_holds(tmp_path):
    (tmp_path / "data").write_text("a file where the folder should be")
    records, told = TrustRecords(tmp_path / "data" / "decisions.jsonl"), []
    records.on_change(lambda: told.append(True))

    allow(records, ONE)

    assert records.approval(ONE)
    assert told
    assert "could not be saved" in records.notice
    assert (tmp_path / "data").read_text() == "a file where the folder should be"


@pytest.mark.parametrize("kind", ["folder", "pipe", "newer"])
def test_what_cannot_be_read_is_left_alone_and_decisions_hold(kind, path):
    path.parent.mkdir()
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.write_bytes(b'{"plugdeck-decisions": 7}\nsomething new\n')
    records = TrustRecords(path)

    assert records.approval(ONE) is None
    assert "could not be read" in records.notice
    allow(records, ONE)

    assert records.approval(ONE)
    assert not records.is_saved
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    if kind == "newer":
        assert path.read_bytes() == b'{"plugdeck-decisions": 7}\nsomething new\n'


def test_a_linked_file_stays_a_link(path, tmp_path):
    kept = tmp_path / "elsewhere.jsonl"
    kept.write_bytes(decisions_to_bytes([]))
    path.parent.mkdir()
    path.symlink_to(kept)

    allow(TrustRecords(path), ONE)

    assert path.is_symlink()
    assert ONE in read_decisions(kept)


def test_names_and_reasons_of_any_length_are_cut(path):
    records = TrustRecords(path)
    allow(records, ONE, name="x" * 5000)
    records.quarantine(ONE, "y", "z" * 5000)

    decision = TrustRecords(path).decision(ONE)
    assert len(decision.name) == len(decision.quarantine) == 200


@pytest.mark.parametrize("sha256", ["", "11", "ZZ" * 32, ONE + "0"])
def test_what_is_no_hash_is_never_recorded(sha256, path):
    records = TrustRecords(path)
    with pytest.raises(ValueError, match="hash"):
        allow(records, sha256)

    assert TrustRecords(path).decisions() == ()


def test_threads_that_decide_at_once_lose_nothing(path, monkeypatch):
    monkeypatch.setattr("plugdeck.atomic_file.LOCK_PATIENCE_S", 100)  # the machine may be busy
    records = [TrustRecords(path) for _ in range(4)]

    def decide(number):
        for step in range(10):
            allow(records[number % 4], f"{number:032x}{step:032x}")

    threads = [threading.Thread(target=decide, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(TrustRecords(path).decisions()) == 80
    assert len(records[0].decisions()) == 80


DECIDE = """
import sys
from pathlib import Path
from plugdeck import atomic_file
from plugdeck.trust.permission_edit import PermissionEdit
from plugdeck.trust.records import TrustRecords
atomic_file.LOCK_PATIENCE_S = 100  # the machine may be busy
records = TrustRecords(Path(sys.argv[1]))
for step in range(10):
    records.quarantine(f"{int(sys.argv[2]):032x}{step:032x}", "x", "It crashed.")
"""


def test_processes_that_decide_at_once_lose_nothing(path):
    command = [sys.executable, "-c", DECIDE, os.fspath(path)]
    processes = [subprocess.Popen([*command, str(number)]) for number in range(4)]

    assert [process.wait(100) for process in processes] == [0, 0, 0, 0]
    assert len(TrustRecords(path).decisions()) == 40


def test_ten_thousand_decisions_are_read_once_for_many_questions(path, monkeypatch):
    made = [
        Decision(f"{number:064x}", "n", "/p.so", number, Approval(sha256=f"{number:064x}")) for number in range(10_000)
    ]
    path.parent.mkdir()
    path.write_bytes(decisions_to_bytes(made))
    records, reads = TrustRecords(path), []
    monkeypatch.setattr(
        "plugdeck.trust.decision_store.read_decisions", lambda file: reads.append(file) or read_decisions(file)
    )

    assert all(records.approval(decision.sha256) for decision in made)
    records.withdraw(made[0].sha256)
    assert records.approval(made[0].sha256) is None
    assert len(reads) == 1
    assert len(TrustRecords(path).decisions()) == 9999
