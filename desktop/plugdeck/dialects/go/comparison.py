"""A plugin beside its host, package by package, as Go's runtime compares them when it opens the plugin."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from plugdeck.dialects.go.facts import GoFile, GoModule
from plugdeck.dialects.go.reading import minor_version

STANDARD = GoModule("std")
"""Stands for Go's own library, which is no module of its own in the build information."""

_MOST_WORDS = 64
"""Of an import path; what comes behind is of no account."""

_RECORDS = {21: 1, 22: 1, 23: 2, 24: 2, 25: 2, 26: 3, 27: 4}
"""By Go 1's minor version: which of them keep the runtime's record of a plugin alike."""


class Comparison(NamedTuple):
    """What is the same in both, and what is not."""

    plugin: GoFile
    host: GoFile
    shared: tuple[str, ...]
    """The packages that both have, in the order in which the runtime looks at them."""
    differing: tuple[str, ...]
    """Those of them that were compiled from something else, or otherwise."""
    files: tuple[Path, Path] | None = None
    """Where both are, if they are there."""
    plugin_modules: Mapping[str, GoModule] = {}
    """What the plugin was built from, by path."""
    host_modules: Mapping[str, GoModule] = {}

    @property
    def opens(self) -> bool:
        """Whether the host's runtime takes the plugin."""
        return not self.differing and not self.has_other_record

    @property
    def has_hints(self) -> bool:
        """Whether there is something that the runtime does not look at, and a person should."""
        plugin, host = self.plugin, self.host
        return plugin.toolchain != host.toolchain or plugin.setting("GOAMD64") != host.setting("GOAMD64")

    @property
    def has_other_record(self) -> bool:
        """Whether the runtimes are so different that the host cannot even read the plugin's record, and dies of it."""
        plugin, host = (_RECORDS.get(minor_version(file.toolchain) or 0) for file in (self.plugin, self.host))
        return plugin is not None and host is not None and plugin != host

    @property
    def cached_differing(self) -> tuple[str, ...]:
        """Those that differ although their module is of one version, and comes from the cache of modules."""
        return tuple(package for package in self.differing if self._is_cached(package))

    def _is_cached(self, package: str) -> bool:
        module = self.module_of(package)
        in_cache = module.version not in {"", "(devel)"} and not module.replacement
        return in_cache and module == self.host_module_of(package)

    def module_of(self, package: str) -> GoModule:
        """The module that the plugin has a package from."""
        return module_of(package, self.plugin_modules)

    def host_module_of(self, package: str) -> GoModule:
        """The module that the host has it from."""
        return module_of(package, self.host_modules)


def compare(plugin: GoFile, host: GoFile, files: tuple[Path, Path] | None = None) -> Comparison:
    """Both files, package by package; ``files`` are where they are."""
    shared = tuple(package for package in plugin.hashes if package in host.hashes)
    differing = tuple(package for package in shared if plugin.hashes[package] != host.hashes[package])
    return Comparison(plugin, host, shared, differing, files, _by_path(plugin), _by_path(host))


def module_of(package: str, modules: Mapping[str, GoModule]) -> GoModule:
    """The module that a package belongs to: the one with the longest path that begins the package's.

    Args:
        package: an import path.
        modules: of one build, by path.
    """
    words = package.split("/", _MOST_WORDS)
    for count in range(min(len(words), _MOST_WORDS), 0, -1):
        if module := modules.get("/".join(words[:count])):
            return module
    return GoModule(package) if "." in words[0] else STANDARD  # of a module that the file does not tell of, or Go's own


def _by_path(file: GoFile) -> dict[str, GoModule]:
    return {module.path: module for module in file.build.modules} if file.build else {}
