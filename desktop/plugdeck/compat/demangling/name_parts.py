"""The rules for one part of a C++ name: an identifier, an operator, a constructor, something without a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugdeck.compat.demangling.reading import NotMangledError
from plugdeck.compat.demangling.spelling import Listed, Node, Scoped, Sequence, Template, Text
from plugdeck.compat.demangling.tables import OPERATOR_NAMES

if TYPE_CHECKING:
    from plugdeck.compat.demangling.itanium import Grammar


class NameTraits:
    """What a function's name tells of the types behind it."""

    def __init__(self) -> None:
        self.ends_in_arguments = False
        self.is_special = False
        """A constructor, a destructor or a conversion: its result is not mangled."""
        self.suffix = ""
        """Qualifiers of a member function."""


class NameParts:
    """Rules for what stands between two ``::``."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._cursor = grammar.cursor

    def unqualified(self, scope: Node | None, traits: NameTraits | None = None) -> Node:
        """``<unqualified-name>``, in its scope."""
        node = self.tagged(self._plain(scope, traits))
        return Scoped(scope, node) if scope is not None else node

    def source_name(self) -> str:
        """``3foo``."""
        text = self._cursor.take(self._cursor.number())
        if text.startswith(("_GLOBAL__N", "_GLOBAL_.N", "_GLOBAL_$N")):
            return "(anonymous namespace)"
        if not text:
            raise NotMangledError("a name is empty")
        return text

    def operator(self, traits: NameTraits | None = None) -> Node:
        """``pl`` as ``operator+``, ``cv`` with its type, ``li`` with its suffix."""
        cursor = self._cursor
        if cursor.accept("cv"):
            if traits is not None:
                traits.is_special = True
            outside, self._grammar.is_in_conversion = self._grammar.is_in_conversion, True
            type_ = self._grammar.types.type()
            self._grammar.is_in_conversion = outside
            return Sequence(("operator ", type_))
        if cursor.accept("li"):
            return Text(f'operator"" {self.source_name()}')
        if cursor.peek() == "v" and cursor.peek(2)[1:].isdigit():
            cursor.take(2)
            return Text(f"operator {self.source_name()}")
        code = cursor.take(2)
        if code not in OPERATOR_NAMES:
            raise NotMangledError("there is no such operator")
        word = OPERATOR_NAMES[code]
        return Text(f"operator{' ' if word[0].isalpha() else ''}{word}")

    def tagged(self, node: Node) -> Node:
        """The part with its ABI tags, if any follow."""
        while self._cursor.accept("B"):
            node = Sequence((node, f"[abi:{self.source_name()}]"))
        return node

    def _plain(self, scope: Node | None, traits: NameTraits | None) -> Node:
        cursor = self._cursor
        while cursor.peek() in ("L", "F"):
            cursor.take()
        first, both = cursor.peek(), cursor.peek(2)
        if first.isdigit():
            return Text(self.source_name())
        if (first == "C" and scope is not None) or (first == "D" and both[1:].isdigit()):
            return self._constructor(scope, traits)
        if both == "DC":
            cursor.take(2)
            names: list[Node] = []
            while not cursor.accept("E"):
                names.append(Text(self.source_name()))
            return Listed("[", tuple(names), "]")
        if first == "U":
            return self._unnamed()
        return self.operator(traits)

    def _constructor(self, scope: Node | None, traits: NameTraits | None) -> Node:
        if scope is None:
            raise NotMangledError("a constructor of nothing")
        kind = self._cursor.take(2)
        if kind == "CI":
            self._cursor.take()
            self._grammar.types.type()
        elif kind[1] not in "012345":
            raise NotMangledError("there is no such constructor")
        if traits is not None:
            traits.is_special = True
        return Text(f"{'~' if kind[0] == 'D' else ''}{_last_word(scope)}")

    def _unnamed(self) -> Node:
        cursor, grammar = self._cursor, self._grammar
        if cursor.accept("Ut"):
            return Text(f"{{unnamed type#{grammar.optional_number() + 1}}}")
        cursor.expect("Ul")
        grammar.lambda_depth += 1
        parameters = grammar.types.parameters(lambda: cursor.peek() == "E")
        cursor.expect("E")
        grammar.lambda_depth -= 1
        return Sequence((Listed("{lambda(", parameters, ")"), f"#{grammar.optional_number() + 1}}}"))


def _last_word(node: Node) -> str:
    """The class's own name, which its constructors have too."""
    for _ in range(100):
        if isinstance(node, Scoped):
            node = node.inner
        elif isinstance(node, Template):
            node = node.name
        elif isinstance(node, Sequence) and node.items and not isinstance(node.items[0], str):
            node = node.items[0]
        elif isinstance(node, Text):
            return node.text.partition("<")[0].rpartition("::")[2]
        else:
            break
    raise NotMangledError("a constructor of something that has no name")
