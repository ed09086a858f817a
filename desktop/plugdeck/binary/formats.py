"""What a file is by its first bytes, for everything that is not ELF: a phrase that names machine and kind."""

from __future__ import annotations

import codecs
import struct
from collections.abc import Callable

from plugdeck.binary.facts import BinaryFormat
from plugdeck.binary.machines import MACH_O_MACHINES, PE_MACHINES, machine_name
from plugdeck.binary.source import ByteSource
from plugdeck.text import visible

Identified = tuple[BinaryFormat, str]

# mach/machine.h and mach-o/loader.h, "filetype".
_MACH_O_KINDS = {
    1: "object file",
    2: "program",
    4: "core dump",
    6: "dynamic library",
    7: "dynamic linker",
    8: "bundle",
    9: "dynamic library stub",
    10: "debug symbols",
    11: "kernel extension",
}
_MACH_O_MAGICS = {
    b"\xfe\xed\xfa\xce": ">",
    b"\xfe\xed\xfa\xcf": ">",
    b"\xce\xfa\xed\xfe": "<",
    b"\xcf\xfa\xed\xfe": "<",
}
_FAT_MAGICS = {b"\xca\xfe\xba\xbe": 20, b"\xca\xfe\xba\xbf": 32}
_MAX_FAT_MACHINES = 30  # a Java class has the same magic, and then its version, at least 45

_OTHERS = (
    (b"\0asm", "WebAssembly module"),
    (b"BC\xc0\xde", "LLVM bitcode"),
    (b"\xca\xfe\xba\xbe", "Java class"),
    (b"PK\x03\x04", "ZIP archive"),
    (b"\x1f\x8b", "gzip-compressed file"),
    (b"\xfd7zXZ\0", "xz-compressed file"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed file"),
    (b"\x89PNG", "PNG picture"),
)


def identify(source: ByteSource) -> Identified:
    """The format, and one phrase for people: ``Windows DLL (PE32+), x86-64``. Any bytes have an answer."""
    if not source.size_bytes:
        return BinaryFormat.EMPTY, "empty file"
    for recognise in _RECOGNISERS:
        if found := recognise(source):
            return found
    return BinaryFormat.UNKNOWN, f"unknown format, beginning with the bytes {source.head[:8].hex(' ')}"


def _fields(source: ByteSource, form: str, offset: int) -> tuple[int, ...] | None:
    """The numbers at ``offset``, or None where the file is too short for them."""
    size = struct.calcsize(form)
    if offset + size > source.size_bytes:
        return None
    return struct.unpack(form, source.read(offset, size, "a header"))


def _pe(source: ByteSource) -> Identified | None:
    """PE format: ``e_lfanew`` of the DOS header leads to the signature, the COFF header, the optional header."""
    if not source.head.startswith(b"MZ"):
        return None
    place = _fields(source, "<I", 0x3C)
    header = _fields(source, "<IHHIIIHH", place[0]) if place else None
    if place is None or header is None or header[0] != 0x4550:  # "PE", 0, 0
        return BinaryFormat.PE, "DOS program"
    machine, characteristics = header[1], header[7]
    optional = _fields(source, "<H", place[0] + 24)
    width = {0x10B: " (PE32)", 0x20B: " (PE32+)"}.get(optional[0] if optional else 0, "")
    kind = "DLL" if characteristics & 0x2000 else "program"
    return BinaryFormat.PE, f"Windows {kind}{width}, {machine_name(PE_MACHINES, machine)}"


def _mach_o(source: ByteSource) -> Identified | None:
    order = _MACH_O_MAGICS.get(source.head[:4])
    if order is None:
        return None
    header = _fields(source, order + "4xIII", 0)
    if header is None:
        return BinaryFormat.MACH_O, "macOS file (Mach-O), cut off"
    machine, _subtype, filetype = header
    kind = _MACH_O_KINDS.get(filetype, f"file of type {filetype}")
    return BinaryFormat.MACH_O, f"macOS {kind} (Mach-O), {machine_name(MACH_O_MACHINES, machine)}"


def _fat(source: ByteSource) -> Identified | None:
    """A universal file: one Mach-O file per machine, listed at the beginning (mach-o/fat.h)."""
    entry_size = _FAT_MAGICS.get(source.head[:4])
    count = _fields(source, ">I", 4)
    if entry_size is None or count is None or not 0 < count[0] <= _MAX_FAT_MACHINES:
        return None
    machines = [_fields(source, ">I", 8 + entry_size * number) for number in range(count[0])]
    names = [machine_name(MACH_O_MACHINES, machine[0]) for machine in machines if machine]
    return BinaryFormat.MACH_O, f"macOS universal file (Mach-O), {' and '.join(names)}"


def _archive(source: ByteSource) -> Identified | None:
    if source.head.startswith(b"!<arch>\n"):
        return BinaryFormat.ARCHIVE, "static library (ar archive)"
    if source.head.startswith(b"!<thin>\n"):
        return BinaryFormat.ARCHIVE, "static library (thin ar archive)"
    return None


def _script(source: ByteSource) -> Identified | None:
    if not source.head.startswith(b"#!"):
        return None
    line = source.head[2:202].split(b"\n", 1)[0].strip().decode("utf-8", "surrogateescape")
    return BinaryFormat.SCRIPT, f"script for {visible(line, 80)}" if line else "script"


def _other(source: ByteSource) -> Identified | None:
    for magic, name in _OTHERS:
        if source.head.startswith(magic):
            return BinaryFormat.UNKNOWN, name
    return None


def _text(source: ByteSource) -> Identified | None:
    # The head may cut a character in two: an incremental decoder waits for the rest of it.
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        text = decoder.decode(source.head, final=len(source.head) == source.size_bytes)
    except UnicodeDecodeError:
        return None
    if any((character < " " and character not in "\t\n\v\f\r") or character == "\x7f" for character in text):
        return None
    if "GNU ld script" in text or text.lstrip().startswith(("INPUT", "GROUP")):
        return BinaryFormat.TEXT, "linker script (text), which names libraries for the linker"
    return BinaryFormat.TEXT, "text file"


_RECOGNISERS: tuple[Callable[[ByteSource], Identified | None], ...] = (
    _pe,
    _mach_o,
    _fat,
    _archive,
    _script,
    _other,
    _text,
)
