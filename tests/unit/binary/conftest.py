"""A writer of small ELF files, so that every class, byte order and defect can be made at will."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from plugdeck.binary.layout import LAYOUTS, Layout
from plugdeck.binary.strings import sysv_hash

GLOBAL_FUNCTION, WEAK_FUNCTION, GLOBAL_OBJECT = 0x12, 0x22, 0x11
DT_PADDING = 0x6000_0000  # an unknown tag, to be overwritten by tests


@dataclass
class TinyElf:
    """One PT_LOAD that maps the whole file at address 0, so that offsets are addresses."""

    bits: int = 64
    byte_order: str = "little"
    machine: int = 62
    type: int = 3
    soname: str = "libtiny.so.1"
    needed: Sequence[str] = ("libc.so.6", "libm.so.6")
    runpath: str = "$ORIGIN/lib:/opt/lib"
    needs: Sequence[tuple[str, Sequence[str]]] = (("libc.so.6", ("GLIBC_2.4", "GLIBC_2.38")),)
    symbols: Sequence[tuple[str, int, int, int]] = (
        ("imported", GLOBAL_FUNCTION, 0, 2),  # name, st_info, section, version index
        ("Transform", GLOBAL_FUNCTION, 5, 1),
        ("Priority", GLOBAL_OBJECT, 5, 1),
    )
    notes: Sequence[tuple[str, int, bytes]] = (("GNU", 3, b"\xab\xcd\xef\x01"),)
    pad_bytes: int = 0
    at: dict[str, int] = field(default_factory=dict)
    """Where each part begins, filled by ``build``."""

    @property
    def layout(self) -> Layout:
        return LAYOUTS[(self.bits // 32, 1 if self.byte_order == "little" else 2)]

    def build(self) -> bytearray:
        lay = self.layout
        self._strings = bytearray(b"\0")
        parts = {
            "notes": self._notes(),
            "hash": lay.hash_head.pack(1, len(self.symbols) + 1) + bytes(4 * (len(self.symbols) + 2)),
            "symbols": self._symbols(),
            "versions": self._pack(f"{len(self.symbols) + 1}H", 0, *(row[3] for row in self.symbols)),
            "needs": self._needs(),
        }
        names = [self._name(text) for text in (self.soname, self.runpath, *self.needed)]
        parts["strings"] = bytes(self._strings)
        body = bytearray()
        start = lay.header.size + 4 * lay.program_header.size
        for name, data in parts.items():
            body += bytes(-(start + len(body)) % 8)
            self.at[name] = start + len(body)
            body += data
        body += bytes(-(start + len(body)) % 8)
        self.at["dynamic"] = start + len(body)
        dynamic = self._dynamic(names)
        body += dynamic + bytes(self.pad_bytes)
        self.at["segments"] = lay.header.size
        size = start + len(body)
        segments = [
            self._segment(1, 7, 0, size),
            self._segment(2, 6, self.at["dynamic"], len(dynamic)),
            self._segment(4, 4, self.at["notes"], len(parts["notes"]), alignment=4),
            self._segment(0x6474_E551, 6, 0, 0),
        ]
        return bytearray(self._header(len(segments)) + b"".join(segments) + body)

    def _pack(self, form: str, *values: int) -> bytes:
        return struct.pack(("<" if self.byte_order == "little" else ">") + form, *values)

    def _name(self, text: str) -> int:
        offset = len(self._strings)
        self._strings += text.encode() + b"\0"
        return offset

    def _header(self, count: int) -> bytes:
        lay = self.layout
        ident = b"\x7fELF" + bytes([self.bits // 32, 1 if self.byte_order == "little" else 2, 1]) + bytes(9)
        sizes = (lay.header.size, lay.program_header.size, count, 0, 0, 0)
        return lay.header.pack(ident, self.type, self.machine, 1, 0, lay.header.size, 0, 0, *sizes)

    def _segment(self, kind: int, flags: int, offset: int, size: int, alignment: int = 1) -> bytes:
        if self.bits == 64:
            return self.layout.program_header.pack(kind, flags, offset, offset, offset, size, size, alignment)
        return self.layout.program_header.pack(kind, offset, offset, offset, size, size, flags, alignment)

    def _notes(self) -> bytes:
        data = b""
        for owner, kind, description in self.notes:
            name = owner.encode() + b"\0"
            data += self.layout.note_header.pack(len(name), len(description), kind)
            data += name + bytes(-len(name) % 4) + description + bytes(-len(description) % 4)
        return data

    def _symbols(self) -> bytes:
        rows = [bytes(self.layout.symbol.size)]
        for number, (name, info, section, _version) in enumerate(self.symbols, start=1):
            at, value = self._name(name), 0x100 * number if section else 0
            wide = (at, info, 0, section, value, 8)
            rows.append(self.layout.symbol.pack(*(wide if self.bits == 64 else (at, value, 8, info, 0, section))))
        return b"".join(rows)

    def _needs(self) -> bytes:
        data, index = b"", 2
        for number, (library, versions) in enumerate(self.needs, start=1):
            size = 16 + 16 * len(versions)
            following = size if number < len(self.needs) else 0
            data += self.layout.version_need.pack(1, len(versions), self._name(library), 16, following)
            for place, version in enumerate(versions, start=1):
                step = 16 if place < len(versions) else 0
                data += self.layout.version_need_entry.pack(
                    sysv_hash(version.encode()), 0, index, self._name(version), step
                )
                index += 1
        return data

    def _dynamic(self, names: Sequence[int]) -> bytes:
        soname, runpath, *needed = names
        entries = [(1, name) for name in needed]
        entries += [(14, soname), (29, runpath), (5, self.at["strings"]), (10, len(self._strings))]
        entries += [(6, self.at["symbols"]), (11, self.layout.symbol.size), (4, self.at["hash"])]
        entries += [(0x6FFF_FFF0, self.at["versions"])]
        if self.needs:
            entries += [(0x6FFF_FFFE, self.at["needs"]), (0x6FFF_FFFF, len(self.needs))]
        entries += [(DT_PADDING, 0), (DT_PADDING + 1, 0), (0, 0)]
        for number, (tag, _value) in enumerate(entries):
            self.at[f"tag {tag:#x}"] = self.at["dynamic"] + number * self.layout.dynamic_entry.size
        return b"".join(self.layout.dynamic_entry.pack(tag, value) for tag, value in entries)


@pytest.fixture
def tiny_elf() -> type[TinyElf]:
    """The class that writes small ELF files: ``tiny_elf(bits=32).build()``."""
    return TinyElf


PLUGIN = """
#include "plugdeck.h"
PD_PLUGIN("tint", "1.2.3", "A. Author", "MIT", "Tints the picture.")
PD_IMAGE_TRANSFORM(20, "neighbourhood:radius")
PD_REAL(radius, "Radius", 0, 10, 2, "px")
int Transform(const pd_image *in, pd_image *out) { (void)in; (void)out; return 0; }
"""


@pytest.fixture(scope="session")
def plugin(build_plugin: Callable[..., Path]) -> Path:
    """A real plugin, to be copied before it is changed."""
    return build_plugin(PLUGIN, name="tint.so")
