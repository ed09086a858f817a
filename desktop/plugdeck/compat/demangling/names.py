"""The rules for C++ names of several parts: scopes, template arguments, local things, substitutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugdeck.compat.demangling.name_parts import NameTraits
from plugdeck.compat.demangling.reading import NotMangledError
from plugdeck.compat.demangling.spelling import Node, Scoped, Template, Text
from plugdeck.compat.demangling.tables import (
    ABBREVIATIONS,
    QUALIFIERS,
    REFERENCES,
    WHOLE_ABBREVIATIONS,
)

if TYPE_CHECKING:
    from plugdeck.compat.demangling.itanium import Grammar

_STD = Text("std")


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
                found = self._grammar.parts.unqualified(_STD if is_std else None, traits)
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
                return self._grammar.remember(self._grammar.parts.tagged(node))
            return node
        number = self._grammar.sequence_number()
        if number >= len(self._grammar.substitutions):
            raise NotMangledError("a substitution stands for nothing")
        return self._grammar.substitutions[number]

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
        return self._grammar.parts.unqualified(scope, traits), True

    def _first_scope(self) -> tuple[Node, bool] | None:
        cursor = self._cursor
        if cursor.accept("St"):
            return _STD, False
        if cursor.peek() == "S":
            return self.substitution(), False
        if cursor.peek() == "T":
            return self._grammar.types.template_parameter(), True
        return (self._grammar.types.decltype(), True) if cursor.peek(2) in ("Dt", "DT") else None

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
