"""Rust's names since RFC 2603 («v0»): ``_R…``. Hashes of crates and types of constants are left out, as rustc does."""

from __future__ import annotations

from plugdeck.compat.demangling.reading import MOST_OUTPUT, NotMangledError
from plugdeck.compat.demangling.rust_constants import Constants
from plugdeck.compat.demangling.rust_cursor import RustCursor
from plugdeck.compat.demangling.rust_types import Types


def spell_rust(name: str) -> str:
    """What ``_R…`` stands for.

    Raises:
        NotMangledError: it follows no rule of this grammar, or goes over a bound.
    """
    body = name.removeprefix("_R").partition(".")[0]
    if not body.isascii() or not body[:1].isupper():
        raise NotMangledError("it is not the version of names that is known")
    grammar = Grammar(body)
    text = grammar.path(in_value=True)
    if not grammar.cursor.is_at_end:
        grammar.path(in_value=False)  # the crate that needed this instance
    if not grammar.cursor.is_at_end:
        raise NotMangledError("something follows the name")
    return text


class Grammar:
    """The rules, which call each other in every direction; what is referred to is read again."""

    def __init__(self, text: str) -> None:
        self.cursor = RustCursor(text)
        self.types = Types(self)
        self.constants = Constants(self)
        self._written = 0

    def path(self, *, in_value: bool) -> str:
        """The name of something, spelled as in a value (``a::<b>``) or as in a type (``a<b>``)."""
        with self.cursor.nested():
            return self.checked(self._path(in_value))

    def checked(self, text: str) -> str:
        """The text, where the name does not stand for too much by now."""
        self._written += len(text)
        if len(text) > MOST_OUTPUT or self._written > 50 * MOST_OUTPUT:
            raise NotMangledError("the name stands for too much")
        return text

    def _path(self, in_value: bool) -> str:  # noqa: PLR0911 - one return a rule
        match self.cursor.take():
            case "C":
                self.cursor.disambiguator()
                return self.cursor.identifier()
            case "N":
                return self._nested(in_value)
            case "M":
                self._implementation()
                return f"<{self.types.type()}>"
            case "X":
                self._implementation()
                return f"<{self.types.type()} as {self.path(in_value=False)}>"
            case "Y":
                return f"<{self.types.type()} as {self.path(in_value=False)}>"
            case "I":
                path = self.path(in_value=in_value)
                return f"{path}{'::' if in_value else ''}<{', '.join(self.cursor.until_end(self.types.argument))}>"
            case "B":
                return self.cursor.again(lambda: self.path(in_value=in_value))
        raise NotMangledError("there is no such path")

    def _nested(self, in_value: bool) -> str:
        space = self.cursor.take()
        outer = self.path(in_value=in_value)
        number = self.cursor.disambiguator()
        name = self.cursor.identifier()
        if space.isupper():
            kind = {"C": "closure", "S": "shim"}.get(space, space)
            return f"{outer}::{{{kind}{f':{name}' if name else ''}#{number}}}"
        if not space.islower():
            raise NotMangledError("there is no such namespace")
        return f"{outer}::{name}" if name else outer

    def _implementation(self) -> None:
        self.cursor.disambiguator()
        self.path(in_value=False)
