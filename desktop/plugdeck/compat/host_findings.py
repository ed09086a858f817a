"""Findings about the host: why it can load nothing, or was not made to."""

from __future__ import annotations

from plugdeck.compat.finding import Finding, Severity


def unable(name: str, reason: str, evidence: tuple[str, ...] = (), remedy: str = "") -> Finding:
    """Why nothing can be loaded there at all; ``reason`` is a predicate, and sentences after it if need be."""
    return Finding(
        "host.cannot-load",
        Severity.ERROR,
        f"{name} cannot serve as a host: it {reason.removesuffix('.')}.",
        evidence,
        remedy or "Name a dynamically linked program that opens plugins itself.",
        stops_load=True,
    )


def unasked(name: str) -> Finding:
    """A program that never calls its loader: a plugin would fit, and nobody opens it."""
    return Finding(
        "host.no-dlopen",
        Severity.WARNING,
        f"{name} does not open plugins by itself: neither it nor a library of its own calls dlopen.",
        ("no dlopen or dlmopen among the symbols that the program and its libraries ask for",),
        "Name the program that opens the plugin; a script that starts it is not the host.",
    )
