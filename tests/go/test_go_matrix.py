"""Verdicts against what Go's own runtime does, for every pair of plugin and host, each pair in a process of its own."""

from __future__ import annotations

import re

from plugdeck.catalogue.examine import examine
from plugdeck.compat.finding import Severity
from plugdeck.compat.host import Host

from .recipes import HOST, HOSTS, PLAIN, PLUGINS, POOR_HOSTS

STOPPED_AT = re.compile(r"different version of package ([^”]+)”")


def judged(plugin, host):
    """Whether it opens, and the package that the verdict says the runtime stops at."""
    report = examine(plugin, Host.from_executable(host), symbols=False)
    errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
    assert report.loads == (not errors) == all(not finding.stops_load for finding in errors)
    evidence = "\n".join(line for finding in errors for line in finding.evidence)
    found = STOPPED_AT.search(evidence)
    return report, errors, evidence, found[1] if found else ""


def wrong_verdict(plugin, host, ask):
    """What is wrong with the verdict on one pair; None when it is what the runtime does."""
    said = ask(host, plugin)[0]
    report, errors, evidence, package = judged(plugin, host)
    pair = f"{plugin.parent.parent.name} {plugin.name} in {host.parent.parent.name} {host.name}"
    if report.loads != said.opened:
        return f"{pair}: {said}, and the verdict is {[finding.message for finding in errors]}"
    if package != said.package:
        return f"{pair}: stopped at {said.package!r}, and not at {package!r}"
    if said.package and said.package not in re.split(r"[,\s]+", evidence):
        return f"{pair}: {said.package} is not listed"
    return None


def test_every_verdict_is_what_the_runtime_does(workshops, ask):
    wrong, count = [], 0
    for workshop in workshops:
        hosts = [workshop.build(recipe) for recipe in (*HOSTS, *POOR_HOSTS)]
        plugins = [workshop.build(recipe) for recipe in PLUGINS]
        for host in hosts:
            for plugin in plugins:
                wrong.append(wrong_verdict(plugin, host, ask))
                count += 1
    assert [each for each in wrong if each] == []
    assert count == len(workshops) * (len(HOSTS) + len(POOR_HOSTS)) * len(PLUGINS)


def test_plugins_of_other_releases(workshops, ask):
    """With the installed toolchain alone there is one pair; ``PLUGDECK_GO_TOOLCHAINS`` names more."""
    pairs = [(a.build(PLAIN), b.build(HOST)) for a in workshops for b in workshops]
    assert [each for pair in pairs if (each := wrong_verdict(*pair, ask))] == []
