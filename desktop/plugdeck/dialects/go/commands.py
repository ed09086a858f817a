"""Command lines for remedies: what to type, so that a plugin is built as its host was."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from plugdeck.dialects.go.facts import GoFile, GoModule

MODE_SETTINGS = ("-race", "-msan", "-asan")
"""Switches of the go command that put other code into every package."""

_SWITCHES = ("-trimpath", *MODE_SETTINGS)
_VALUES = ("-tags", "-gcflags", "-compiler")
_VARIABLES = ("CGO_ENABLED", "GOARCH", "GOAMD64", "GOARM", "GOARM64", "GO386", "GOFIPS140")
_USUAL = {"-compiler": "gc", "CGO_ENABLED": "1", "GOAMD64": "v1", "GOFIPS140": "off"}
_EXPERIMENTS = re.compile(r"[ -]X:([\w,]+)")
_RELEASE = re.compile(r"go[0-9][0-9a-z.]*")
# What may stand in a line that people paste: the names are a file's own words, and nobody has vouched for them.
_WORD = re.compile(r"[\w./~][\w.,/~+@-]*")
_FLAGS_WORD = re.compile(r"[\w=. -]+")


def release_of(toolchain: str) -> str:
    """``go1.23.1`` of ``go1.23.1 X:rangefunc``."""
    return _EXPERIMENTS.sub("", toolchain)


def experiments_of(file: GoFile) -> str:
    """``rangefunc,aliastypeparams``: what GOEXPERIMENT was for this file, as far as its toolchain's name says it."""
    named = _EXPERIMENTS.search(file.toolchain)
    return named[1] if named else file.setting("GOEXPERIMENT")


def build_line(plugin: GoFile, host: GoFile) -> str:
    """The line that builds the plugin as the host was built, for a POSIX shell."""
    package = plugin.build.package if plugin.build else ""
    where = [package] if _WORD.fullmatch(package) and package != "command-line-arguments" else []
    return shlex.join([*_environment(plugin, host), "go", "build", "-buildmode=plugin", *_flags(host), *where])


def _environment(plugin: GoFile, host: GoFile) -> Iterator[str]:
    release = release_of(host.toolchain)
    if release != release_of(plugin.toolchain) and _RELEASE.fullmatch(release):
        yield f"GOTOOLCHAIN={release}"
    for name in _VARIABLES:
        value = host.setting(name)
        if _WORD.fullmatch(value) and value != _USUAL.get(name, plugin.setting(name)):
            yield f"{name}={value}"
    if _WORD.fullmatch(experiments_of(host)):
        yield f"GOEXPERIMENT={experiments_of(host)}"


def _flags(host: GoFile) -> Iterator[str]:
    for name in _SWITCHES:
        if host.setting(name) == "true":
            yield name
    for name in _VALUES:
        value = host.setting(name)
        if _FLAGS_WORD.fullmatch(value.replace(",", "")) and value != _USUAL.get(name):
            yield f"{name}={value}"


def is_folder(replacement: GoModule) -> bool:
    """Whether a module was replaced by a folder, not by another module."""
    return replacement.version in {"", "(devel)"}


def module_line(wanted: GoModule, present: GoModule) -> str:
    """What changes the plugin's go.mod so that it uses the host's version of a module; empty where no line does."""
    used = wanted.replacement
    is_in_folder = used is not None and is_folder(used)
    words = (wanted.path, wanted.used.path, *(() if is_in_folder else (wanted.used.version,)))
    if not all(map(_WORD.fullmatch, words)):
        return ""
    where = wanted.used.path if is_in_folder else f"{wanted.used.path}@{wanted.used.version}"
    if used is not None:
        return shlex.join(["go", "mod", "edit", f"-replace={wanted.path}={where}"])
    get = shlex.join(["go", "get", f"{wanted.path}@{wanted.version}"])
    if present.replacement is None:
        return get
    return f"{shlex.join(['go', 'mod', 'edit', f'-dropreplace={wanted.path}'])} && {get}"
