"""The rules for types in Rust's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from plugdeck.compat.demangling.reading import NotMangledError

if TYPE_CHECKING:
    from plugdeck.compat.demangling.rust_v0 import Grammar

_BASIC_TYPES = {
    "a": "i8",
    "b": "bool",
    "c": "char",
    "d": "f64",
    "e": "str",
    "f": "f32",
    "h": "u8",
    "i": "isize",
    "j": "usize",
    "l": "i32",
    "m": "u32",
    "n": "i128",
    "o": "u128",
    "p": "_",
    "s": "i16",
    "t": "u16",
    "u": "()",
    "v": "...",
    "x": "i64",
    "y": "u64",
    "z": "!",
}


class Types:
    """Reads and spells them in one go."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._cursor = grammar.cursor
        self._lifetimes = 0
        """How many are bound where the reading is."""

    def type(self) -> str:
        """Any type, spelled."""
        with self._cursor.nested():
            return self._grammar.checked(self._type())

    def argument(self) -> str:
        """A generic argument: a lifetime, a constant or a type."""
        if self._cursor.accept("L"):
            return self._lifetime(self._cursor.base_62())
        return self._grammar.constants.constant() if self._cursor.accept("K") else self.type()

    def _type(self) -> str:  # noqa: PLR0911 - one return a rule
        cursor, letter = self._cursor, self._cursor.peek()
        if letter in _BASIC_TYPES and letter:
            return _BASIC_TYPES[cursor.take()]
        if letter in ("C", "N", "M", "X", "Y", "I"):
            return self._grammar.path(in_value=False)
        match cursor.take():
            case "A":
                return f"[{self.type()}; {self._grammar.constants.constant()}]"
            case "S":
                return f"[{self.type()}]"
            case "T":
                return cursor.tuple_until_end(self.type)
            case "R" | "Q" as kind:
                number = cursor.base_62() if cursor.accept("L") else 0
                lifetime = f"{self._lifetime(number)} " if number else ""
                return f"&{lifetime}{'mut ' if kind == 'Q' else ''}{self.type()}"
            case "P":
                return f"*const {self.type()}"
            case "O":
                return f"*mut {self.type()}"
            case "F":
                return self._bound(self._function)
            case "D":
                return self._object()
            case "W":
                return f"{self.type()} is {self._pattern()}"
            case "B":
                return cursor.again(self.type)
        raise NotMangledError("there is no such type")

    def _function(self) -> str:
        cursor = self._cursor
        words = "unsafe " if cursor.accept("U") else ""
        if cursor.accept("K"):
            convention = "C" if cursor.accept("C") else self._cursor.identifier().replace("_", "-")
            words += f'extern "{convention}" '
        parameters = ", ".join(self._cursor.until_end(self.type))
        result = "" if cursor.accept("u") else f" -> {self.type()}"
        return f"{words}fn({parameters}){result}"

    def _object(self) -> str:
        text = "dyn " + self._bound(lambda: " + ".join(self._cursor.until_end(self._trait)))
        self._cursor.expect("L")
        number = self._cursor.base_62()
        return f"{text} + {self._lifetime(number)}" if number else text

    def _trait(self) -> str:
        path = self._grammar.path(in_value=False)
        bindings = []
        while self._cursor.accept("p"):
            name = self._cursor.identifier()
            bindings.append(
                f"{name} = {self._grammar.constants.constant() if self._cursor.accept('K') else self.type()}"
            )
        if not bindings:
            return path
        return f"{path[:-1]}, {', '.join(bindings)}>" if path.endswith(">") else f"{path}<{', '.join(bindings)}>"

    def _bound(self, inner: Callable[[], str]) -> str:
        count = self._cursor.base_62() + 1 if self._cursor.accept("G") else 0
        if count > 100:
            raise NotMangledError("there are too many lifetimes")
        self._lifetimes += count
        names = ", ".join(self._lifetime(count - each) for each in range(count))
        text = inner()
        self._lifetimes -= count
        return f"for<{names}> {text}" if names else text

    def _lifetime(self, number: int) -> str:
        if number == 0:
            return "'_"
        depth = self._lifetimes - number
        if depth < 0:
            raise NotMangledError("a lifetime is bound by nothing")
        return f"'{chr(ord('a') + depth)}" if depth < 26 else f"'_{depth}"

    def _pattern(self) -> str:
        cursor = self._cursor
        if cursor.accept("R"):
            return f"{self._grammar.constants.constant()}..={self._grammar.constants.constant()}"
        cursor.expect("O")
        return " | ".join(self._cursor.until_end(self._pattern))
