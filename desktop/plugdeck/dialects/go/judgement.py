"""Whether a Go program can open a Go plugin: what its runtime would say, all reasons at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from plugdeck.binary.facts import BinaryFacts
from plugdeck.compat.finding import Finding, Severity
from plugdeck.compat.host import Host
from plugdeck.dialects.go.comparison import compare
from plugdeck.dialects.go.facts import GoBuildMode, GoFile
from plugdeck.dialects.go.reading import read_go_file
from plugdeck.errors import BinaryFormatError

_NO_RECORD = "fatal error: runtime: no plugin module data"


def judge(facts: BinaryFacts, host: Host) -> tuple[Finding, ...]:
    """Every reason why the host would refuse the plugin or die of it, the root of them first.

    Args:
        facts: of a file that ``recognise`` took for a Go plugin.
        host: what would open it; what makes it useless for any file is told elsewhere. For Plugdeck's own worker a
            runner steps in, which is built as the plugin was.
    """
    if facts.elf is None or (host.platform and host.platform.machine_name != facts.elf.machine_name):
        return ()  # it is for another machine, which says enough
    try:
        plugin = read_go_file(facts.source, facts.identity)
        if plugin is not None and os.fspath(host.executable) == sys.executable:
            from plugdeck.dialects.go.runner import judge_for_runner

            return tuple(judge_for_runner(plugin, facts.path))
        path = Path(host.resolver.search.sysroot.real(os.fspath(host.executable)) if host.resolver else host.executable)
        program = read_go_file(path) if path.is_file() else None
    except BinaryFormatError as error:
        return (_no_go_host("The host or the plugin cannot be read", (f"{error}.",)),)
    if plugin is None or program is None:
        return (_not_go(host),)
    return _compared(plugin, program, host, (facts.source, path))


def _compared(plugin: GoFile, program: GoFile, host: Host, files: tuple[Path, Path]) -> tuple[Finding, ...]:
    if not program.hashes:
        return (_without_plugins(host, program),)
    comparison = compare(plugin, program, files)
    if comparison.opens and not comparison.has_hints:
        return ()  # and nothing is imported that explains: a check of what fits is to take no time
    from plugdeck.dialects.go.causes import causes, hints

    return tuple(hints(comparison) if comparison.opens else causes(comparison))


def _not_go(host: Host) -> Finding:
    evidence = "dlopen alone would map it; the first call into it then ends the process, since no Go runtime runs."
    return _no_go_host(f"{host.name} is no Go program, and only such can open a Go plugin", (evidence,))


def _no_go_host(reason: str, evidence: tuple[str, ...] = ()) -> Finding:
    return Finding(
        "go.host-not-go",
        Severity.ERROR,
        f"{reason}.",
        evidence,
        "Choose the Go program that opens it as the host: plugdeck check FILE --host PROGRAM.",
        stops_load=True,
    )


def _without_plugins(host: Host, program: GoFile) -> Finding:
    """A Go program that has no package hashes for others to see: it cannot open any plugin."""
    reason, evidence = next(_why_without(program))
    return Finding(
        "go.host-without-plugins",
        Severity.ERROR,
        f"{host.name} cannot open any Go plugin: {reason}.",
        (evidence,),
        "Build the host with cgo, linked dynamically, and let it import the package “plugin”.",
        stops_load=True,
    )


def _why_without(program: GoFile) -> Iterator[tuple[str, str]]:
    if program.mode is not GoBuildMode.PROGRAM:
        yield f"it was built with -buildmode={program.mode or 'unknown'}", "Only a program opens plugins."
    if program.setting("CGO_ENABLED") == "0":
        yield "it was built without cgo", "plugin.Open answers “plugin: not implemented” there (CGO_ENABLED=0)."
    yield (
        "it is linked statically, or does not use the package “plugin”",
        f"No package hash is among its dynamic symbols; linked statically, plugin.Open ends it: “{_NO_RECORD}”.",
    )
