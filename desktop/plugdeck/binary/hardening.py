"""How a file was made harder to attack, as far as it tells: by its segments, its flags and what it imports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from plugdeck.binary.dynamic import DT_FLAGS, DT_FLAGS_1
from plugdeck.binary.facts import BinarySymbol, Note
from plugdeck.binary.layout import Layout
from plugdeck.binary.segments import PF_X, PT_GNU_RELRO, PT_LOAD, ProgramHeader

_DT_BIND_NOW, _DF_BIND_NOW, _DF_1_NOW = 24, 0x8, 0x1
_PF_W = 2
_NT_GNU_PROPERTY_TYPE_0 = 5
_X86_MACHINES, _AARCH64 = {3, 62}, 183
_X86_FEATURES, _AARCH64_FEATURES = 0xC000_0002, 0xC000_0000
_STACK_CHECKS = {"__stack_chk_fail", "__stack_chk_guard", "__stack_smash_handler"}

# Functions of glibc that have a checked form `__NAME_chk`, which -D_FORTIFY_SOURCE calls where the size of the
# target is known and the call is not known to fit.
_FORTIFIABLE_NAMES = """
    asprintf confstr dprintf explicit_bzero fgets fgets_unlocked fgetws fgetws_unlocked fprintf fread fread_unlocked
    fwprintf getcwd getdomainname getgroups gethostname getlogin_r gets getwd longjmp mbsnrtowcs mbsrtowcs mbstowcs
    memcpy memmove mempcpy memset obstack_printf obstack_vprintf poll ppoll pread pread64 printf ptsname_r read
    readlink readlinkat realpath recv recvfrom snprintf sprintf stpcpy stpncpy strcat strcpy strlcat strlcpy strncat
    strncpy swprintf syslog ttyname_r vasprintf vdprintf vfprintf vfwprintf vprintf vsnprintf vsprintf vswprintf
    vsyslog vwprintf wcpcpy wcpncpy wcrtomb wcscat wcscpy wcslcat wcslcpy wcsncat wcsncpy wcsnrtombs wcsrtombs
    wcstombs wctomb wmemcpy wmemmove wmempcpy wmemset wprintf inet_ntop inet_pton
"""
_FORTIFIABLE = frozenset(_FORTIFIABLE_NAMES.split())


class Relro(StrEnum):
    """How much of what the loader fills in is read-only afterwards."""

    NONE = "none"
    PARTIAL = "partial"
    """All but the addresses of functions that are looked up at their first call."""
    FULL = "full"


class Use(StrEnum):
    """Whether something was used, where a file does not always tell."""

    YES = "yes"
    NO = "no"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Hardening:
    """What the toolchain did against attacks. ``search_risks`` are sentences on the folders of RPATH or RUNPATH."""

    relro: Relro
    binds_now: bool
    """All functions are looked up when the file is loaded."""
    executable_stack: bool
    writable_code: bool
    """A loaded segment is both writable and executable."""
    text_relocations: bool
    stack_canary: Use
    """Not known where the file imports no check: then no function may have needed one."""
    fortified: tuple[str, ...]
    """Checked functions that are imported: ``__memcpy_chk``."""
    fortifiable: tuple[str, ...]
    """Imported functions that have a checked form, which is not used for every call."""
    branch_protection: tuple[str, ...]
    """``IBT``, ``SHSTK`` (Intel CET); ``BTI``, ``PAC`` (AArch64)."""
    search_risks: tuple[str, ...] = ()
    knows_imports: bool = True
    """Whether the file has so few symbols that they were read; else ``fortified`` and ``fortifiable`` say nothing."""


@dataclass(frozen=True, slots=True)
class LinkedFile:
    """What hardening shows in."""

    machine: int
    layout: Layout
    segments: Sequence[ProgramHeader]
    dynamic: dict[int, int]
    notes: Sequence[Note]
    imports: Sequence[BinarySymbol] | None
    """None when the file has too many symbols to be listed."""
    producers: Sequence[str]
    """The debug information's words on the compilers, which tell their options."""


def judge_hardening(
    file: LinkedFile, *, executable_stack: bool, text_relocations: bool, search_risks: tuple[str, ...]
) -> Hardening:
    """The hardening of a file."""
    binds_now = _binds_now(file.dynamic)
    names = {symbol.name for symbol in file.imports or ()}
    return Hardening(
        relro=_relro(file, binds_now),
        binds_now=binds_now,
        executable_stack=executable_stack,
        writable_code=any(part.type == PT_LOAD and part.flags & PF_X and part.flags & _PF_W for part in file.segments),
        text_relocations=text_relocations,
        stack_canary=_stack_canary(names, file.producers),
        fortified=tuple(sorted(filter(_is_checked, names))),
        fortifiable=tuple(sorted(names & _FORTIFIABLE)),
        branch_protection=tuple(_branch_protection(file.notes, file.machine, file.layout)),
        search_risks=search_risks,
        knows_imports=file.imports is not None,
    )


def _binds_now(dynamic: dict[int, int]) -> bool:
    return (
        _DT_BIND_NOW in dynamic
        or bool(dynamic.get(DT_FLAGS, 0) & _DF_BIND_NOW)
        or bool(dynamic.get(DT_FLAGS_1, 0) & _DF_1_NOW)
    )


def _relro(file: LinkedFile, binds_now: bool) -> Relro:
    if not any(part.type == PT_GNU_RELRO for part in file.segments):
        return Relro.NONE
    return Relro.FULL if binds_now else Relro.PARTIAL


def _stack_canary(imports: set[str], producers: Sequence[str]) -> Use:
    if imports & _STACK_CHECKS or any(" -fstack-protector" in producer for producer in producers):
        return Use.YES
    # Only GCC tells its options, and only where all parts do is there no part that may have been protected.
    tells = [producer.startswith("GNU ") and " -m" in producer for producer in producers]
    return Use.NO if tells and all(tells) else Use.NOT_KNOWN


def _is_checked(name: str) -> bool:
    return name.startswith("__") and name.endswith("_chk") and (name[2:-4] in _FORTIFIABLE or name == "__fdelt_chk")


def _branch_protection(notes: Iterable[Note], machine: int, layout: Layout) -> Iterable[str]:
    """The features that every part of the file was built with (x86-64 psABI and AArch64 ELF, program property)."""
    if machine in _X86_MACHINES:
        wanted, names = _X86_FEATURES, ("IBT", "SHSTK")
    elif machine == _AARCH64:
        wanted, names = _AARCH64_FEATURES, ("BTI", "PAC")
    else:
        return ()
    bits = 0
    for note in notes:
        if note.owner == "GNU" and note.type == _NT_GNU_PROPERTY_TYPE_0:
            bits |= _property(note.description, wanted, layout)
    return (name for place, name in enumerate(names) if bits >> place & 1)


def _property(data: bytes, wanted: int, layout: Layout) -> int:
    """The value of one property of a note; 0 without it."""
    word, alignment = layout.word, layout.bits // 8
    position = 0
    while position + 12 <= len(data):
        kind, size = word.unpack_from(data, position)[0], word.unpack_from(data, position + 4)[0]
        if kind == wanted and size == 4:
            return int(word.unpack_from(data, position + 8)[0])
        position += 8 + (size + alignment - 1) // alignment * alignment
    return 0
