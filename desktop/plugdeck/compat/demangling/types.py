"""The rules for C++ types and template arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from plugdeck.compat.demangling.reading import NotMangledError
from plugdeck.compat.demangling.spelling import (
    Expansion,
    Forward,
    Listed,
    Node,
    Pack,
    PackParameter,
    Sequence,
    Template,
    Text,
)
from plugdeck.compat.demangling.tables import BUILTIN_TYPES, QUALIFIERS, REFERENCES
from plugdeck.compat.demangling.type_spelling import ArrayType, FunctionType, MemberPointer, Pointer, Qualified

if TYPE_CHECKING:
    from plugdeck.compat.demangling.itanium import Grammar

_POINTERS = {"P": "*", "R": "&", "O": "&&"}
_SUFFIXES = {"C": " _Complex", "G": " _Imaginary"}


class Types:
    """Rules for types."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._cursor = grammar.cursor

    def type(self) -> Node:
        """``<type>``."""
        with self._cursor.nested():
            letter, both = self._cursor.peek(), self._cursor.peek(2)
            code = both if both in BUILTIN_TYPES else letter
            if code in BUILTIN_TYPES:
                self._cursor.take(len(code))
                return Text(BUILTIN_TYPES[code])
            if both == "DF":
                return self._float()
            if letter == "S" and both != "St":
                return self._substituted()
            if letter == "T" and both[1:] not in ("s", "u", "e"):
                return self._parameter_type()
            return self._grammar.remember(self._compound(letter, both))

    def parameters(self, is_at_end: Callable[[], bool]) -> tuple[Node, ...]:
        """Types up to an end; a single ``void`` is none."""
        found = []
        while not is_at_end():
            found.append(self.type())
        if not found:
            raise NotMangledError("parameters are missing")
        return () if len(found) == 1 and isinstance(found[0], Text) and found[0].text == "void" else tuple(found)

    def argument(self) -> Node:
        """``<template-arg>``."""
        cursor = self._cursor
        if cursor.accept("X"):
            node = self._grammar.expressions.expression()
            cursor.expect("E")
            return node
        if cursor.peek() == "L":
            return self._grammar.expressions.primary()
        if cursor.peek() in ("J", "I"):
            cursor.take()
            elements = []
            while not cursor.accept("E"):
                elements.append(self.argument())
            return Pack(tuple(elements))
        return self.type()

    def template_parameter(self) -> Node:
        """``T_``: what it stands for, where that is known already."""
        self._cursor.expect("T")
        index = self._grammar.optional_number()
        grammar = self._grammar
        if grammar.lambda_depth:
            return Text(f"auto:{index + 1}")
        if grammar.arguments is None:
            forward = Forward(index)
            grammar.forwards.append(forward)
            return forward
        if index >= len(grammar.arguments):
            raise NotMangledError("a template parameter stands for nothing")
        found = grammar.arguments[index]
        return PackParameter(found) if isinstance(found, Pack) else found

    def decltype(self) -> Node:
        """``Dt … E`` or ``DT … E``."""
        self._cursor.take(2)
        node = Sequence(("decltype (", self._grammar.expressions.expression(), ")"))
        self._cursor.expect("E")
        return node

    def _substituted(self) -> Node:
        node = self._grammar.names.substitution()
        return self._maybe_template(node)

    def _parameter_type(self) -> Node:
        node = self._grammar.remember(self.template_parameter())
        return node if self._grammar.is_in_conversion else self._maybe_template(node)

    def _maybe_template(self, node: Node) -> Node:
        if self._cursor.peek() != "I":
            return node
        return self._grammar.remember(Template(node, self._grammar.names.arguments()))

    def _compound(self, letter: str, both: str) -> Node:  # noqa: PLR0911 - one return a rule
        cursor = self._cursor
        if letter in QUALIFIERS:
            return self._qualified()
        if letter in _POINTERS:
            cursor.take()
            return Pointer(self.type(), _POINTERS[letter])
        if letter in _SUFFIXES:
            cursor.take()
            return Sequence((self.type(), _SUFFIXES[letter]))
        if letter == "F":
            return self._function("")
        if letter == "A":
            return self._array()
        if letter == "M":
            cursor.take()
            owner = self.type()
            return MemberPointer(owner, self.type())
        if letter == "U":
            return self._vendor_qualified()
        if letter == "u":
            cursor.take()
            name = Text(self._grammar.parts.source_name())
            return Template(name, self._grammar.names.arguments()) if cursor.peek() == "I" else name
        if letter == "D":
            return self._extended(both)
        if both in ("Ts", "Tu", "Te"):
            cursor.take(2)
        return self._grammar.names.name()

    def _qualified(self) -> Node:
        words = ""
        while (letter := self._cursor.peek()) in QUALIFIERS:
            self._cursor.take()
            words = QUALIFIERS[letter] + words
        return Qualified(self._function("") if self._cursor.peek() == "F" else self.type(), words)

    def _function(self, suffix: str) -> Node:
        cursor = self._cursor
        cursor.expect("F")
        cursor.accept("Y")
        result = self.type()
        parameters = self.parameters(lambda: cursor.peek() == "E" or cursor.peek(2) in ("RE", "OE"))
        if (letter := cursor.peek()) in REFERENCES:
            cursor.take()
            suffix = REFERENCES[letter] + suffix
        cursor.expect("E")
        return FunctionType(result, parameters, suffix)

    def _array(self) -> Node:
        cursor = self._cursor
        cursor.expect("A")
        length: str | Node = ""
        if cursor.peek().isdigit():
            length = cursor.digits()
        elif cursor.peek() != "_":
            length = self._grammar.expressions.expression()
        cursor.expect("_")
        return ArrayType(self.type(), length)

    def _vendor_qualified(self) -> Node:
        self._cursor.expect("U")
        if self._cursor.peek() in ("t", "l"):
            self._cursor.position -= 1
            return self._grammar.names.name()
        word = self._grammar.parts.source_name()
        arguments = self._grammar.names.arguments() if self._cursor.peek() == "I" else ()
        return Sequence((self.type(), f" {word}", *((Listed("<", arguments, ">"),) if arguments else ())))

    def _extended(self, both: str) -> Node:
        """The types that begin with D."""
        cursor = self._cursor
        if both in ("Dt", "DT"):
            return self.decltype()
        cursor.take(2)
        match both:
            case "Dp":
                return Expansion(self.type())
            case "Do":
                return self._function(" noexcept")
            case "DO":
                condition = self._grammar.expressions.expression()
                cursor.expect("E")
                return Sequence((self._function(""), " noexcept(", condition, ")"))
            case "Dx":
                return self._function("")
            case "Dv":
                return self._vector()
        raise NotMangledError("there is no such type")

    def _float(self) -> Node:
        self._cursor.expect("DF")
        bits = self._cursor.digits()
        if self._cursor.accept("b"):
            return Text("std::bfloat16_t")
        ending = "x" if self._cursor.accept("x") else ""
        if not ending:
            self._cursor.expect("_")
        return Text(f"_Float{bits}{ending}")

    def _vector(self) -> Node:
        cursor = self._cursor
        length: Node = Text("")
        if cursor.peek().isdigit():
            length = Text(cursor.digits())
        elif cursor.accept("_"):
            length = self._grammar.expressions.expression()
        cursor.expect("_")
        return Sequence((self.type(), " __vector(", length, ")"))
