"""Findings about the file itself: what kind it is, for which machine, and how it was linked."""

from __future__ import annotations

from collections.abc import Iterator

from plugdeck.binary.facts import BinaryFacts, BinaryFormat, ElfFacts
from plugdeck.compat.finding import Finding, Severity
from plugdeck.compat.library_files import is_system_abi
from plugdeck.compat.machine import Platform

_ET_REL, _ET_DYN, _ET_CORE = 1, 3, 4
_NOOPEN, _PIE = 0x40, 0x0800_0000  # DF_1_NOOPEN, DF_1_PIE


def format_finding(facts: BinaryFacts) -> Finding:
    """Why a file that is no ELF file cannot be loaded."""
    message, remedy = _FORMATS.get(facts.format, _OTHER_FORMAT)
    return _refused("format.not-elf", message, f"what it is: {facts.description}", remedy)


def is_ordinary(elf: ElfFacts, platform: Platform) -> bool:
    """Whether nothing is to be said of the file itself, which is so for nearly every file of a large scan."""
    return (
        elf.type == _ET_DYN
        and elf.has_dynamic
        and (elf.machine, elf.bits, elf.byte_order) == (platform.machine, platform.bits, platform.byte_order)
        and is_system_abi(elf)
        and not elf.flags_1 & (_PIE | _NOOPEN)
        and not elf.executable_stack
        and not elf.text_relocations
    )


def machine_findings(elf: ElfFacts, platform: Platform) -> Iterator[Finding]:
    """Whether the processor of the host can run this code at all."""
    remedy = f"Get or build the plugin for {platform.bits}-bit {platform.machine_name}."
    if elf.bits != platform.bits:
        message = f"It is {elf.bits}-bit code, and the host is a {platform.bits}-bit program."
        yield _refused("machine.class", message, _kinds(elf, platform), remedy)
    elif elf.byte_order != platform.byte_order:
        message = f"It is {elf.byte_order}-endian code, and the host is {platform.byte_order}-endian."
        yield _refused("machine.byte-order", message, _kinds(elf, platform), remedy)
    if elf.machine != platform.machine:
        message = f"It is built for {elf.machine_name}, and the host runs on {platform.machine_name}."
        yield _refused("machine.wrong", message, _kinds(elf, platform), remedy)


def kind_findings(elf: ElfFacts) -> Iterator[Finding]:
    """Whether it is a shared object that may be opened while a program runs."""
    if elf.type == _ET_REL:
        yield _refused(
            "elf.is-object",
            "It is an object file that was not linked yet.",
            "ELF type 1 (ET_REL)",
            "Link it: cc -shared -o plugin.so plugin.o",
        )
    elif elf.type == _ET_CORE:
        yield _refused(
            "elf.is-core-dump", "It is the memory dump of a program that crashed.", "ELF type 4 (ET_CORE)", ""
        )
    elif elf.is_executable:
        kind = "ET_EXEC" if elf.type != _ET_DYN else "ET_DYN with the flag DF_1_PIE"
        yield _refused(
            "elf.is-executable",
            "It is a program rather than a shared object; programs can be started, but not loaded.",
            f"ELF type {kind}",
            "Link it with -shared -fPIC instead of as a program.",
        )
    elif not elf.has_dynamic:
        yield _refused(
            "elf.not-dynamic",
            "It has no dynamic section, which the loader works from.",
            "no PT_DYNAMIC program header",
            "Link it with -shared; debug files that were split off cannot be loaded.",
        )
    elif elf.type != _ET_DYN:
        yield _refused("elf.type-unknown", "It is no kind of ELF file that can be loaded.", f"ELF type {elf.type}", "")


def flag_findings(elf: ElfFacts) -> Iterator[Finding]:
    """How it was linked: what the loader refuses, and what careful systems refuse."""
    if not is_system_abi(elf):
        yield _refused(
            "elf.os-abi",
            "It is built for another operating system.",
            f"EI_OSABI is {elf.os_abi}, EI_ABIVERSION {elf.details.abi_version}; Linux takes 0 and 0, or 3 and up to 3",
            "Get or build the plugin for Linux.",
        )
    if elf.flags_1 & _NOOPEN:
        yield _refused(
            "loader.marked-no-open",
            "Its author marked it as not to be opened by running programs.",
            "DF_1_NOOPEN is set in DT_FLAGS_1",
            "Link it without -z nodlopen.",
        )
    if elf.executable_stack:
        yield _doubtful(
            "elf.executable-stack",
            "It asks for an executable stack, which makes every program that loads it easier to attack; "
            "glibc 2.41 and newer refuse it.",
            "PT_GNU_STACK is executable or missing",
            "Assembly files need a .note.GNU-stack section; or link with -z noexecstack.",
        )
    if elf.text_relocations:
        yield _doubtful(
            "elf.text-relocations",
            "Its code must be changed in memory while it is loaded, which hardened systems forbid.",
            "DT_TEXTREL or DF_TEXTREL is set",
            "Compile every part of it with -fPIC.",
        )


def _kinds(elf: ElfFacts, platform: Platform) -> str:
    return (
        f"file: {elf.bits}-bit {elf.byte_order}-endian {elf.machine_name}; "
        f"host: {platform.bits}-bit {platform.byte_order}-endian {platform.machine_name}"
    )


def _refused(identifier: str, message: str, evidence: str, remedy: str) -> Finding:
    return Finding(identifier, Severity.ERROR, message, (evidence,), remedy, stops_load=True)


def _doubtful(identifier: str, message: str, evidence: str, remedy: str) -> Finding:
    return Finding(identifier, Severity.WARNING, message, (evidence,), remedy)


_OTHER_FORMAT = ("It is not an ELF file, the only kind that Linux loads.", "Choose the plugin's .so file.")
_FORMATS = {
    BinaryFormat.PE: (
        "It is a Windows file; a Windows DLL cannot be loaded on Linux.",
        "Get or build the plugin for Linux: a .so file.",
    ),
    BinaryFormat.MACH_O: (
        "It is a macOS file; a macOS library cannot be loaded on Linux.",
        "Get or build the plugin for Linux: a .so file.",
    ),
    BinaryFormat.ARCHIVE: (
        "It is an archive for static linking, which cannot be loaded.",
        "Link its objects into a shared object: cc -shared -Wl,--whole-archive …",
    ),
    BinaryFormat.TEXT: (
        "It is a text file rather than a library; development packages ship such files for the linker.",
        "Choose the library itself, whose name mostly ends in a version: .so.1",
    ),
    BinaryFormat.SCRIPT: (
        "It is a script, which can be run but not loaded.",
        "Choose the plugin's .so file.",
    ),
    BinaryFormat.EMPTY: ("The file is empty.", "Copy or build it again."),
}
