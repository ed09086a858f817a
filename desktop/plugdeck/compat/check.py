"""The verdict: what the host's dynamic loader would do with a file, and why."""

from __future__ import annotations

import os
from collections.abc import Iterator

from plugdeck.binary.facts import BinaryFacts
from plugdeck.compat.binding import bind
from plugdeck.compat.file_findings import flag_findings, format_finding, is_ordinary, kind_findings, machine_findings
from plugdeck.compat.finding import Finding
from plugdeck.compat.host import Host
from plugdeck.compat.load_findings import binding_findings, closure_findings


def check(facts: BinaryFacts, host: Host) -> tuple[Finding, ...]:
    """Every reason for or against loading this file in this host, from the file itself to what it needs.

    ``stops_load`` is set exactly where ``dlopen(path, RTLD_NOW)`` would fail there. Symbols, and all else that hangs
    on relocations, are judged when the facts have ``linking``. What makes further questions pointless ends them: the
    libraries of a file for another machine are not looked for.
    """
    if facts.elf is None:
        return (format_finding(facts),)
    if host.platform is None or host.resolver is None:
        return host.findings
    if is_ordinary(facts.elf, host.platform):
        return (*host.findings, *_needs(facts, host))
    first = (*machine_findings(facts.elf, host.platform), *kind_findings(facts.elf))
    return first or (*host.findings, *flag_findings(facts.elf), *_needs(facts, host))


def _needs(facts: BinaryFacts, host: Host) -> Iterator[Finding]:
    """What is wrong with its libraries; when nothing is, and its symbols were read, with its symbols.

    What explains a problem is imported when there is one: a check of one file that fits is to take no time.
    """
    resolver, scope = host.resolver, host.scope
    if resolver is None or scope is None:
        return
    if "$" in os.fspath(facts.path) and not host.is_musl:
        from plugdeck.compat.path_findings import path_findings

        yield from path_findings(os.fspath(facts.path).removeprefix(resolver.search.sysroot.folder))
    if facts.elf and (facts.elf.runpath or facts.elf.rpath):
        from plugdeck.compat.rpath_findings import rpath_findings

        yield from rpath_findings(facts, resolver.search.sysroot)
    if host.has_loaded(facts):
        return  # opening it again gives what is there
    closure = resolver.closure(host.root(facts))
    if closure.problems:
        from plugdeck.compat.library_findings import library_findings

        yield from library_findings(closure.problems, resolver.search)
        return
    if facts.linking is None:
        return
    stopping = tuple(closure_findings(closure, host))
    yield from stopping
    if not any(finding.stops_load for finding in stopping):
        bindings = bind(scope, facts.linking, closure)
        if bindings.undefined:
            from plugdeck.compat.origins import Origins
            from plugdeck.compat.symbol_findings import symbol_findings

            yield from symbol_findings(bindings.undefined, Origins(closure, resolver.search, scope), host.name)
        yield from binding_findings(bindings, host)
