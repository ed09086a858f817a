"""The rules for constants in Rust's names: arguments of generics, and the lengths of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugdeck.compat.demangling.reading import NotMangledError

if TYPE_CHECKING:
    from plugdeck.compat.demangling.rust_v0 import Grammar

_SIGNED, _UNSIGNED = "aslxni", "htmyoj"


class Constants:
    """Reads and spells them in one go; their types are left out, as rustc does."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._cursor = grammar.cursor

    def constant(self) -> str:
        """Any constant, spelled."""
        with self._cursor.nested():
            return self._grammar.checked(self._plain())

    def _plain(self) -> str:  # noqa: PLR0911 - one return a rule
        cursor, letter = self._cursor, self._cursor.take()
        if letter == "B":
            return cursor.again(self.constant)
        if letter in _SIGNED:
            return f"{'-' if cursor.accept('n') else ''}{self._digits()}"
        if letter in _UNSIGNED:
            return str(self._digits())
        match letter:
            case "p":
                return "_"
            case "b":
                return {0: "false", 1: "true"}.get(self._digits()) or "_"
            case "c":
                code = self._digits()
                return repr(chr(code)) if code < 0x110000 else "_"
            case "e":
                return self._text()
            case "R" | "Q":
                if letter == "R" and cursor.accept("e"):
                    return self._text()
                return f"&{'mut ' if letter == 'Q' else ''}{self.constant()}"
            case "A":
                return f"[{', '.join(cursor.until_end(self.constant))}]"
            case "T":
                return cursor.tuple_until_end(self.constant)
            case "V":
                return self._structure()
        raise NotMangledError("there is no such constant")

    def _structure(self) -> str:
        kind = self._cursor.take()
        path = self._grammar.path(in_value=True)
        if kind == "U":
            return path
        if kind == "T":
            return f"{path}({', '.join(self._cursor.until_end(self.constant))})"
        if kind != "S":
            raise NotMangledError("there is no such constant")
        return f"{path} {{ {', '.join(self._cursor.until_end(self._field))} }}"

    def _field(self) -> str:
        self._cursor.disambiguator()
        return f"{self._cursor.identifier()}: {self.constant()}"

    def _hexadecimal(self) -> str:
        digits = ""
        while not self._cursor.accept("_"):
            digits += self._cursor.take()
        if digits.strip("0123456789abcdef"):
            raise NotMangledError("a constant is missing")
        return digits

    def _digits(self) -> int:
        digits = self._hexadecimal()
        if len(digits) > 32:
            raise NotMangledError("a constant is too large")
        return int(digits or "0", 16)

    def _text(self) -> str:
        digits = self._hexadecimal()
        if len(digits) % 2:
            raise NotMangledError("a text is damaged")
        text = bytes.fromhex(digits).decode("utf-8", "replace").replace("\\", "\\\\").replace('"', '\\"')
        return f'"{text}"'
