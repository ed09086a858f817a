"""The file of decisions, as it was written and as anybody may have left it."""

import json
import os
from base64 import b64encode
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugdeck.errors import PlugdeckError
from plugdeck.hosting.sandbox.confinement import Approval, Permissions, Tier
from plugdeck.trust.decision import Decision
from plugdeck.trust.decisions_file import (
    MOST_DECISIONS,
    NewerFormatError,
    check_line,
    decisions_to_bytes,
    read_decisions,
)

HASH = "5f" * 32
KEY = f"ed25519:{b64encode(bytes(range(32))).decode()}"
no_deadline = settings(deadline=None, database=None)
HEADER = b'{"plugdeck-decisions": 1}\n'

texts = st.text(st.characters(), max_size=30)
paths = st.text(st.characters(blacklist_characters="\0"), max_size=30).map(lambda text: f"/{text}")
hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
permissions = st.builds(
    Permissions, st.lists(paths, max_size=3).map(tuple), st.lists(paths, max_size=3).map(tuple), st.booleans()
)


@st.composite
def decisions(draw):
    sha256 = draw(hashes)
    approval = draw(st.none() | st.builds(Approval, permissions, st.just(sha256), st.sampled_from(Tier)))
    path, time = draw(st.just("") | paths), draw(st.integers(0, 1 << 40))
    key = draw(st.sampled_from(["", KEY]))
    return Decision(sha256, draw(texts), path, time, approval, key, draw(texts))


def line(**changes):
    allowed = {"lowest_tier": "A", "readable": ["/a"], "writable": [], "network": False}
    said = {
        "sha256": HASH,
        "name": "n",
        "path": "/p",
        "decided": 1,
        "allowed": allowed,
        "signed_by": KEY,
        "quarantine": "",
    }
    return f"{json.dumps({**said, **changes})}\n".encode()


@no_deadline
@given(st.lists(decisions(), max_size=5, unique_by=lambda decision: decision.sha256))
def test_what_was_written_is_read_again_in_its_order(tmp_path_factory, made):
    file = tmp_path_factory.mktemp("d") / "decisions"
    file.write_bytes(decisions_to_bytes(made))

    assert list(read_decisions(file).values()) == made
    assert file.read_bytes().isascii()


@no_deadline
@given(st.data())
def test_any_damage_is_either_refused_or_still_decisions(tmp_path_factory, data):
    made = data.draw(st.lists(decisions(), min_size=1, max_size=3))
    content = bytearray(decisions_to_bytes(made))
    start = data.draw(st.integers(0, len(content)))
    content[start : start + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=20))
    file = tmp_path_factory.mktemp("d") / "decisions"
    file.write_bytes(content)

    try:
        found = read_decisions(file)
    except ValueError:
        return
    for decision in found.values():
        check_line(decision)


@no_deadline
@given(st.binary(max_size=200))
def test_any_bytes_behind_the_header_are_refused_or_nothing(tmp_path_factory, content):
    file = tmp_path_factory.mktemp("d") / "decisions"
    file.write_bytes(HEADER + content)

    with suppress(ValueError):
        assert read_decisions(file) == {}


