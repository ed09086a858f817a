"""What a scenario's folder says: what to build, what to open in which host, and what then has to happen.

``scenario.toml`` has ``about``, a list of ``[[build]]`` steps and a list of ``[[case]]``; the fields are those of
``Step`` and ``Case``. Paths are relative to the folder that the scenario is built in, and percent-encoded for those
bytes that TOML cannot write. ``{root}`` in a flag or in the environment is that folder, and ``{sources}`` in a flag
is the one with the recipe.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote_to_bytes

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Step:
    """One file to make: compiled, linked to by name, copied and changed, or made by a tool."""

    file: str
    code: str = ""
    """C text; longer sources are files of the scenario's folder, named in ``sources``."""
    sources: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    """Files of earlier steps to link against."""
    flags: tuple[str, ...] = ()
    soname: str | None = None
    """The file's own name when None; no soname when empty."""
    program: bool = False
    """A program rather than a library; without a source it is the plain host, ``host.c``."""
    target: str = ""
    """Another machine or system, for which ``ziglang`` compiles."""
    link_to: str = ""
    """Makes a symbolic link with this text."""
    copy_of: str = ""
    """A copy of an earlier file, with ``changes``."""
    changes: tuple[str, ...] = ()
    """Names of functions in ``changes.py`` with their arguments: ``set_dynamic SONAME 0``."""
    tool: tuple[str, ...] = ()
    """A command that makes the file, ``objcopy`` for instance."""


@dataclass(frozen=True, slots=True)
class Case:
    """One question to the loader and to the verdict, with the answer that both have to give."""

    open: str
    loads: bool
    name: str = ""
    host: str = ""
    """A program of the scenario; Python, which Plugdeck's worker is, when empty."""
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = ""
    """The current folder, which relative search folders start from."""
    finding: str = ""
    """The identifier of the finding that says why it does not load, or warns."""
    says: tuple[str, ...] = ()
    """Words in that finding's message, evidence or remedy."""
    loader_says: str = ""
    """Words in the loader's own message."""
    no_oracle: str = ""
    """Why the loader cannot be asked; then the verdict alone is held against the expectation."""
    limit: str = ""
    """Why no reader can know what the loader's process does: the verdict is ``loads`` and the loader's is not."""
    gap: str = ""
    """Why the verdict is wrong today: an expected failure."""
    requires: tuple[str, ...] = ()
    """What the computer must have for it to be asked: ``x86-64-v3``, ``glibc<2.41``."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One folder."""

    name: str
    about: str
    steps: tuple[Step, ...]
    cases: tuple[Case, ...]

    @classmethod
    def read(cls, folder: Path) -> Scenario:
        """The scenario of a folder; an unknown field is a ``TypeError``."""
        said = tomllib.loads((folder / "scenario.toml").read_text(encoding="utf-8"))
        steps = tuple(Step(**_frozen(step)) for step in said.pop("build", ()))
        cases = tuple(Case(**_frozen(case)) for case in said.pop("case"))
        return cls(folder.name, said["about"], steps, cases)


def all_scenarios() -> tuple[Scenario, ...]:
    """Every folder beside this file that has a recipe."""
    return tuple(Scenario.read(path.parent) for path in sorted(HERE.glob("*/scenario.toml")))


def decoded(path: str) -> str:
    """A path of a recipe as the system knows it."""
    return os.fsdecode(unquote_to_bytes(path))


def _frozen(table: dict[str, object]) -> dict[str, object]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
