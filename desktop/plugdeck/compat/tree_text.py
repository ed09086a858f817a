"""A tree of dependencies as lines of plain text."""

from __future__ import annotations

from collections.abc import Iterator

from plugdeck.compat.tree import IN_THE_HOST, Dependency
from plugdeck.text import visible


def tree_lines(dependency: Dependency) -> tuple[str, ...]:
    """One line a library, with branches drawn before it: name, where it is, by which rule, and what is wrong.

    What is loaded in the host already, and is fine, is one line under whatever needs it.
    """
    return (_line(dependency), *_branches(dependency.children, ""))


def _branches(children: tuple[Dependency, ...], before: str) -> Iterator[str]:
    held = [child for child in children if _is_held(child)]
    others = [child for child in children if not _is_held(child)]
    for place, child in enumerate(others):
        is_last = place == len(others) - 1 and not held
        yield f"{before}{'└── ' if is_last else '├── '}{_line(child)}"
        yield from _branches(child.children, f"{before}{'    ' if is_last else '│   '}")
    if held:
        yield f"{before}└── {IN_THE_HOST}: {', '.join(visible(child.name) for child in held)}"


def _line(dependency: Dependency) -> str:
    name, path = visible(dependency.name), visible(dependency.path or "")
    where = f" => {path}" if path and path != name else ""
    rule = f" [{dependency.rule}]" if dependency.rule else ""
    again = " (listed above)" if dependency.is_repeated else ""
    problem = f" !! {dependency.problem}" if dependency.problem else ""
    return f"{name}{where}{rule}{again}{problem}"


def _is_held(dependency: Dependency) -> bool:
    return dependency.rule == IN_THE_HOST and not dependency.problem
