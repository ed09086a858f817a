"""Facts without symbols as short JSON values: what the cache keeps, and what a scanner sends.

Arrays in the order of the fields, since a scan turns thousands of them into objects and back. The order belongs
to ``FORMAT``: change one with the other. Version needs are JSON text within the JSON, so that equal ones are parsed
once.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from plugdeck.binary.facts import (
    ORDINARY,
    BinaryFacts,
    BinaryFormat,
    ElfFacts,
    FileIdentity,
    LoadDetails,
    Note,
    ThreadLocal,
    VersionNeed,
)

FORMAT = 5
"""The version of this encoding; what was kept under another one is read anew."""

_encode = json.JSONEncoder(separators=(",", ":")).encode
_FORMATS = {str(form): form for form in BinaryFormat}


def facts_to_json(facts: BinaryFacts) -> list[Any]:
    """Format, description and ELF facts; path, identity and symbols are the caller's to keep."""
    return [str(facts.format), facts.description, _elf_to_json(facts.elf) if facts.elf else None]


def facts_from_json(data: Any, path: Path, identity: FileIdentity) -> BinaryFacts:
    """The facts of the file at ``path``, without symbols.

    Raises:
        ValueError, TypeError, KeyError: the data is not what ``facts_to_json`` gives.
    """
    form, description, elf = data
    return BinaryFacts(path, identity, _FORMATS[form], description, None if elf is None else _elf_from_json(elf))


def _elf_to_json(elf: ElfFacts) -> list[Any]:
    needs = _encode(elf.version_needs)
    notes = [[note.owner, note.type, note.description.hex()] for note in elf.notes]
    return [
        elf.bits, elf.byte_order, elf.os_abi, elf.type, elf.machine, elf.machine_name, elf.interpreter, elf.soname,
        elf.needed, elf.rpath, elf.runpath, elf.flags, elf.flags_1, needs, elf.version_definitions, notes,
        elf.build_id, elf.has_dynamic, elf.executable_stack, elf.text_relocations,
        _details_to_json(elf.details) if elf.details is not ORDINARY else 0,
    ]  # fmt: skip


def _elf_from_json(data: list[Any]) -> ElfFacts:
    (
        bits, byte_order, os_abi, kind, machine, machine_name, interpreter, soname,
        needed, rpath, runpath, flags, flags_1, needs, definitions, notes,
        build_id, has_dynamic, executable_stack, text_relocations, details,
    ) = data  # fmt: skip
    return ElfFacts(
        bits, byte_order, os_abi, kind, machine, machine_name, interpreter, soname,
        tuple(needed), tuple(rpath), tuple(runpath), flags, flags_1,
        _needs_from_text(needs), tuple(definitions),
        tuple([Note(owner, note_type, bytes.fromhex(text)) for owner, note_type, text in notes]),
        build_id, has_dynamic, executable_stack, text_relocations,
        _details_from_json(details) if details else ORDINARY,
    )  # fmt: skip


def _details_to_json(details: LoadDetails) -> list[Any]:
    return [
        details.abi_version, details.thread_local or 0, details.filters, details.auxiliaries, details.base_version,
        details.x86_isa_needed, int(details.has_relr),
    ]  # fmt: skip


def _details_from_json(data: list[Any]) -> LoadDetails:
    abi_version, thread_local, filters, auxiliaries, base_version, isa_needed, has_relr = data
    block = ThreadLocal(*thread_local) if thread_local else None
    return LoadDetails(abi_version, block, tuple(filters), tuple(auxiliaries), base_version, isa_needed, bool(has_relr))


@lru_cache(maxsize=10_000)
def _needs_from_text(text: str) -> tuple[VersionNeed, ...]:
    """The needs of one file; those of many files are the same, and are then the same objects."""
    return tuple(VersionNeed(library, version, weak) for library, version, weak in json.loads(text))
