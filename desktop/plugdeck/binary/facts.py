"""What a binary says of itself, as plain values: the result of reading, and the input of every judgement."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # it is made of tables, which only judging looks at
    from plugdeck.binary.linking import Linking


class BinaryFormat(StrEnum):
    """The container, as told by the first bytes of the file."""

    ELF = "ELF"
    PE = "PE"
    MACH_O = "Mach-O"
    ARCHIVE = "ar archive"
    SCRIPT = "script"
    TEXT = "text"
    EMPTY = "empty"
    UNKNOWN = "unknown"


class SymbolKind(StrEnum):
    """What a symbol stands for; Go's plugin package knows the first two."""

    FUNCTION = "function"
    VARIABLE = "variable"
    THREAD_LOCAL = "thread-local variable"
    INDIRECT_FUNCTION = "indirect function"
    OTHER = "other"


class Binding(StrEnum):
    """Linker binding (gABI, symbol table, ``st_info``)."""

    LOCAL = "local"
    GLOBAL = "global"
    WEAK = "weak"
    UNIQUE = "unique"


class Visibility(StrEnum):
    """Symbol visibility (gABI, ``st_other``)."""

    DEFAULT = "default"
    INTERNAL = "internal"
    HIDDEN = "hidden"
    PROTECTED = "protected"


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """Which bytes were read: a file whose identity differs is another file, whatever its name."""

    device: int
    inode: int
    size_bytes: int
    mtime_ns: int
    ctime_ns: int


class BinarySymbol(NamedTuple):
    """One entry of the dynamic symbol table; imports have no address.

    A named tuple, which is made four times as fast as a frozen dataclass: a folder has a million of them.
    """

    name: str
    kind: SymbolKind
    binding: Binding
    visibility: Visibility
    address: int
    size_bytes: int
    version: str | None = None
    """The symbol's version (``GLIBC_2.34``), or None."""
    version_is_default: bool = False
    """``name@@version`` rather than ``name@version``."""


class VersionNeed(NamedTuple):
    """One version that a needed library must define (gABI supplement: ``.gnu.version_r``)."""

    library: str
    version: str
    weak: bool


class Note(NamedTuple):
    """One ELF note from a PT_NOTE segment; ``description`` is the raw bytes."""

    owner: str
    type: int
    description: bytes


class ThreadLocal(NamedTuple):
    """The thread-local block of a file (PT_TLS)."""

    size_bytes: int
    alignment: int
    skew_bytes: int
    """Its address, modulo the alignment."""


@dataclass(frozen=True, slots=True)
class LoadDetails:
    """What only the dynamic loader cares about, and what most files have nothing of."""

    abi_version: int = 0
    """``EI_ABIVERSION``."""
    thread_local: ThreadLocal | None = None
    filters: tuple[str, ...] = ()
    """``DT_FILTER``."""
    auxiliaries: tuple[str, ...] = ()
    """``DT_AUXILIARY``."""
    base_version: str = ""
    """The name of the file's base version; empty when it defines no version at all."""
    x86_isa_needed: int = 0
    """Bits of the processor levels that it needs (``GNU_PROPERTY_X86_ISA_1_NEEDED``)."""
    has_relr: bool = False
    """It has relative relocations in the packed form, DT_RELR."""


ORDINARY = LoadDetails()


@dataclass(frozen=True, slots=True)
class ElfFacts:
    """What an ELF file says of itself. Strings are decoded as UTF-8 with ``surrogateescape``."""

    bits: int
    """32 or 64 (``EI_CLASS``)."""
    byte_order: str
    """``little`` or ``big`` (``EI_DATA``)."""
    os_abi: int
    type: int
    """``e_type``: 2 ET_EXEC, 3 ET_DYN, …"""
    machine: int
    """``e_machine``; ``machine_name`` has it in words."""
    machine_name: str
    interpreter: str | None
    """``PT_INTERP``: present in executables."""
    soname: str | None
    needed: tuple[str, ...]
    rpath: tuple[str, ...]
    """``DT_RPATH``, split at colons, not expanded."""
    runpath: tuple[str, ...]
    flags: int
    """``DT_FLAGS``, with DF_SYMBOLIC also where DT_SYMBOLIC alone says it."""
    flags_1: int
    """``DT_FLAGS_1`` (PIE is 0x08000000, NOOPEN 0x40)."""
    version_needs: tuple[VersionNeed, ...]
    version_definitions: tuple[str, ...]
    notes: tuple[Note, ...]
    build_id: str | None
    """Hexadecimal, from the GNU note."""
    has_dynamic: bool
    executable_stack: bool
    text_relocations: bool
    details: LoadDetails = ORDINARY

    @property
    def has_definitions(self) -> bool:
        """Whether it defines any version, be it the base version alone (DT_VERDEF)."""
        return bool(self.version_definitions or self.details.base_version)

    @property
    def is_executable(self) -> bool:
        """A program rather than a shared object: ET_EXEC, or a position-independent executable."""
        return self.type == 2 or bool(self.flags_1 & 0x0800_0000)


@dataclass(frozen=True, slots=True)
class BinaryFacts:
    """What one file is. ``elf`` is None for every other format, and then ``description`` says what it is."""

    path: Path
    identity: FileIdentity
    format: BinaryFormat
    description: str
    """One phrase for people: ``64-bit ELF shared object, x86-64`` or ``Windows DLL (PE32+), x86-64``."""
    elf: ElfFacts | None
    exports: tuple[BinarySymbol, ...] | None = None
    """Defined dynamic symbols; None when the reader was asked for facts without symbols, and for the rare file that
    has more than the reader lists (``plugdeck.binary.symbols.MAX_SYMBOLS``)."""
    imports: tuple[BinarySymbol, ...] | None = None
    """Undefined dynamic symbols; None as above."""
    linking: Linking | None = field(default=None, repr=False, compare=False)
    """What relocations ask for and the hash table offers; None where it was not asked for, and for the rare file whose
    tables are too large (``plugdeck.binary.linking``)."""
    place: Path | None = None
    """Where it was read, if not at ``path``: in the tree of another machine, where links lead elsewhere."""

    @property
    def source(self) -> Path:
        """Where more of it can be read."""
        return self.place or self.path
