"""Why a plugin and its host differ, from the root down: toolchain, settings, modules, and what is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from plugdeck.compat.finding import Finding, Severity
from plugdeck.dialects.go.commands import MODE_SETTINGS, build_line, experiments_of, release_of
from plugdeck.dialects.go.comparison import Comparison
from plugdeck.dialects.go.facts import GoFile
from plugdeck.dialects.go.module_causes import module_causes
from plugdeck.dialects.go.source_folders import module_cache_of
from plugdeck.dialects.go.wording import listed
from plugdeck.text import visible


class _Root(NamedTuple):
    """One thing that was another one for every package."""

    id: str
    plugin: str
    """What it was for the plugin, after “the plugin was built”."""
    host: str
    packages: tuple[str, ...] = ()
    """What it explains; all that differ when empty."""
    remedy: str = ""
    """If it is another one than to build the plugin as the host was."""


def causes(comparison: Comparison) -> Iterator[Finding]:
    """Why the host refuses the plugin, or dies of it: every reason, what explains most first."""
    roots = tuple(_roots(comparison)) or tuple(_folders(comparison))
    for number, root in enumerate(roots):
        yield _root_finding(root, comparison, is_first=not number)
    local = tuple(module_causes(comparison, is_explained=bool(roots)))
    if not roots and local:
        first = local[0]
        yield Finding(
            first.id,
            first.severity,
            first.message,
            (*_said(comparison), *first.evidence),
            first.remedy,
            stops_load=True,
        )
        local = local[1:]
    yield from local
    if not roots and not local and comparison.has_other_record:
        yield _root_finding(_Root("go.toolchain", "by another Go", "by another one"), comparison, is_first=True)


def hints(comparison: Comparison) -> Iterator[Finding]:
    """What the runtime does not look at, and a person should."""
    plugin, host = comparison.plugin, comparison.host
    if plugin.toolchain and host.toolchain and plugin.toolchain != host.toolchain:
        yield Finding(
            "go.toolchain",
            Severity.WARNING,
            "Plugin and host were built by different releases of Go; their packages are the same, so it opens.",
            (f"plugin: {_text(plugin.toolchain)}", f"host:   {_text(host.toolchain)}"),
            f"Build it with the host's Go: {build_line(plugin, host)}",
        )
    name = "GOAMD64"
    if plugin.setting(name) > host.setting(name) > "":
        yield Finding(
            "go.processor-level",
            Severity.WARNING,
            "The plugin was built for newer processors than the host: where only the host's instructions are known, it "
            "dies, and nothing checks that.",
            (f"plugin: {name}={_text(plugin.setting(name))}", f"host:   {name}={_text(host.setting(name))}"),
            f"Build it as the host was: {build_line(plugin, host)}",
        )


def _roots(comparison: Comparison) -> Iterator[_Root]:
    """What alone makes every package differ, and is another in both files."""
    plugin, host = comparison.plugin, comparison.host
    if not plugin.build or not host.build:
        return
    if release_of(plugin.toolchain) != release_of(host.toolchain):
        yield _Root("go.toolchain", f"by {_text(plugin.toolchain)}", f"by {_text(host.toolchain)}")
    for name in ("-trimpath", *MODE_SETTINGS):
        if _is_on(plugin, name) != _is_on(host, name):
            words = [f"{'with' if _is_on(file, name) else 'without'} {name}" for file in (plugin, host)]
            yield _Root(f"go.{name.removeprefix('-')}", words[0], words[1])
    if experiments_of(plugin) != experiments_of(host):
        words = [f"with GOEXPERIMENT={_text(experiments_of(file))}" for file in (plugin, host)]
        yield _Root("go.experiment", words[0], words[1])
    if plugin.setting("-compiler") != host.setting("-compiler"):
        words = [f"by the compiler {_text(file.setting('-compiler'))}" for file in (plugin, host)]
        yield _Root("go.compiler", words[0], words[1])
    flags = [file.setting("-gcflags") for file in (plugin, host)]
    if flags[0] != flags[1] and any("all=" in flag or "std" in flag for flag in flags):
        yield _Root("go.compiler-flags", f"with -gcflags={_text(flags[0])}", f"with -gcflags={_text(flags[1])}")


def _folders(comparison: Comparison) -> Iterator[_Root]:
    """Without -trimpath the names of its source files are part of a package; Go's own are always without folders."""
    packages = comparison.cached_differing
    if not packages or not comparison.files:
        return
    if any(_is_on(file, "-trimpath") for file in (comparison.plugin, comparison.host)):
        return
    module = comparison.module_of(packages[0])
    plugin, host = (module_cache_of(path, module) for path in comparison.files)
    if plugin and host and plugin != host:
        words = f"from modules in {_text(plugin)}", f"from modules in {_text(host)}"
        remedy = "Build both with -trimpath, the host too, so that folders do not count; or both in the same folders."
        yield _Root("go.source-folders", words[0], words[1], packages, remedy)


def _root_finding(root: _Root, comparison: Comparison, *, is_first: bool) -> Finding:
    packages = root.packages or comparison.differing
    count, shared = len(packages), len(comparison.shared)
    differ = f"all {shared:,}" if count == shared else f"{count:,} of {shared:,}"
    message = f"The plugin was built {root.plugin}, the host {root.host}"
    is_reason = is_first or root.packages
    message += f": {differ} shared packages differ for this reason." if is_reason else "; that has to be the same too."
    return Finding(
        root.id,
        Severity.ERROR,
        message,
        (*_said(comparison), *listed(packages)) if is_first else listed(root.packages),
        root.remedy or f"Build the plugin as the host was: {build_line(comparison.plugin, comparison.host)}",
        stops_load=True,
    )


def _said(comparison: Comparison) -> tuple[str, ...]:
    """The runtime's own words, which are about the first package alone, if it lives to say them."""
    if comparison.has_other_record:
        return ("Opening it ends the host, most often with “fatal error: runtime: no plugin module data”.",)
    first = visible(comparison.differing[0], 200)
    return (f"The runtime would say: “plugin was built with a different version of package {first}”.",)


def _is_on(file: GoFile, name: str) -> bool:
    return file.setting(name) == "true"


def _text(text: str) -> str:
    return visible(text, 100) or "(none)"
