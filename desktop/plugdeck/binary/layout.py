"""How ELF's records lie in memory, for both classes and both byte orders (gABI, chapters 4 and 5)."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple


class Layout(NamedTuple):
    """The records of one ELF class and byte order; versions and notes are alike in both classes."""

    bits: int
    byte_order: str
    header: Struct
    """``Elf32_Ehdr`` or ``Elf64_Ehdr``."""
    program_header: Struct
    dynamic_entry: Struct
    symbol: Struct
    bloom_word_bytes: int
    """The size of one word of the GNU hash table's Bloom filter."""
    word: Struct
    """``Elf32_Word``."""
    hash_head: Struct
    """``nbucket``, ``nchain`` of DT_HASH."""
    gnu_hash_head: Struct
    """``nbuckets``, ``symoffset``, ``bloom_size``, ``bloom_shift`` of DT_GNU_HASH."""
    version_need: Struct
    """``Elf_Verneed``."""
    version_need_entry: Struct
    """``Elf_Vernaux``."""
    version_definition: Struct
    """``Elf_Verdef``."""
    version_definition_entry: Struct
    """``Elf_Verdaux``."""
    note_header: Struct
    """``Elf_Nhdr``."""


def _layout(bits: int, byte_order: str) -> Layout:
    order = "<" if byte_order == "little" else ">"
    wide = bits == 64
    return Layout(
        bits=bits,
        byte_order=byte_order,
        header=Struct(order + ("16sHHIQQQIHHHHHH" if wide else "16sHHIIIIIHHHHHH")),
        program_header=Struct(order + ("IIQQQQQQ" if wide else "IIIIIIII")),
        dynamic_entry=Struct(order + ("qQ" if wide else "iI")),
        symbol=Struct(order + ("IBBHQQ" if wide else "IIIBBH")),
        bloom_word_bytes=bits // 8,
        word=Struct(order + "I"),
        hash_head=Struct(order + "II"),
        gnu_hash_head=Struct(order + "IIII"),
        version_need=Struct(order + "HHIII"),
        version_need_entry=Struct(order + "IHHII"),
        version_definition=Struct(order + "HHHHIII"),
        version_definition_entry=Struct(order + "II"),
        note_header=Struct(order + "III"),
    )


LAYOUTS = {
    (ei_class, ei_data): _layout(bits, byte_order)
    for ei_class, bits in ((1, 32), (2, 64))
    for ei_data, byte_order in ((1, "little"), (2, "big"))
}
"""By ``EI_CLASS`` and ``EI_DATA``."""
