"""Machines in words, as the three binary formats number them."""

from __future__ import annotations

ELF_MACHINES = {
    2: "SPARC",
    3: "x86 (32-bit)",
    4: "Motorola 68000",
    8: "MIPS",
    15: "PA-RISC",
    18: "SPARC32+",
    20: "PowerPC",
    21: "PowerPC64",
    22: "s390",
    40: "ARM",
    42: "SuperH",
    43: "SPARC V9",
    50: "IA-64",
    62: "x86-64",
    93: "ARC",
    94: "Xtensa",
    183: "AArch64",
    189: "MicroBlaze",
    224: "AMD GPU",
    190: "CUDA",
    243: "RISC-V",
    247: "BPF",
    252: "C-SKY",
    258: "LoongArch",
    0x9026: "Alpha",
}
"""``e_machine`` (gABI, chapter 4, and its registry)."""

PE_MACHINES = {
    0x014C: "x86 (32-bit)",
    0x01C0: "ARM",
    0x01C4: "ARM (Thumb-2)",
    0x0200: "IA-64",
    0x0EBC: "EFI byte code",
    0x5032: "RISC-V 32",
    0x5064: "RISC-V 64",
    0x6264: "LoongArch64",
    0x8664: "x86-64",
    0xA641: "ARM64EC",
    0xAA64: "ARM64",
}
"""``Machine`` of the COFF header (PE format, "Machine types")."""

MACH_O_MACHINES = {
    7: "x86 (32-bit)",
    12: "ARM",
    18: "PowerPC",
    0x0100_0007: "x86-64",
    0x0100_000C: "arm64",
    0x0200_000C: "arm64 (32-bit)",
    0x0100_0012: "PowerPC64",
}
"""``cputype`` (mach/machine.h)."""


def machine_name(table: dict[int, str], number: int) -> str:
    """The machine in words, or its number."""
    return table.get(number) or f"machine {number:#x}"
