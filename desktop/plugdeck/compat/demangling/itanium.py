"""C++ names of GCC and Clang, after the Itanium C++ ABI, chapter 5.1 «External Names (a.k.a. Mangling)»."""

from __future__ import annotations

import re

from plugdeck.compat.demangling.expressions import Expressions
from plugdeck.compat.demangling.name_parts import NameParts, NameTraits
from plugdeck.compat.demangling.names import Names
from plugdeck.compat.demangling.reading import Cursor, NotMangledError
from plugdeck.compat.demangling.spelling import Forward, Node, Sequence, Spelling, Text
from plugdeck.compat.demangling.tables import SPECIAL_NAMES
from plugdeck.compat.demangling.type_spelling import Encoding
from plugdeck.compat.demangling.types import Types

_BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CLONE = re.compile(r"(?:\.[A-Za-z_]+|\.\d+)")


def spell_itanium(name: str) -> str:
    """What ``_Z…`` stands for.

    Raises:
        NotMangledError: it follows no rule of this grammar, or goes over a bound.
    """
    grammar = Grammar(name)
    grammar.cursor.expect("_Z")
    node = grammar.encoding()
    text = Spelling().of(node)
    rest = grammar.cursor.rest
    if rest and not _CLONE.match(rest):
        raise NotMangledError("something follows the name")
    return f"{text} [clone {rest}]" if rest else text


class Grammar:
    """The rules, which call each other in every direction, and what they share: the parts that were met before."""

    def __init__(self, text: str) -> None:
        self.cursor = Cursor(text)
        self.substitutions: list[Node] = []
        self.arguments: tuple[Node, ...] | None = None
        """The template arguments that ``T_`` means here; None as long as they are not read."""
        self.forwards: list[Forward] = []
        self.lambda_depth = 0
        self.is_in_conversion = False
        """Arguments behind ``T_`` are the operator's there, and not those of what ``T_`` stands for."""
        self.parts = NameParts(self)
        self.names = Names(self)
        self.types = Types(self)
        self.expressions = Expressions(self)

    def encoding(self, *, is_local: bool = False) -> Node:
        """A function or a variable, or something special that belongs to one."""
        with self.cursor.nested():
            special = self._special()
            if special is not None:
                return special
            outside, self.arguments = self.arguments, None
            traits = NameTraits()
            name = self.names.name(traits)
            node = name if self._is_at_its_end() else self._function(name, traits, is_local=is_local)
            self._resolve_forwards()
            self.arguments = (self.arguments or outside) if is_local else outside
            return node

    def sequence_number(self) -> int:
        """``_`` is 0, ``0_`` is 1, ``Z_`` is 36, as for substitutions."""
        number, digits = 0, 0
        while not self.cursor.accept("_"):
            digit = _BASE_36.find(self.cursor.take())
            digits += 1
            if digit < 0 or digits > 5:
                raise NotMangledError("a sequence number is missing")
            number = number * 36 + digit
        return number + 1 if digits else 0

    def optional_number(self) -> int:
        """``_`` is 0, ``0_`` is 1, in decimal."""
        if self.cursor.accept("_"):
            return 0
        number = self.cursor.number()
        self.cursor.expect("_")
        return number + 1

    def remember(self, node: Node) -> Node:
        """The node, which later substitutions may mean."""
        self.substitutions.append(node)
        return node

    def _function(self, name: Node, traits: NameTraits, *, is_local: bool) -> Node:
        has_result = traits.ends_in_arguments and not traits.is_special
        self._resolve_forwards()
        result = self.types.type() if has_result else None
        parameters = self.types.parameters(self._is_at_its_end)
        return Encoding(name, None if is_local else result, parameters, traits.suffix)

    def _is_at_its_end(self) -> bool:
        return self.cursor.is_at_end or self.cursor.peek() in "E."

    def _resolve_forwards(self) -> None:
        for forward in self.forwards:
            if self.arguments is None or forward.index >= len(self.arguments):
                raise NotMangledError("a template parameter stands for nothing")
            forward.target = self.arguments[forward.index]
        self.forwards.clear()

    def _special(self) -> Node | None:
        cursor = self.cursor
        code = next((code for code in SPECIAL_NAMES if cursor.accept(code)), "")
        if code:
            is_type = code in ("TV", "TT", "TI", "TS", "TF", "TA")
            if code.startswith("GT"):
                return Sequence((SPECIAL_NAMES[code], self.encoding()))
            if code == "TA":
                return Sequence((SPECIAL_NAMES[code], self.types.argument()))
            return Sequence((SPECIAL_NAMES[code], self.types.type() if is_type else self.names.name(NameTraits())))
        if cursor.accept("TC"):
            whole = self.types.type()
            cursor.number()
            cursor.expect("_")
            return Sequence(("construction vtable for ", self.types.type(), "-in-", whole))
        if cursor.accept("GR"):
            name = self.names.name(NameTraits())
            number = 0 if cursor.is_at_end else self.sequence_number()
            return Sequence((f"reference temporary #{number} for ", name))
        return self._thunk()

    def _thunk(self) -> Node | None:
        cursor = self.cursor
        if cursor.accept("Tc"):
            self._call_offset()
            self._call_offset()
            return Sequence(("covariant return thunk to ", self.encoding()))
        if cursor.peek(2) not in ("Th", "Tv"):
            return None
        cursor.take()
        kind = self._call_offset()
        return Sequence((Text(kind), self.encoding()))

    def _call_offset(self) -> str:
        is_virtual = self.cursor.peek() == "v"
        if self.cursor.take() not in "hv":
            raise NotMangledError("an offset is missing")
        for _ in range(2 if is_virtual else 1):
            self.cursor.accept("n")
            self.cursor.digits()
            self.cursor.expect("_")
        return "virtual thunk to " if is_virtual else "non-virtual thunk to "