@pytest.mark.parametrize(
    "changed",
    [
        {"sha256": "5f"},
        {"sha256": HASH.upper()},
        {"sha256": None},
        {"name": 1},
        {"name": "n" * 201},
        {"path": "relative"},
        {"path": "/a\0b"},
        {"decided": -1},
        {"decided": 1.5},
        {"decided": True},
        {"decided": 1 << 60},
        {"allowed": {}},
        {"allowed": "yes"},
        {"allowed": {"lowest_tier": "Z", "readable": [], "writable": [], "network": False}},
        {"allowed": {"lowest_tier": [], "readable": [], "writable": [], "network": False}},
        {"allowed": {"lowest_tier": "A", "readable": ["here"], "writable": [], "network": False}},
        {"allowed": {"lowest_tier": "A", "readable": ["/a"] * 60, "writable": ["/b"] * 5, "network": False}},
        {"allowed": {"lowest_tier": "A", "readable": "/", "writable": [], "network": False}},
        {"allowed": {"lowest_tier": "A", "readable": [], "writable": [], "network": 1}},
        {"signed_by": "ed25519:"},
        {"signed_by": None},
        {"quarantine": None},
        {"more": 1},
    ],
)
def test_a_line_that_says_anything_else_is_damage(changed, tmp_path):
    file = tmp_path / "decisions"
    file.write_bytes(HEADER + line())
    assert len(read_decisions(file)) == 1

    file.write_bytes(HEADER + line() + line(**changed))

    with pytest.raises(ValueError, match="line 3"):
        read_decisions(file)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"[" * 100_000,
        b'{"plugdeck-decisions": true}\n',
        b'{"plugdeck-decisions": "1"}\n',
        b'{"plugdeck-decisions": 0}\n',
        b'{"plugdeck-decisions": 1}',
        b'{"plugdeck-decisions": ' + b"9" * 5000 + b"}\n",
        line(),
        HEADER + line().rstrip(),
        HEADER + b"\n" + line(),
        HEADER + b'{"sha256": "' + b"0" * (1 << 19),
        HEADER + b"[" * 100_000 + b"\n",
        HEADER + b"\xff\xfe\n",
    ],
    ids=lambda content: repr(content[:40]),
)
def test_a_file_that_is_none_is_damage(content, tmp_path):
    file = tmp_path / "decisions"
    file.write_bytes(content)

    with pytest.raises(ValueError, match=r"line \d|does not begin"):
        read_decisions(file)


def test_a_line_is_read_only_as_far_as_a_decision_may_reach(tmp_path):
    file = tmp_path / "decisions"
    file.write_bytes(HEADER + line().rstrip() + b" " * (1 << 19) + b"\n")

    with pytest.raises(ValueError, match="line 2 is too long"):
        read_decisions(file)


def test_a_file_of_a_later_version_is_no_damage(tmp_path):
    file = tmp_path / "decisions"
    file.write_bytes(b'{"plugdeck-decisions": 2}\nanything\n')

    with pytest.raises(NewerFormatError):
        read_decisions(file)


def test_what_is_no_regular_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "decisions")

    with pytest.raises(OSError, match="Invalid"):
        read_decisions(tmp_path / "decisions")


def test_of_too_many_decisions_the_latest_are_kept(tmp_path):
    made = [Decision(f"{number:064x}", "", "", number, quarantine="q") for number in range(MOST_DECISIONS + 5)]
    file = tmp_path / "decisions"
    file.write_bytes(decisions_to_bytes(made))

    assert list(read_decisions(file).values()) == made[5:]


def test_one_more_line_than_can_be_kept_is_damage(tmp_path):
    file = tmp_path / "decisions"
    file.write_bytes(HEADER + line() * (MOST_DECISIONS + 1))

    with pytest.raises(ValueError, match="more than"):
        read_decisions(file)


@pytest.mark.parametrize(("count", "length"), [(65, 3), (60, 5000)])
def test_more_folders_than_can_be_kept_are_refused_with_a_remedy(count, length):
    many = tuple(f"/{number}/{'x' * length}" for number in range(count))
    check_line(Decision(HASH, "", "", 1, Approval(Permissions(many[:32], many[32:50]), HASH)))

    with pytest.raises(PlugdeckError) as refused:
        check_line(Decision(HASH, "", "", 1, Approval(Permissions(many[:32], many[32:]), HASH)))
    assert refused.value.remedy


def test_what_cannot_be_as_large_is_not_read(tmp_path):
    file = tmp_path / "decisions"
    file.write_bytes(HEADER + line())
    os.truncate(file, 1 << 40)

    with pytest.raises(ValueError, match="too large"):
        read_decisions(file)


def test_decisions_that_need_much_room_are_written_as_far_as_they_are_read_again(tmp_path):
    folders = tuple(f"/{number}/{'x' * 3000}" for number in range(60))
    approvals = [Approval(Permissions(folders), f"{number:064x}") for number in range(50)]
    file = tmp_path / "decisions"
    file.write_bytes(decisions_to_bytes(Decision(each.sha256, "", "", 1, each) for each in approvals))

    found = list(read_decisions(file))
    assert 0 < len(found) < 50
    assert found == [each.sha256 for each in approvals[-len(found) :]]
