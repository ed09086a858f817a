"""Reading one file, whatever it is."""

from __future__ import annotations

from pathlib import Path

from plugdeck.binary.elf import is_elf, read_elf
from plugdeck.binary.facts import BinaryFacts, BinaryFormat
from plugdeck.binary.formats import identify
from plugdeck.binary.source import ByteSource, identity_of, open_source

__all__ = ["identity_of", "read"]


def read(path: Path, *, symbols: bool = True, linking: bool | None = None) -> BinaryFacts:
    """The facts of the file at ``path``: an ELF file's in full, any other's by name.

    Args:
        path: A regular file, or a link to one.
        symbols: Whether to list the dynamic symbols. Without them reading is several times faster.
        linking: Whether to read what a verdict on the symbols needs, which is quicker than listing them; as
            ``symbols`` when None.

    Raises:
        BinaryFormatError: The file cannot be read, is no regular file, changed meanwhile, or is a damaged ELF file.
    """
    with open_source(path) as source:
        facts = (
            _read_elf(path, source, symbols, symbols if linking is None else linking)
            if is_elf(source.head)
            else _read_other(path, source)
        )
        source.check_unchanged()
        return facts


def _read_elf(path: Path, source: ByteSource, symbols: bool, linking: bool) -> BinaryFacts:
    elf = read_elf(source, symbols=symbols, linking=linking)
    found = elf.symbols if symbols else None
    return BinaryFacts(
        path=path,
        identity=source.identity,
        format=BinaryFormat.ELF,
        description=elf.description,
        elf=elf.facts,
        exports=found.exports if found else None,
        imports=found.imports if found else None,
        linking=elf.linking,
    )


def _read_other(path: Path, source: ByteSource) -> BinaryFacts:
    form, description = identify(source)
    return BinaryFacts(path, source.identity, form, description, elf=None)
