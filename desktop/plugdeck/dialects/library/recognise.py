"""Any shared object that speaks no other dialect."""

from __future__ import annotations

from plugdeck.binary.elf_header import ET_DYN
from plugdeck.binary.facts import BinaryFacts
from plugdeck.compat.finding import Finding, Severity
from plugdeck.dialects.manifest import NAME_LIMIT, Dialect, Manifest
from plugdeck.text import visible

NO_CONTRACT = Finding(
    id="plugin.no-contract",
    severity=Severity.INFO,
    message="This is a C library without plugin data: a Go host would die on it; here it can only be inspected.",
    evidence=("No note of owner “Plugdeck” is in the file.",),
    remedy="To make a plugin of it, include plugdeck.h, say PD_PLUGIN(…), and build it again.",
)


def recognise(facts: BinaryFacts) -> tuple[Manifest, tuple[Finding, ...]] | None:
    """A manifest with the library's name alone; None for what is no ELF shared object."""
    elf = facts.elf
    if elf is None or elf.type != ET_DYN or elf.is_executable or not elf.has_dynamic:
        return None
    name = visible(elf.soname or facts.path.name, NAME_LIMIT)
    return Manifest(dialect=Dialect.LIBRARY, name=name), (NO_CONTRACT,)
