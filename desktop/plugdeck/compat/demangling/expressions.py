"""The rules for expressions, which stand in types such as ``decltype (…)`` and in template arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from plugdeck.compat.demangling.reading import NotMangledError
from plugdeck.compat.demangling.spelling import (
    Expansion,
    Listed,
    Node,
    Pack,
    PackParameter,
    Scoped,
    Sequence,
    Template,
    Text,
)
from plugdeck.compat.demangling.tables import (
    BINARY,
    BUILTIN_TYPES,
    CASTS,
    LITERAL_ENDINGS,
    OPERATOR_NAMES,
    TYPE_OPERANDS,
    UNARY,
)

if TYPE_CHECKING:
    from plugdeck.compat.demangling.itanium import Grammar


class Expressions:
    """Rules for expressions."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._cursor = grammar.cursor

    def expression(self) -> Node:
        """``<expression>``."""
        with self._cursor.nested():
            letter, both = self._cursor.peek(), self._cursor.peek(2)
            if letter == "L":
                return self.primary()
            if letter == "T":
                return self._grammar.types.template_parameter()
            if letter.isdigit() or both in ("on", "dn"):
                return self._unresolved()
            if both in ("fp", "fL") and (found := self._function_parameter()):
                return found
            self._cursor.take(2)
            return self._operation(both)

    def primary(self) -> Node:
        """``<expr-primary>``: a literal, or something that has a mangled name itself."""
        cursor, grammar = self._cursor, self._grammar
        cursor.expect("L")
        if cursor.accept("_Z") or cursor.accept("Z"):
            node = grammar.encoding()
            cursor.expect("E")
            return node
        letter = cursor.peek()
        is_builtin = letter in BUILTIN_TYPES
        type_ = grammar.types.type()
        end = cursor.text.find("E", cursor.position)
        if end < 0:
            raise NotMangledError("a literal does not end")
        value = cursor.take(end - cursor.position).replace("n", "-", 1)
        cursor.expect("E")
        if letter == "b" and value in ("0", "1"):
            return Text("true" if value == "1" else "false")
        if is_builtin and letter in LITERAL_ENDINGS:
            return Text(f"{value}{LITERAL_ENDINGS[letter]}")
        return Sequence(("(", type_, ")", f"[{value}]" if letter in "fdeg" else value))

    def _operation(self, code: str) -> Node:
        if code in BINARY:
            return self._binary(code)
        if code in UNARY:
            return self._unary(code)
        if code in TYPE_OPERANDS:
            return Sequence((TYPE_OPERANDS[code], "(", self._grammar.types.type(), ")"))
        if code in CASTS:
            type_ = self._grammar.types.type()
            return Sequence((CASTS[code], "<", type_, ">(", self.expression(), ")"))
        rules: dict[str, Callable[[], Node]] = {
            "cl": self._call,
            "cp": self._call,
            "cv": self._conversion,
            "tl": self._braced,
            "il": lambda: Listed("{", self._until_end(), "}"),
            "qu": self._choice,
            "sr": self._scope_resolution,
            "gs": lambda: Sequence(("::", self.expression())),
            "sp": lambda: Expansion(_wrapped(self.expression())),
            "sZ": self._pack_length,
            "sP": lambda: Text(str(len(self._until_end_of_arguments()))),
            "tr": lambda: Text("throw"),
            "nw": lambda: self._new("new "),
            "na": lambda: self._new("new[] "),
            "fl": lambda: self._fold("(...", ""),
            "fr": lambda: self._fold("", "...)"),
        }
        if code not in rules:
            raise NotMangledError("there is no such expression")
        return rules[code]()

    def _binary(self, code: str) -> Node:
        left, is_member = self.expression(), code in ("dt", "pt")
        right = self._unresolved() if is_member else self.expression()
        if code == "ix":
            return Sequence((_wrapped(left), "[", right, "]"))
        node = Sequence((_wrapped(left), BINARY[code], right if is_member else _wrapped(right)))
        return Sequence(("(", node, ")")) if code == "gt" else node

    def _unary(self, code: str) -> Node:
        is_prefix = code not in ("pp", "mm") or self._cursor.accept("_")
        operand = self.expression()
        if code == "nx":
            return Sequence(("noexcept(", operand, ")"))
        if not is_prefix:
            return Sequence((_wrapped(operand), UNARY[code]))
        return Sequence((UNARY[code], _wrapped(operand)))

    def _call(self) -> Node:
        function = self.expression()
        return Sequence((_wrapped(function), Listed("(", self._until_end(), ")")))

    def _conversion(self) -> Node:
        type_ = self._grammar.types.type()
        if self._cursor.accept("_"):
            return Sequence(("(", type_, ")", Listed("(", self._until_end(), ")")))
        return Sequence(("(", type_, ")", _wrapped(self.expression())))

    def _braced(self) -> Node:
        type_ = self._grammar.types.type()
        return Sequence((type_, Listed("{", self._until_end(), "}")))

    def _choice(self) -> Node:
        condition, yes, no = self.expression(), self.expression(), self.expression()
        return Sequence((_wrapped(condition), "?", _wrapped(yes), " : ", _wrapped(no)))

    def _scope_resolution(self) -> Node:
        if self._cursor.accept("N"):
            scope = self._grammar.types.type()
            while not self._cursor.accept("E"):
                scope = Scoped(scope, self._level())
            return Scoped(scope, self._unresolved())
        if not self._cursor.peek().isdigit():
            return Scoped(self._grammar.types.type(), self._unresolved())
        scope = self._level()
        while not self._cursor.accept("E"):
            scope = Scoped(scope, self._level())
        return Scoped(scope, self._unresolved())

    def _level(self) -> Node:
        name: Node = Text(self._grammar.parts.source_name())
        return self._maybe_template(name)

    def _unresolved(self) -> Node:
        cursor, parts = self._cursor, self._grammar.parts
        if cursor.accept("on"):
            return self._maybe_template(parts.operator())
        if cursor.accept("dn"):
            inner = parts.unqualified(None) if cursor.peek().isdigit() else self._grammar.types.type()
            return Sequence(("~", self._maybe_template(inner)))
        if cursor.peek().isdigit():
            return self._maybe_template(parts.unqualified(None))
        if cursor.peek(2) in OPERATOR_NAMES or cursor.peek(2) == "cv":
            return self._maybe_template(parts.operator())
        return self.expression()

    def _maybe_template(self, node: Node) -> Node:
        return Template(node, self._grammar.names.arguments()) if self._cursor.peek() == "I" else node

    def _function_parameter(self) -> Node | None:
        cursor, start = self._cursor, self._cursor.position
        if cursor.accept("fpT"):
            return Text("this")
        if cursor.accept("fL"):
            if not cursor.peek().isdigit():
                cursor.position = start
                return None
            cursor.digits()
            cursor.expect("p")
        else:
            cursor.expect("fp")
        while cursor.peek() in ("r", "V", "K"):
            cursor.take()
        return Text(f"{{parm#{self._grammar.optional_number() + 1}}}")

    def _pack_length(self) -> Node:
        if self._cursor.peek() == "T":
            found = self._grammar.types.template_parameter()
            if isinstance(found, PackParameter):
                return Text(str(len(found.pack.elements)))
            return Sequence(("sizeof...(", found, ")"))
        return Sequence(("sizeof...(", self.expression(), ")"))

    def _new(self, word: str) -> Node:
        placement = Listed("(", self._until_end("_"), ") ")
        type_ = self._grammar.types.type()
        first = (placement,) if placement.nodes else ()
        if self._cursor.accept("pi"):
            return Sequence((word, *first, type_, Listed("(", self._until_end(), ")")))
        self._cursor.expect("E")
        return Sequence((word, *first, type_))

    def _fold(self, before: str, after: str) -> Node:
        code = self._cursor.take(2)
        if code not in BINARY:
            raise NotMangledError("there is no such operator")
        operand = _wrapped(self.expression())
        if before:
            return Sequence((before, BINARY[code], operand, ")"))
        return Sequence(("(", operand, BINARY[code], after))

    def _until_end(self, end: str = "E") -> tuple[Node, ...]:
        found = []
        while not self._cursor.accept(end):
            found.append(self.expression())
        return tuple(found)

    def _until_end_of_arguments(self) -> tuple[Node, ...]:
        found: list[Node] = []
        while not self._cursor.accept("E"):
            argument = self._grammar.types.argument()
            found.extend(argument.elements if isinstance(argument, Pack) else (argument,))
        return tuple(found)


def _wrapped(node: Node) -> Node:
    """In brackets, unless it is as simple as a name."""
    is_simple = isinstance(node, Scoped | Expansion) or (isinstance(node, Text) and not node.text[:1].isdigit())
    return node if is_simple or isinstance(node, Listed) else Sequence(("(", node, ")"))
