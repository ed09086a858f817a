"""Telling steps with equal names apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path


def file_names(named: Iterable[tuple[str, str, Path]]) -> Mapping[str, str]:
    """By key, the file name of each step whose name another one has too, with its folder where that is the same too.

    Args:
        named: key, name and path of every step.
    """
    steps = list(named)
    names = Counter(name for _, name, _ in steps)
    files = Counter((name, path.name) for _, name, path in steps)
    return {
        key: path.name if files[name, path.name] == 1 else f"{path.parent.name}/{path.name}"
        for key, name, path in steps
        if names[name] > 1
    }
