"""Every file that is not ELF is named for what it is."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from plugdeck.binary import read
from plugdeck.binary.facts import BinaryFormat as Format


def pe(machine: int, characteristics: int, magic: int, *, lfanew: int = 0x80) -> bytes:
    """A DOS header, and what it leads to: the signature, the COFF header, the optional header's magic number."""
    dos = b"MZ" + bytes(58) + struct.pack("<I", lfanew)
    coff = struct.pack("<4sHHIIIHH", b"PE\0\0", machine, 1, 0, 0, 0, 240, characteristics)
    return dos + bytes(0x80 - len(dos)) + coff + struct.pack("<H", magic) + bytes(238)


def mach_o(magic: int, machine: int, kind: int, order: str = "<") -> bytes:
    return struct.pack(order + "7I", magic, machine, 0, kind, 0, 0, 0) + bytes(64)


def fat(*machines: int) -> bytes:
    entries = b"".join(struct.pack(">5I", machine, 0, 4096, 100, 12) for machine in machines)
    return struct.pack(">II", 0xCAFEBABE, len(machines)) + entries


FILES = [
    (pe(0x8664, 0x2022, 0x20B), Format.PE, "Windows DLL (PE32+), x86-64"),
    (pe(0x14C, 0x2102, 0x10B), Format.PE, "Windows DLL (PE32), x86 (32-bit)"),
    (pe(0xAA64, 0x0022, 0x20B), Format.PE, "Windows program (PE32+), ARM64"),
    (pe(0x1234, 0x2022, 0), Format.PE, "Windows DLL, machine 0x1234"),
    (pe(0x8664, 0x2022, 0x20B, lfanew=0xFFFFFFFF), Format.PE, "DOS program"),
    (b"MZ", Format.PE, "DOS program"),
    (mach_o(0xFEEDFACF, 0x0100000C, 6), Format.MACH_O, "macOS dynamic library (Mach-O), arm64"),
    (mach_o(0xFEEDFACF, 0x01000007, 8), Format.MACH_O, "macOS bundle (Mach-O), x86-64"),
    (mach_o(0xFEEDFACE, 7, 2), Format.MACH_O, "macOS program (Mach-O), x86 (32-bit)"),
    (mach_o(0xFEEDFACE, 18, 6, ">"), Format.MACH_O, "macOS dynamic library (Mach-O), PowerPC"),
    (mach_o(0xFEEDFACF, 99, 77), Format.MACH_O, "macOS file of type 77 (Mach-O), machine 0x63"),
    (b"\xcf\xfa\xed\xfe", Format.MACH_O, "macOS file (Mach-O), cut off"),
    (fat(0x01000007, 0x0100000C), Format.MACH_O, "macOS universal file (Mach-O), x86-64 and arm64"),
    (fat(0x01000007, 0x0100000C)[:20], Format.MACH_O, "macOS universal file (Mach-O), x86-64"),
    (b"\xca\xfe\xba\xbe\0\0\0\x41" + bytes(90), Format.UNKNOWN, "Java class"),
    (b"!<arch>\nlibx.o/", Format.ARCHIVE, "static library (ar archive)"),
    (b"!<thin>\n", Format.ARCHIVE, "static library (thin ar archive)"),
    (b"#!/bin/sh\necho\n", Format.SCRIPT, "script for /bin/sh"),
    (b"#! /usr/bin/env python3 -I\n", Format.SCRIPT, "script for /usr/bin/env python3 -I"),
    (b"#!\n", Format.SCRIPT, "script"),
    (b"#!/bin/\xff\x1b[31m\n", Format.SCRIPT, "script for /bin/⟨FF⟩␛[31m"),
    (
        b"/* GNU ld script */\nGROUP ( /lib/libc.so.6 )\n",
        Format.TEXT,
        "linker script (text), which names libraries for the linker",
    ),
    (b"INPUT(-lncurses)\n", Format.TEXT, "linker script (text), which names libraries for the linker"),
    ("Grüße, 世界\n".encode(), Format.TEXT, "text file"),
    (b"a" * 8191 + "é".encode() + b"b", Format.TEXT, "text file"),
    (b"", Format.EMPTY, "empty file"),
    (b"\0asm\1\0\0\0", Format.UNKNOWN, "WebAssembly module"),
    (b"PK\x03\x04" + bytes(20), Format.UNKNOWN, "ZIP archive"),
    (b"\0\1\2", Format.UNKNOWN, "unknown format, beginning with the bytes 00 01 02"),
    (b"\xff\xfe\xfd", Format.UNKNOWN, "unknown format, beginning with the bytes ff fe fd"),
    (b"\x7fEL", Format.UNKNOWN, "unknown format, beginning with the bytes 7f 45 4c"),
]


@pytest.mark.parametrize(("data", "form", "description"), FILES, ids=[row[2] for row in FILES])
def test_file_is_named_for_what_it_is(tmp_path: Path, data: bytes, form: Format, description: str) -> None:
    path = tmp_path / "file.so"
    path.write_bytes(data)
    facts = read(path)
    assert (facts.format, facts.description) == (form, description)
    assert facts.elf is None
    assert facts.exports is None


@pytest.mark.parametrize("data", [row[0] for row in FILES if row[0]])
def test_every_truncation_has_a_name(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file.so"
    for size in range(0, min(len(data), 400), 7):
        path.write_bytes(data[:size])
        assert read(path).description


def test_real_static_library_is_named(tmp_path: Path) -> None:
    (tmp_path / "member").write_bytes(b"x")
    path = tmp_path / "libx.a"
    try:
        subprocess.run(["ar", "rc", path, tmp_path / "member"], check=True, timeout=20)
    except FileNotFoundError:
        pytest.skip("ar is not installed")
    assert read(path).format is Format.ARCHIVE
