"""The records have the sizes that the specification gives them."""

from __future__ import annotations

import pytest

from plugdeck.binary.layout import LAYOUTS

# elf.h: sizes of Elf32_… and Elf64_….
SIZES = {
    "header": (52, 64),
    "program_header": (32, 56),
    "dynamic_entry": (8, 16),
    "symbol": (16, 24),
    "word": (4, 4),
    "hash_head": (8, 8),
    "gnu_hash_head": (16, 16),
    "version_need": (16, 16),
    "version_need_entry": (16, 16),
    "version_definition": (20, 20),
    "version_definition_entry": (8, 8),
    "note_header": (12, 12),
}


@pytest.mark.parametrize("record", SIZES)
@pytest.mark.parametrize("key", LAYOUTS)
def test_records_have_their_specified_size(record: str, key: tuple[int, int]) -> None:
    layout = LAYOUTS[key]
    assert getattr(layout, record).size == SIZES[record][0 if layout.bits == 32 else 1]


def test_all_classes_and_byte_orders_are_there() -> None:
    found = {(layout.bits, layout.byte_order) for layout in LAYOUTS.values()}
    assert found == {(32, "little"), (32, "big"), (64, "little"), (64, "big")}
