"""The rules for C++ names: scopes, template arguments, operators, local things, substitutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugdeck.compat.demangling.reading import NotMangledError
from plugdeck.compat.demangling.spelling import Listed, Node, Scoped, Sequence, Template, Text
from plugdeck.compat.demangling.tables import (
    ABBREVIATIONS,
    OPERATOR_NAMES,
    QUALIFIERS,
    REFERENCES,
    WHOLE_ABBREVIATIONS,
)

if TYPE_CHECKING:
    from plugdeck.compat.demangling.itanium import Grammar

_STD = Text("std")


class NameTraits:
    """What a function's name tells of the types behind it."""

    def __init__(self) -> None:
        self.ends_in_arguments = False
        self.is_special = False
        """A constructor, a destructor or a conversion: its result is not mangled."""
        self.suffix = ""
        """Qualifiers of a member function."""


class Names:
    """Rules for names."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._cursor = grammar.cursor

    def name(self, traits: NameTraits | None = None) -> Node:
        """``<name>``; with ``traits``, it is that of the function whose parameters follow."""
        with self._cursor.nested():
            if self._cursor.accept("N"):
                return self._nested(traits)
            if self._cursor.accept("Z"):
                return self._local(traits)
            if self._cursor.peek() == "S" and self._cursor.peek(2) != "St":
                found = self.substitution()
            else:
                is_std = self._cursor.accept("St")
                found = self.unqualified(_STD if is_std else None, traits)
                if self._cursor.peek() == "I":
                    self._grammar.remember(found)
            if self._cursor.peek() != "I":
                return found
            return self._with_arguments(found, traits)

    def arguments(self, *, is_of_function: bool = False) -> tuple[Node, ...]:
        """``I … E``; those of the function's own name are what ``T_`` means from then on."""
        self._cursor.expect("I")
        found: list[Node] = []
        while not self._cursor.accept("E"):
            found.append(self._grammar.types.argument())
        arguments = tuple(found)
        if is_of_function:
            self._grammar.arguments = arguments
        return arguments

    def substitution(self) -> Node:
        """``S_``, ``S0_``, ``Sa``…"""
        self._cursor.expect("S")
        letter = self._cursor.peek()
        if letter in ABBREVIATIONS and letter:
            self._cursor.take()
            table = WHOLE_ABBREVIATIONS if self._cursor.peek() in ("C", "D") else ABBREVIATIONS
            node: Node = Text(table.get(letter, ABBREVIATIONS[letter]))
            if self._cursor.peek() == "B":
                return self._grammar.remember(self._tagged(node))
            return node
        number = self._grammar.sequence_number()
        if number >= len(self._grammar.substitutions):
            raise NotMangledError("a substitution stands for nothing")
        return self._grammar.substitutions[number]

    def unqualified(self, scope: Node | None, traits: NameTraits | None = None) -> Node:
        """``<unqualified-name>``, in its scope."""
        node = self._tagged(self._plain(scope, traits))
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

    def _with_arguments(self, name: Node, traits: NameTraits | None) -> Node:
        arguments = self.arguments(is_of_function=traits is not None)
        if traits is not None:
            traits.ends_in_arguments = True
        return Template(name, arguments)

    def _nested(self, traits: NameTraits | None) -> Node:
        suffix = self._suffix()
        scope: Node | None = None
        while not self._cursor.accept("E"):
            self._cursor.step()
            scope, is_new = self._step_into(scope, traits)
            if is_new and self._cursor.peek() != "E":
                self._grammar.remember(scope)
        if scope is None:
            raise NotMangledError("a name is empty")
        if traits is not None:
            traits.suffix = suffix
        return scope

    def _suffix(self) -> str:
        words = ""
        while (letter := self._cursor.peek()) in QUALIFIERS:
            self._cursor.take()
            words = QUALIFIERS[letter] + words
        if (letter := self._cursor.peek()) in REFERENCES:
            self._cursor.take()
            words += REFERENCES[letter]
        return words

    def _step_into(self, scope: Node | None, traits: NameTraits | None) -> tuple[Node, bool]:
        """The scope with its next part, and whether that can be substituted later."""
        cursor, letter = self._cursor, self._cursor.peek()
        if letter == "I" and scope is not None:
            return self._with_arguments(scope, traits), True
        if traits is not None:
            traits.ends_in_arguments = False
        if scope is None and (first := self._first_scope()):
            return first
        if letter == "M":
            cursor.take()  # the initialiser of a member: the name of the member is before it
            return scope or _STD, False
        return self.unqualified(scope, traits), True

    def _first_scope(self) -> tuple[Node, bool] | None:
        cursor = self._cursor
        if cursor.accept("St"):
            return _STD, False
        if cursor.peek() == "S":
            return self.substitution(), False
        if cursor.peek() == "T":
            return self._grammar.types.template_parameter(), True
        return (self._grammar.types.decltype(), True) if cursor.peek(2) in ("Dt", "DT") else None

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

    def _tagged(self, node: Node) -> Node:
        while self._cursor.accept("B"):
            node = Sequence((node, f"[abi:{self.source_name()}]"))
        return node

    def _local(self, traits: NameTraits | None) -> Node:
        cursor = self._cursor
        function = self._grammar.encoding(is_local=True)
        cursor.expect("E")
        if cursor.accept("s"):
            self._discriminator()
            return Scoped(function, Text("string literal"))
        if cursor.accept("d"):
            number = self._grammar.optional_number() + 1
            return Scoped(Scoped(function, Text(f"{{default arg#{number}}}")), self.name(traits))
        inner = self.name(traits)
        self._discriminator()
        return Scoped(function, inner)

    def _discriminator(self) -> None:
        if self._cursor.accept("__"):
            self._cursor.digits()
            self._cursor.expect("_")
        elif self._cursor.accept("_"):
            self._cursor.take()


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
