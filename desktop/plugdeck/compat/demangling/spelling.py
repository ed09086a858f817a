"""What a mangled C++ name stands for, as a tree of parts, and how it is spelled.

Named tuples, since as many dataclasses would take longer to define than most names to read.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from plugdeck.compat.demangling.reading import MOST_OUTPUT, NotMangledError

Parts = tuple[str, str]
"""What stands before and behind the name that is declared: ``int (*`` and ``)(char)``."""
_MOST_STEPS = 20_000


class Node(Protocol):
    """A part of a name."""

    def parts(self, spelling: Spelling) -> Parts:
        """How it is written, around a declared name."""


class Spelling:
    """One writing of a tree, within bounds."""

    def __init__(self) -> None:
        self._steps = 0
        self._written = 0
        self.pack_index: int | None = None
        """Which element of the packs is written; None outside of pack expansions."""
        self.pack_length: int | None = None
        """How many elements the packs of the current expansion have, as soon as one was met."""

    def parts(self, node: Node) -> Parts:
        """A node's parts; too much work or too much text ends it."""
        self._steps += 1
        left, right = node.parts(self)
        self._written += len(left) + len(right)
        if self._steps > _MOST_STEPS or len(left) + len(right) > MOST_OUTPUT or self._written > 50 * MOST_OUTPUT:
            raise NotMangledError("the name stands for too much")
        return left, right

    def start_expansion(self) -> None:
        """From here on packs are written by their first element, and the first one tells how many there are."""
        self.pack_index, self.pack_length = 0, None

    def of(self, node: Node) -> str:
        """A node in one piece."""
        return "".join(self.parts(node))

    def list(self, nodes: tuple[Node, ...]) -> str:
        """Nodes with commas; what is empty, such as an empty pack, leaves no comma."""
        return ", ".join(text for text in map(self.of, nodes) if text)


class Text(NamedTuple):
    """Plain words."""

    text: str

    def parts(self, spelling: Spelling) -> Parts:
        """The words."""
        return self.text, ""


class Sequence(NamedTuple):
    """Nodes and words, one after the other."""

    items: tuple[Node | str, ...]

    def parts(self, spelling: Spelling) -> Parts:
        """All of them on the left."""
        return "".join(item if isinstance(item, str) else spelling.of(item) for item in self.items), ""


class Listed(NamedTuple):
    """Nodes with commas between them, in brackets."""

    opening: str
    nodes: tuple[Node, ...]
    closing: str

    def parts(self, spelling: Spelling) -> Parts:
        """The list, all on the left."""
        return f"{self.opening}{spelling.list(self.nodes)}{self.closing}", ""


class Scoped(NamedTuple):
    """``outer::inner``."""

    outer: Node
    inner: Node

    def parts(self, spelling: Spelling) -> Parts:
        """Both, on the left."""
        return f"{spelling.of(self.outer)}::{spelling.of(self.inner)}", ""


class Template(NamedTuple):
    """``name<arguments>``."""

    name: Node
    arguments: tuple[Node, ...]

    def parts(self, spelling: Spelling) -> Parts:
        """All on the left."""
        name, arguments = spelling.of(self.name), spelling.list(self.arguments)
        return f"{name}{' ' if name.endswith('<') else ''}<{arguments}>", ""


class Pack(NamedTuple):
    """The arguments that one template parameter stands for."""

    elements: tuple[Node, ...]

    def parts(self, spelling: Spelling) -> Parts:
        """All elements."""
        return spelling.list(self.elements), ""


class PackParameter(NamedTuple):
    """A template parameter that stands for a pack: one element at a time, where it is expanded."""

    pack: Pack

    def parts(self, spelling: Spelling) -> Parts:
        """The element whose turn it is."""
        index = spelling.pack_index
        if index is None:
            return spelling.parts(self.pack)
        if spelling.pack_length is None:
            spelling.pack_length = len(self.pack.elements)
        if index >= len(self.pack.elements):
            return "", ""
        length, spelling.pack_index = spelling.pack_length, None
        parts = spelling.parts(self.pack.elements[index])
        spelling.pack_index, spelling.pack_length = index, length
        return parts


class Expansion(NamedTuple):
    """``pattern...``, spelled out where it is known what the pack holds."""

    pattern: Node

    def parts(self, spelling: Spelling) -> Parts:
        """The pattern for each element, with commas."""
        outside = spelling.pack_index, spelling.pack_length
        spelling.start_expansion()
        texts = [spelling.of(self.pattern)]
        length = spelling.pack_length
        for index in range(1, length or 0):
            spelling.pack_index = index
            texts.append(spelling.of(self.pattern))
        spelling.pack_index, spelling.pack_length = outside
        if length is None:
            return f"{texts[0]}...", ""
        return ", ".join(texts[:length]), ""


class Forward:
    """A template parameter that is used before its arguments are known, in conversion operators."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.target: Node | None = None

    def parts(self, spelling: Spelling) -> Parts:
        """What it turned out to be."""
        if self.target is None:
            raise NotMangledError("a template parameter stands for nothing")
        return spelling.parts(self.target)
