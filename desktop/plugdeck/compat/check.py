"""The verdict: what the host's dynamic loader would do with a file, and why."""

from __future__ import annotations

from collections.abc import Iterator

from plugdeck.binary.facts import BinaryFacts, ElfFacts
from plugdeck.compat.file_findings import flag_findings, format_finding, is_ordinary, kind_findings, machine_findings
from plugdeck.compat.finding import Finding
from plugdeck.compat.host import Host
from plugdeck.compat.library_findings import library_findings, symbol_findings
from plugdeck.compat.rpath_findings import rpath_findings


def check(facts: BinaryFacts, host: Host) -> tuple[Finding, ...]:
    """Every reason for or against loading this file in this host, from the file itself to what it needs.

    What makes further questions pointless ends them: the libraries of a file for another machine are not
    looked for.
    """
    if facts.elf is None:
        return (format_finding(facts),)
    if host.platform is None or host.resolver is None:
        return host.findings
    if is_ordinary(facts.elf, host.platform):
        return tuple(_needs(facts, facts.elf, host))
    first = (*machine_findings(facts.elf, host.platform), *kind_findings(facts.elf))
    return first or (*flag_findings(facts.elf), *_needs(facts, facts.elf, host))


def _needs(facts: BinaryFacts, elf: ElfFacts, host: Host) -> Iterator[Finding]:
    """What is wrong with its libraries; when nothing is, and its symbols were read, with its symbols."""
    resolver, scope = host.resolver, host.scope
    if resolver is None or scope is None:
        return
    yield from rpath_findings(facts)
    root = host.root(facts.path, elf)
    problems = resolver.problems(root)
    if problems:
        yield from library_findings(problems, resolver.search)
    elif facts.imports is not None:
        yield from symbol_findings(scope.undefined(facts, resolver.closure(root)))
