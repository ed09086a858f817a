"""A tree of dependencies as lines of text with parents: what the Dependencies tab shows, worked out on any thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from plugdeck.compat.tree import IN_THE_HOST, Dependency
from plugdeck.ui.visible_text import visible_text

NO_PARENT = -1


class NodeKind(StrEnum):
    """What a line is about; the words are for those who do not see its shape."""

    FINE = "found"
    PROBLEM = "problem"
    IN_HOST = IN_THE_HOST
    GROUP = "group"


@dataclass(slots=True)
class Node:
    """One line of the tree."""

    cells: tuple[str, str, str, str]
    """Name, found at, rule, problem: fit to be shown."""
    kind: NodeKind
    path: str | None
    """The file, when there is one to go to."""
    parent: int
    row: int
    """Its place among its parent's children."""
    children: list[int] = field(default_factory=list)


def nodes_of(root: Dependency) -> list[Node]:
    """The tree's lines, the file itself first; what the host has already is one group under whatever needs it."""
    nodes: list[Node] = []
    waiting = [(_add(nodes, root, NO_PARENT), root)]
    while waiting:
        place, dependency = waiting.pop()
        held = [child for child in dependency.children if _is_held(child)]
        others = [child for child in dependency.children if not _is_held(child)]
        waiting += [(_add(nodes, child, place), child) for child in others]
        if held:
            group = _append(nodes, _group(held, place))
            waiting += [(_add(nodes, child, group), child) for child in held]
    return nodes


def problems_of(nodes: list[Node]) -> list[int]:
    """Which lines have a problem, in the order in which the tree shows them."""
    found, waiting = [], [0] if nodes else []
    while waiting:
        place = waiting.pop()
        if nodes[place].kind is NodeKind.PROBLEM:
            found.append(place)
        waiting += reversed(nodes[place].children)
    return found


def _is_held(dependency: Dependency) -> bool:
    return dependency.rule == IN_THE_HOST and not dependency.problem


def _add(nodes: list[Node], dependency: Dependency, parent: int) -> int:
    rule = f"{dependency.rule} · listed above".lstrip(" ·") if dependency.is_repeated else dependency.rule
    texts = (dependency.name, dependency.path or "", rule, dependency.problem)
    name, found_at, rule, problem = (visible_text(text) for text in texts)
    kind = NodeKind.PROBLEM if problem else NodeKind.IN_HOST if _is_held(dependency) else NodeKind.FINE
    return _append(nodes, Node((name, found_at, rule, problem), kind, dependency.path, parent, 0))


def _group(held: list[Dependency], parent: int) -> Node:
    return Node((f"Already in the host ({len(held)})", "", "", ""), NodeKind.GROUP, None, parent, 0)


def _append(nodes: list[Node], node: Node) -> int:
    nodes.append(node)
    if node.parent != NO_PARENT:
        siblings = nodes[node.parent].children
        node.row = len(siblings)
        siblings.append(len(nodes) - 1)
    return len(nodes) - 1
