"""The relocation types that a file's soundness depends on (the psABIs of i386, x86-64 and AArch64)."""

from __future__ import annotations

from typing import NamedTuple

from plugdeck.binary.dynamic import DT_REL, DT_RELA


class TypeRoles(NamedTuple):
    """The relocation types that matter here, by the names of the x86-64 psABI."""

    relative: int
    indirect: int
    """R_X86_64_IRELATIVE: the loader calls what the addend leads to."""
    slots: frozenset[int]
    """R_X86_64_GLOB_DAT and R_X86_64_JUMP_SLOT: a symbol's address and nothing more."""
    thread_local: frozenset[int]
    """Those whose addend is a place in a thread-local block; without a symbol, in the file's own."""
    plt_table: int
    small: frozenset[int] = frozenset({0})
    """Those that write less than a word: none or half of one."""


TYPE_ROLES = {
    3: TypeRoles(8, 42, frozenset({6, 7}), frozenset(), DT_REL),
    62: TypeRoles(8, 37, frozenset({6, 7}), frozenset({16, 17, 18, 36}), DT_RELA, frozenset({0, 2, 10, 32})),
    183: TypeRoles(1027, 1032, frozenset({1025, 1026}), frozenset({1028, 1029, 1030, 1031}), DT_RELA),
}
"""For i386, x86-64 and AArch64, by ``e_machine``; nothing is claimed for others."""
