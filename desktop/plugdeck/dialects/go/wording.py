"""Packages in words, for findings."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from plugdeck.text import visible

_LINE = 110
_MOST_LISTED = 1000


def listed(packages: Sequence[str]) -> tuple[str, ...]:
    """The packages by name, in lines."""
    names = [visible(package, 200) for package in packages[:_MOST_LISTED]]
    more = [f"and {len(packages) - len(names):,} more"] if len(packages) > len(names) else []
    return tuple(textwrap.wrap(", ".join(names + more), _LINE, break_long_words=False, break_on_hyphens=False))


def counted(packages: Sequence[str]) -> str:
    """``the package image differs``, ``3 packages differ``."""
    if len(packages) == 1:
        return f"the package {visible(packages[0], 200)} differs"
    return f"{len(packages):,} packages differ"
