"""Packages that differ by themselves: another version of their module, other source, other build tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from plugdeck.binary.source import sentence
from plugdeck.compat.finding import Finding, Severity
from plugdeck.dialects.go.commands import build_line, is_folder, module_line
from plugdeck.dialects.go.comparison import STANDARD, Comparison
from plugdeck.dialects.go.facts import GoFile, GoModule
from plugdeck.dialects.go.wording import counted, listed
from plugdeck.text import visible

MOST_FINDINGS = 60
_LOCAL_SETTINGS = ("-tags", "CGO_ENABLED", "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS")


class _Group(NamedTuple):
    """The differing packages of one module, with the module as each file has it."""

    plugin: GoModule
    host: GoModule
    packages: tuple[str, ...]

    @property
    def is_another(self) -> bool:
        """Whether the files themselves say that it is another one."""
        plugin, host = self.plugin.used, self.host.used
        sums = plugin.sum and host.sum and plugin.sum != host.sum
        return (plugin.path, plugin.version) != (host.path, host.version) or bool(sums)


def module_causes(comparison: Comparison, *, is_explained: bool) -> Iterator[Finding]:
    """A finding for each module that is another one in the host, then one for what no module explains.

    ``is_explained``: something else makes all packages differ, so that only what differs besides is told.
    """
    groups = tuple(_groups(comparison))
    others = [group for group in groups if group.is_another]
    for group in others[:MOST_FINDINGS]:
        yield _module_finding(group, comparison)
    if len(others) > MOST_FINDINGS:
        rest = [package for group in others[MOST_FINDINGS:] for package in group.packages]
        yield _left(f"{len(others) - MOST_FINDINGS:,} more modules are of other versions.", rest, comparison)
    settings = [name for name in _LOCAL_SETTINGS if comparison.plugin.setting(name) != comparison.host.setting(name)]
    left = [package for group in groups if not group.is_another for package in group.packages]
    if settings:
        yield _settings_finding(settings, [] if is_explained else left, comparison)
    elif left and not is_explained:
        yield from _unexplained(groups, others, comparison)


def _groups(comparison: Comparison) -> Iterator[_Group]:
    """The differing packages by module, in the runtime's order."""
    found: dict[tuple[GoModule, GoModule], list[str]] = {}
    for package in comparison.differing:
        modules = comparison.module_of(package), comparison.host_module_of(package)
        found.setdefault(modules, []).append(package)
    for (plugin, host), packages in found.items():
        yield _Group(plugin, host, tuple(packages))


def _module_finding(group: _Group, comparison: Comparison) -> Finding:
    plugin, host = group.plugin, group.host
    remedy = _module_remedy(group, comparison)
    return Finding(
        "go.module-version",
        Severity.ERROR,
        f"The plugin has {visible(plugin.path, 200)} {_version(plugin)}, the host {_version(host)}: "
        f"{counted(group.packages)} for this reason.",
        (f"plugin: {_full(plugin)}", f"host:   {_full(host)}", *listed(group.packages)),
        remedy,
        stops_load=True,
    )


def _module_remedy(group: _Group, comparison: Comparison) -> str:
    line = module_line(group.host, group.plugin)
    if not line:
        return f"Build plugin and host from the same source of {visible(group.host.path, 200)}."
    used = group.host.replacement
    build = build_line(comparison.plugin, comparison.host)
    if used is not None and is_folder(used):
        return f"Use the folder that the host's go.mod names, as seen from the plugin's: {line} && {build}"
    return f"In the plugin's folder: {line} && {build}"


def _settings_finding(names: Sequence[str], packages: Sequence[str], comparison: Comparison) -> Finding:
    plugin, host = comparison.plugin, comparison.host
    rows = [f"{name}: {_value(plugin, name)} for the plugin, {_value(host, name)} for the host" for name in names]
    finding_id = {"-tags": "go.tags", "CGO_ENABLED": "go.cgo"}.get(names[0], "go.cgo-flags")
    what = " and ".join("build tags" if name == "-tags" else name for name in names[:3])
    end = f": {counted(packages)}, most likely for this reason." if packages else "; that can make packages differ too."
    return Finding(
        finding_id,
        Severity.ERROR if packages else Severity.WARNING,
        f"Plugin and host were built with other {what}{end}",
        (*rows, *listed(packages)),
        f"Build the plugin as the host was: {build_line(plugin, host)}",
        stops_load=bool(packages),
    )


def _unexplained(groups: Sequence[_Group], others: Sequence[_Group], comparison: Comparison) -> Iterator[Finding]:
    """What differs although versions and settings are the same."""
    same = [group for group in groups if not group.is_another]
    if others:
        message = "More packages differ, most likely because they use those of the modules above."
        yield _left(message, [package for group in same for package in group.packages], comparison)
        return
    for group in same[:MOST_FINDINGS]:
        yield _left(_source_sentence(group, comparison), group.packages, comparison)


def _source_sentence(group: _Group, comparison: Comparison) -> str:
    if group.plugin is STANDARD:
        return f"{sentence(counted(group.packages))} of Go's own library, for a reason that the files do not say."
    revisions = [file.setting("vcs.revision")[:12] for file in (comparison.plugin, comparison.host)]
    is_main = all(
        file.build and file.build.main and file.build.main.path == group.plugin.path
        for file in (comparison.plugin, comparison.host)
    )
    told = (
        f" (revision {visible(revisions[0])}, the host {visible(revisions[1])})" if is_main and all(revisions) else ""
    )
    name = visible(group.plugin.path, 200)
    return f"{name} was built from other source for the plugin than for the host{told}: {counted(group.packages)}."


def _left(message: str, packages: Sequence[str], comparison: Comparison) -> Finding:
    return Finding(
        "go.source",
        Severity.ERROR,
        message,
        listed(packages),
        f"Build plugin and host from the same source, the plugin by: {build_line(comparison.plugin, comparison.host)}",
        stops_load=True,
    )


def _version(module: GoModule) -> str:
    used = module.replacement
    if used is not None:
        return f"replaced by {visible(used.path, 200)} {visible(used.version, 60)}".rstrip()
    return visible(module.version, 60) or "of an unknown version"


def _full(module: GoModule) -> str:
    return " ".join(visible(part, 200) for part in (module.path, _version(module), module.used.sum) if part)


def _value(file: GoFile, name: str) -> str:
    return visible(file.setting(name), 100) or "(none)"
