"""Notes: their padding, their owners, and the build id."""

from __future__ import annotations

import struct

import pytest

from plugdeck.binary.facts import Note
from plugdeck.binary.layout import LAYOUTS
from plugdeck.binary.notes import build_id_of, parse_notes
from plugdeck.errors import BinaryFormatError

LITTLE_64 = LAYOUTS[(2, 1)]


def note(owner: bytes, kind: int, description: bytes, alignment: int = 4) -> bytes:
    data = struct.pack("<III", len(owner), len(description), kind) + owner
    data += bytes(-len(data) % alignment) + description
    return data + bytes(-len(data) % alignment)


@pytest.mark.parametrize("alignment", [4, 8])
@pytest.mark.parametrize("owner", [b"\0", b"A\0", b"GNU\0", b"Plugdeck\0"])
@pytest.mark.parametrize("length", [0, 1, 4, 7, 20])
def test_padding_is_passed_over(alignment: int, owner: bytes, length: int) -> None:
    data = note(owner, 7, b"x" * length, alignment) + note(b"End\0", 9, b"last", alignment)
    found = list(parse_notes(data, LITTLE_64, alignment=alignment))
    assert found == [Note(owner[:-1].decode(), 7, b"x" * length), Note("End", 9, b"last")]


def test_zeros_between_notes_are_no_notes() -> None:
    assert list(parse_notes(bytes(24) + note(b"A\0", 1, b"x") + bytes(7), LITTLE_64)) == [Note("A", 1, b"x")]


def test_owner_that_is_no_unicode_is_kept() -> None:
    assert next(parse_notes(note(b"\xff\0", 1, b""), LITTLE_64)).owner == "\udcff"


def test_cut_off_note_is_refused_with_its_place() -> None:
    with pytest.raises(BinaryFormatError, match="0x1010"):
        list(parse_notes(note(b"A\0", 1, b"")[:16] + note(b"B\0", 1, b"long")[:-4], LITTLE_64, offset=0x1000))


def test_build_id_is_the_gnu_note_of_type_3() -> None:
    others = [Note("Go", 3, b"no"), Note("GNU", 1, b"no"), Note("GNU", 3, b"")]
    assert build_id_of(others) is None
    assert build_id_of([*others, Note("GNU", 3, b"\x0a\xff")]) == "0aff"
