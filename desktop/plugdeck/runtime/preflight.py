"""What is checked only before loading: places that the dynamic loader writes to or jumps to without looking.

The reader has made sure that every table lies inside the file. A damaged relocation still makes the loader write
somewhere else, and a damaged constructor address makes it jump there; either ends the process. Nothing here guards
against a plugin that means harm: its constructors may do anything. It guards against damaged files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct

from plugdeck.binary.dynamic import (
    DT_FINI_ARRAY,
    DT_FINI_ARRAYSZ,
    DT_INIT_ARRAY,
    DT_INIT_ARRAYSZ,
    DT_JMPREL,
    DT_PLTRELSZ,
    DT_REL,
    DT_RELA,
    DT_RELASZ,
    DT_RELSZ,
    DT_SYMTAB,
    TABLE_ADDRESSES,
    DynamicTable,
    read_dynamic_table,
)
from plugdeck.binary.elf_header import ElfHeader
from plugdeck.binary.segments import PF_X, PT_DYNAMIC, PT_LOAD, LoadMap, ProgramHeader, read_program_headers
from plugdeck.binary.source import ByteSource, damaged, open_source

DT_PLTGOT, DT_RELAENT, DT_INIT, DT_FINI, DT_RELENT, DT_PLTREL, DT_RELACOUNT = 3, 9, 12, 13, 19, 20, 0x6FFF_FFF9
PF_W, PF_R = 2, 4
PT_TLS, PT_GNU_RELRO = 7, 0x6474_E552
_CHUNK_BYTES = 1 << 20

# By e_machine: the relocations "base + addend" and "call base + addend" (psABI of x86-64, AArch64; type 0 is none).
_RELATIVE = {62: (8, 37), 183: (1027, 1032)}
_ADDRESS_BYTES, _RELA_BYTES, _REL_BYTES = 8, 24, 16
_PAGE_BYTES = 4096

# The loader reads the second without looking whether it is there when it finds the first.
_COMPANIONS = (
    (DT_RELA, DT_RELASZ),
    (DT_RELA, DT_RELAENT),
    (DT_REL, DT_RELSZ),
    (DT_REL, DT_RELENT),
    (DT_JMPREL, DT_PLTRELSZ),
    (DT_JMPREL, DT_PLTREL),
    (DT_INIT_ARRAY, DT_INIT_ARRAYSZ),
    (DT_FINI_ARRAY, DT_FINI_ARRAYSZ),
)
_TABLES = ((DT_RELA, DT_RELASZ, True), (DT_REL, DT_RELSZ, False), (DT_JMPREL, DT_PLTRELSZ, None))


def check_loadable(path: Path) -> None:
    """Returns when the loader can follow the file's addresses without leaving it.

    Known are x86-64 and AArch64; files for other machines pass, since this process does not load them.

    Raises:
        BinaryFormatError: an address leads out of the file, or to memory of the wrong kind.
    """
    with open_source(path) as source:
        header = ElfHeader.read(source)
        if header.machine not in _RELATIVE:
            return
        headers = read_program_headers(source, header)
        loads = LoadMap(headers, source.size_bytes)
        table = read_dynamic_table(source, headers, loads, header.layout)
        if table is not None:
            _Preflight(source, header, headers, loads, table).check()


@dataclass(frozen=True, slots=True)
class _Preflight:
    """One file's parts, as they lead to each other."""

    source: ByteSource
    header: ElfHeader
    headers: tuple[ProgramHeader, ...]
    loads: LoadMap
    table: DynamicTable

    def check(self) -> None:
        self._check_companions()
        self._check_segments()
        for tag in (DT_INIT, DT_FINI):
            if address := self.table.values.get(tag):
                self._check(address, 1, PF_X, "a constructor or destructor")
        highest_symbol = 0
        for tag, size_tag, has_addend in _TABLES:
            addends = self.table.values.get(DT_PLTREL) == DT_RELA if has_addend is None else has_addend
            highest_symbol = max(highest_symbol, self._check_relocations(tag, size_tag, addends))
        if highest_symbol:
            size = self.header.layout.symbol.size
            self.loads.place_of(self.table.values.get(DT_SYMTAB, 0) + highest_symbol * size, size, "a symbol")

    def _check_companions(self) -> None:
        values = self.table.values
        for tag, companion in _COMPANIONS:
            if tag in values and companion not in values:
                raise damaged(f"The dynamic table has the entry {tag:#x} without {companion:#x}")
        for tag, size in ((DT_RELAENT, _RELA_BYTES), (DT_RELENT, _REL_BYTES)):
            if values.get(tag, size) != size:
                raise damaged(f"Relocations of {values[tag]} bytes do not exist")
        if values.get(DT_RELACOUNT, 0) * _RELA_BYTES > values.get(DT_RELASZ, 0):
            raise damaged("More relocations are counted than there are")
        if DT_JMPREL in values and DT_PLTGOT in values:
            self._check(values[DT_PLTGOT], 3 * _ADDRESS_BYTES, PF_W, "the table of addresses")

    def _check_segments(self) -> None:
        """The loader reads its tables in memory, relocates the dynamic table in place, and seals RELRO."""
        for tag in TABLE_ADDRESSES & self.table.values.keys():
            self._check(self.table.values[tag], 1, PF_R, "a table of the dynamic loader")
        for segment in self.headers:
            if segment.type == PT_DYNAMIC:
                self._check(segment.address, segment.file_bytes, PF_W, "the dynamic table")
            elif segment.type == PT_TLS:
                self._check(segment.address, segment.file_bytes, PF_R, "the thread-local data")
            elif segment.type == PT_GNU_RELRO:
                rounding = min(segment.memory_bytes, _PAGE_BYTES)  # linkers pad it to a page, beyond the data
                self._check(segment.address, segment.memory_bytes - rounding + 1, PF_R, "the data to be sealed")

    def _check_relocations(self, tag: int, size_tag: int, has_addend: bool) -> int:
        """Checks one table; returns the highest symbol number that it uses."""
        relative, indirect = _RELATIVE[self.header.machine]
        writable = 0 if self.table.has_text_relocations else PF_W
        spans = self._spans(writable)
        constructors = self._constructor_spans()
        highest = 0
        counted = self.table.values.get(DT_RELACOUNT, 0) if tag == DT_RELA else 0
        for number, (address, info, addend) in enumerate(self._relocations(tag, size_tag, has_addend)):
            kind, symbol = info & 0xFFFF_FFFF, info >> 32
            if number < counted and kind != relative:
                raise damaged(f"Relocation {number} is not of the kind that it is counted as")
            if not kind:
                continue
            if not any(first <= address <= last - _ADDRESS_BYTES for first, last in spans):
                self._check(address, _ADDRESS_BYTES, writable, "a relocated address")  # for its words; always raises
            highest = max(highest, symbol)
            is_called = kind == indirect or (
                kind == relative and any(first <= address < last for first, last in constructors)
            )
            if is_called and has_addend:
                self._check(addend, 1, PF_X, "a constructor or destructor")
        return highest

    def _relocations(self, tag: int, size_tag: int, has_addend: bool) -> Iterator[tuple[int, int, int]]:
        """Address, info and addend of each; a table without addends gives 0."""
        size = self.table.values.get(size_tag, 0)
        if not size:
            return
        order = "<" if self.header.layout.byte_order == "little" else ">"
        record = Struct(order + ("QQq" if has_addend else "QQ"))
        place = self.loads.place_of(self.table.values.get(tag, 0), size, "the relocation table")
        step = _CHUNK_BYTES - _CHUNK_BYTES % record.size
        size -= size % record.size
        for start in range(0, size, step):
            data = self.source.read(place + start, min(step, size - start), "the relocation table")
            for row in record.iter_unpack(data):
                yield row if has_addend else (*row, 0)

    def _spans(self, flags: int) -> tuple[tuple[int, int], ...]:
        """First and last address of the loaded segments with these permissions."""
        return tuple(
            (segment.address, segment.address + segment.memory_bytes)
            for segment in self.headers
            if segment.type == PT_LOAD and segment.flags & flags == flags
        )

    def _constructor_spans(self) -> tuple[tuple[int, int], ...]:
        values = self.table.values
        pairs = ((DT_INIT_ARRAY, DT_INIT_ARRAYSZ), (DT_FINI_ARRAY, DT_FINI_ARRAYSZ))
        return tuple((values.get(address, 0), values.get(address, 0) + values.get(size, 0)) for address, size in pairs)

    def _check(self, address: int, size: int, flags: int, what: str) -> None:
        if not any(first <= address and address + size <= last for first, last in self._spans(flags)):
            raise damaged(f"{what.capitalize()} at {address:#x} is not in memory that can be used for it")
