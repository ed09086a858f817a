"""How C++ types are spelled around what they declare: pointers, references, arrays, functions."""

from __future__ import annotations

from typing import NamedTuple

from plugdeck.compat.demangling.spelling import Forward, Node, PackParameter, Parts, Spelling


class Qualified(NamedTuple):
    """``inner const``; a function's qualifiers stand behind its parameters."""

    inner: Node
    words: str

    def parts(self, spelling: Spelling) -> Parts:
        """The inner one's, and the words in their place."""
        left, right = spelling.parts(self.inner)
        if isinstance(_real(self.inner, spelling), FunctionType):
            return left, f"{right}{self.words}"
        return f"{left}{self.words}", right


class Pointer(NamedTuple):
    """A pointer or a reference; references to references collapse as in C++."""

    inner: Node
    mark: str
    """``*``, ``&``, ``&&``, or ``A::*`` by way of ``MemberPointer``."""

    def parts(self, spelling: Spelling) -> Parts:
        """The mark goes into brackets before functions and arrays."""
        inner, mark = _real(self.inner, spelling), self.mark
        while mark != "*" and isinstance(inner, Pointer) and inner.mark != "*":
            mark = "&" if "&" in (mark, inner.mark) else "&&"
            inner = _real(inner.inner, spelling)
        left, right = spelling.parts(inner)
        return _pointed(inner, left, right, mark, spelling)


class MemberPointer(NamedTuple):
    """A pointer to a member of a class."""

    owner: Node
    member: Node

    def parts(self, spelling: Spelling) -> Parts:
        """``int A::*``, ``void (A::*)(int) const``."""
        left, right = spelling.parts(self.member)
        mark = f"{spelling.of(self.owner)}::*"
        real = _real(self.member, spelling)
        if _kind(real, spelling) is FunctionType:
            return f"{left}({mark}", f"){right}"
        return (f"{left} ({mark}", f"){right}") if isinstance(real, ArrayType) else (f"{left} {mark}", right)


class ArrayType(NamedTuple):
    """``element [length]``."""

    element: Node
    length: str | Node

    def parts(self, spelling: Spelling) -> Parts:
        """The length behind the name."""
        left, right = spelling.parts(self.element)
        length = self.length if isinstance(self.length, str) else spelling.of(self.length)
        return left, f" [{length}]{right.removeprefix(' ') if right.startswith(' [') else right}"


class FunctionType(NamedTuple):
    """``result (parameters)``."""

    result: Node
    parameters: tuple[Node, ...]
    suffix: str = ""
    """Qualifiers of the reference: `` &``, and ``noexcept``."""

    def parts(self, spelling: Spelling) -> Parts:
        """The parameters behind the name."""
        left, right = spelling.parts(self.result)
        return f"{left}{'' if right else ' '}", f"({spelling.list(self.parameters)}){self.suffix}{right}"


class Encoding(NamedTuple):
    """A function with its parameters, and with its result where that is part of its name."""

    name: Node
    result: Node | None
    parameters: tuple[Node, ...]
    suffix: str

    def parts(self, spelling: Spelling) -> Parts:
        """All on the left: it is no type."""
        left, right = spelling.parts(self.result) if self.result else ("", "")
        space = "" if not left or left.endswith("(*") or right else " "
        name = spelling.of(self.name)
        return f"{left}{space}{name}({spelling.list(self.parameters)}){self.suffix}{right}", ""


def _pointed(inner: Node, left: str, right: str, mark: str, spelling: Spelling) -> Parts:
    kind = _kind(inner, spelling)
    if kind is FunctionType:
        return f"{left}({mark}", f"){right}"
    if kind is ArrayType:
        return f"{left} ({mark}", f"){right}"
    return f"{left}{mark}", right


def _kind(node: Node, spelling: Spelling) -> type:
    node = _real(node, spelling)
    return _kind(node.inner, spelling) if isinstance(node, Qualified) else type(node)


def _real(node: Node, spelling: Spelling) -> Node:
    """What a template parameter stands for at this point."""
    for _ in range(20):
        if isinstance(node, Forward) and node.target is not None:
            node = node.target
        elif (
            isinstance(node, PackParameter)
            and spelling.pack_index is not None
            and spelling.pack_index < len(node.pack.elements)
        ):
            if spelling.pack_length is None:
                spelling.pack_length = len(node.pack.elements)
            node = node.pack.elements[spelling.pack_index]
        else:
            break
    return node
