"""What can be said against a plugin's own words: against the host's versions, its interfaces, and its symbols."""

from __future__ import annotations

from collections.abc import Iterator

from plugdeck.binary.facts import BinarySymbol, SymbolKind
from plugdeck.compat.finding import Finding, Severity
from plugdeck.dialects.manifest import IMAGE_TRANSFORM, DeclaredSymbol, Manifest
from plugdeck.dialects.sdk.declared_types import same_type

Abi = tuple[int, int]

INTERFACES = {
    IMAGE_TRANSFORM: (
        DeclaredSymbol("Transform", SymbolKind.FUNCTION, "int(const pd_image *, pd_image *)"),
        DeclaredSymbol("Priority", SymbolKind.VARIABLE, "int"),
    ),
}
"""The symbols that each known interface requires."""

OPTIONAL = (DeclaredSymbol("Init", SymbolKind.FUNCTION, "int(const pd_host *)"),)
"""Symbols that the host uses where a plugin declares them."""

# Assembly often leaves the type of a symbol out; the loader does not care.
_KINDS = {
    SymbolKind.FUNCTION: {SymbolKind.FUNCTION, SymbolKind.INDIRECT_FUNCTION, SymbolKind.OTHER},
    SymbolKind.VARIABLE: {SymbolKind.VARIABLE, SymbolKind.OTHER},
}


def check_abi(abi: Abi | None, abi_minimum: Abi | None, host_minimum: Abi, host_maximum: Abi) -> Iterator[Finding]:
    """A finding unless the versions that the plugin accepts and those that the host supports meet."""
    if abi is None or abi_minimum is None:
        yield Finding(
            id="sdk.abi-missing",
            severity=Severity.ERROR,
            message="The plugin does not say which version of the SDK it was built with.",
            evidence=(f"This host supports {_range_text(host_minimum, host_maximum)}.",),
            remedy="Use PD_PLUGIN of an unchanged plugdeck.h, and build the plugin again.",
        )
    elif abi_minimum > host_maximum or abi < host_minimum or abi_minimum > abi:
        is_newer = abi_minimum > host_maximum
        yield Finding(
            id="sdk.abi-out-of-range",
            severity=Severity.ERROR,
            message=f"The plugin needs {'a newer' if is_newer else 'another'} version of the SDK than this host has.",
            evidence=(
                f"The plugin accepts {_range_text(abi_minimum, abi)}.",
                f"This host supports {_range_text(host_minimum, host_maximum)}.",
            ),
            remedy="Update Plugdeck." if is_newer else "Build the plugin again with the current plugdeck.h.",
        )


def _range_text(low: Abi, high: Abi) -> str:
    return f"{low[0]}.{low[1]} to {high[0]}.{high[1]}"


def check_interfaces(manifest: Manifest) -> Iterator[Finding]:
    """A finding for each symbol that an interface requires and the plugin does not declare, or declares otherwise."""
    declared = {symbol.name: symbol for symbol in manifest.symbols}
    for interface in manifest.interfaces:
        for required in INTERFACES.get(interface, ()):
            if required.name not in declared:
                yield _undeclared(required, interface)
            elif finding := _mismatch(declared[required.name], required, f"the interface {interface}"):
                yield finding
    for optional in OPTIONAL:
        if optional.name in declared and (finding := _mismatch(declared[optional.name], optional, "the host")):
            yield finding


def _undeclared(required: DeclaredSymbol, interface: str) -> Finding:
    return Finding(
        id="sdk.symbol-missing",
        severity=Severity.ERROR,
        message=f"The interface {interface} requires the {required.kind} {required.name}, which is not declared.",
        evidence=(f"Required: {required.c_type}",),
        remedy="Declare the interface with its macro of plugdeck.h, which declares its symbols too.",
    )


def _mismatch(declared: DeclaredSymbol, required: DeclaredSymbol, whose: str) -> Finding | None:
    if declared.kind is required.kind and same_type(declared.c_type, required.c_type):
        return None
    return Finding(
        id="sdk.type-mismatch",
        severity=Severity.ERROR,
        message=f"{declared.name} is declared with another C type than {whose} requires.",
        evidence=(
            f"Declared: {declared.kind} {declared.c_type}",
            f"Required: {required.kind} {required.c_type}",
        ),
        remedy=f"Give {declared.name} the required type, and build the plugin again.",
    )


def check_exports(manifest: Manifest, exports: tuple[BinarySymbol, ...]) -> Iterator[Finding]:
    """A finding for each declared symbol that the file does not export, or exports as something else."""
    exported = {symbol.name: symbol.kind for symbol in exports}
    for symbol in manifest.symbols:
        kind = exported.get(symbol.name)
        if kind is None:
            yield Finding(
                id="sdk.symbol-missing",
                severity=Severity.ERROR,
                message=f"The plugin declares the {symbol.kind} {symbol.name}, but does not export it.",
                evidence=(f"Declared: {symbol.c_type}", "The dynamic symbol table has no such name."),
                remedy=f"Define {symbol.name}, and let nothing hide it: static, a version script.",
            )
        elif kind not in _KINDS[symbol.kind]:
            yield Finding(
                id="sdk.symbol-kind",
                severity=Severity.ERROR,
                message=f"The plugin declares {symbol.name} as a {symbol.kind}, but exports it as a {kind}.",
                evidence=(f"Declared: {symbol.c_type}",),
                remedy=f"Let the definition of {symbol.name} agree with its declaration.",
            )
