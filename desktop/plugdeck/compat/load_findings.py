"""Findings about what the loader does once every library is found: compare, relocate, give memory, run constructors."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from plugdeck.binary.facts import ThreadLocal
from plugdeck.compat.closure import Closure, StrayVersions
from plugdeck.compat.finding import Finding, Severity
from plugdeck.compat.host import Host
from plugdeck.compat.library import Library
from plugdeck.compat.processor import missing_levels
from plugdeck.compat.symbol_scope import Bindings, UnmarkedProvider
from plugdeck.text import visible

_NO_EXECUTABLE_STACKS = (2, 41)
"""The glibc that is the first to refuse them to files that are opened while a program runs."""
_PACKED_RELOCATIONS = (2, 36)
_RELR_VERSION = "GLIBC_ABI_DT_RELR"
_SANITIZERS = re.compile(r"lib(?:hw)?asan\.so\..*|libclang_rt\.(?:hw)?asan.*\.so")
_MOST = 20


def closure_findings(closure: Closure, host: Host) -> Iterator[Finding]:
    """What the loader refuses in any of the libraries that come into the process, the file itself among them."""
    yield from map(_stray_versions, closure.strays[:_MOST])
    for library in closure.libraries:
        elf, details = library.file.elf, library.file.elf.details
        if elf.executable_stack and host.glibc and host.glibc >= _NO_EXECUTABLE_STACKS:
            yield _executable_stack(library, host.glibc)
        if details.has_relr and host.glibc and host.glibc >= _PACKED_RELOCATIONS and _lacks_relr_version(library):
            yield _unmarked_relocations(library)
        if details.x86_isa_needed:
            yield from _processor_level(library, details.x86_isa_needed, host)
        if _SANITIZERS.fullmatch(elf.soname or ""):
            yield from _sanitizer(library, host)


def binding_findings(bindings: Bindings, host: Host) -> Iterator[Finding]:
    """What goes wrong while the libraries are relocated, apart from symbols that nothing defines."""
    for library, kind in bindings.unknown_relocations[:_MOST]:
        yield _refused(
            "loader.relocation-unknown",
            f"{library.label} has a relocation of type {kind}, which the dynamic loader does not know.",
            (f"the type is not one of those that glibc carries out for {library.file.elf.machine_name}",),
            "Link it with a common linker, with -shared and -fPIC for all its parts.",
        )
    for library, reason in bindings.damaged[:_MOST]:
        yield _refused(
            "loader.library-damaged",
            f"{library.label} is damaged, and would end the process that loads it: {reason}.",
            (f"looked at: {visible(library.path)}",),
            f"Get {library.label} again, or build it again.",
        )
    yield from map(_unmarked_provider, bindings.unmarked[:_MOST])
    needing = [library for library in bindings.static_tls if library.file.elf.details.thread_local]
    blocks = [block for library in needing if (block := library.file.elf.details.thread_local)]
    refused = host.static_block.refuses(blocks)
    if refused:
        number, free = refused
        yield _static_tls(needing[number], blocks[number], free, host)


def _static_tls(library: Library, block: ThreadLocal, free: int, host: Host) -> Finding:
    whole = host.static_block
    is_aligned = block.alignment <= whole.alignment
    reason = (
        f"the host has {free:,} bytes of it left"
        if is_aligned
        else f"it must be aligned to {block.alignment:,} bytes where the host’s is to {whole.alignment}"
    )
    taken = whole.surplus_bytes - free
    evidence = (
        f"thread-local variables of {library.label}: {block.size_bytes:,} bytes, aligned to {block.alignment}",
        f"the host keeps {whole.surplus_bytes:,} bytes for libraries that are opened later"
        + (f", of which what comes before takes {taken:,}" if taken else ""),
    )
    tunable = f"GLIBC_TUNABLES=glibc.rtld.optional_static_tls={block.size_bytes + 1024}"
    return _refused(
        "loader.static-tls",
        f"{library.label} needs {block.size_bytes:,} bytes of thread-local memory at a fixed place, and {reason}.",
        evidence,
        "Compile it without -ftls-model=initial-exec; or start the host with "
        f"{f'{tunable}, or with ' if is_aligned and host.glibc else ''}LD_PRELOAD={library.label}.",
    )


def _stray_versions(stray: StrayVersions) -> Finding:
    return _refused(
        "loader.version-stray",
        f"{stray.needed_by.label} needs versions of {visible(stray.name)}, but does not name it as a needed library; "
        "the dynamic loader ends its process over that.",
        (f"{visible(stray.name)} is in the table of needed versions and not among DT_NEEDED",),
        "Link it again; a tool that changed the names of its libraries has left the versions behind.",
    )


def _unmarked_provider(unmarked: UnmarkedProvider) -> Finding:
    name, version = unmarked.symbol
    return _refused(
        "loader.version-unmarked",
        f"{unmarked.needed_by.label} needs {visible(f'{name}@{version}')} of {unmarked.provider.label}, which defines "
        "it without any version here; the dynamic loader ends its process over that.",
        (f"looked at: {visible(unmarked.provider.path)}",),
        f"Use the {unmarked.provider.label} that it was built with, or build it against this one.",
    )


def _executable_stack(library: Library, glibc: tuple[int, int]) -> Finding:
    return _refused(
        "loader.executable-stack",
        f"{library.label} asks for an executable stack, which glibc {glibc[0]}.{glibc[1]} refuses to a library that is "
        "opened while a program runs.",
        ("PT_GNU_STACK is executable or missing",),
        "Assembly files need a .note.GNU-stack section; or link with -z noexecstack.",
    )


def _lacks_relr_version(library: Library) -> bool:
    """As glibc asks: only files that need versions and a ``libc.so`` at all have to say that they use DT_RELR."""
    elf = library.file.elf
    has_libc = any(name.startswith("libc.so.") for name in elf.needed)
    return has_libc and bool(elf.version_needs) and all(need.version != _RELR_VERSION for need in elf.version_needs)


def _unmarked_relocations(library: Library) -> Finding:
    return _refused(
        "loader.relr-unmarked",
        f"{library.label} has packed relocations without saying that it needs a C library that knows them.",
        (f"DT_RELR is there, and the version {_RELR_VERSION} of libc.so.6 is not needed",),
        "Link it with -z pack-relative-relocs rather than with --pack-dyn-relocs, or without either.",
    )


def _processor_level(library: Library, needed: int, host: Host) -> Iterator[Finding]:
    levels = missing_levels(host.platform, needed) if host.platform and not host.is_musl else ()
    if not levels:
        return
    evidence = (f"its property note asks for {', '.join(levels)}",)
    remedy = "Build it with a lower -march, such as -march=x86-64-v2."
    if host.is_elsewhere:
        message = f"{library.label} is for a processor of level {levels[0]}; whether that machine has one is not known."
        yield Finding("machine.isa-level", Severity.WARNING, message, evidence, remedy)
    else:
        message = f"{library.label} is for a processor of level {levels[0]}, which this computer’s is not."
        yield _refused("machine.isa-level", message, evidence, remedy)


def _sanitizer(library: Library, host: Host) -> Iterator[Finding]:
    """The one runtime library that is known to end every program that did not start with it."""
    options = "" if host.is_elsewhere else os.environ.get("ASAN_OPTIONS", "")
    if "verify_asan_link_order=0" not in options:
        yield _refused(
            "loader.sanitizer-late",
            f"{library.label} is the runtime of the address sanitizer, which ends every program that it did not start "
            "with.",
            (f"brought in by: {' ← '.join(reversed(library.chain))}",),
            f"Build the plugin without -fsanitize=address, or start the host with LD_PRELOAD={library.label}.",
        )


def _refused(identifier: str, message: str, evidence: tuple[str, ...], remedy: str) -> Finding:
    return Finding(identifier, Severity.ERROR, message, evidence, remedy, stops_load=True)
