"""What stands between the rules of Rust's names: numbers, identifiers, lists, and references to what was before."""

from __future__ import annotations

from collections.abc import Callable

from plugdeck.compat.demangling.reading import Cursor, NotMangledError

_BASE_62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class RustCursor(Cursor):
    """Where in the name the reading is."""

    def until_end(self, item: Callable[[], str]) -> list[str]:
        """Items up to their ``E``."""
        items = []
        while not self.accept("E"):
            items.append(item())
        return items

    def tuple_until_end(self, item: Callable[[], str]) -> str:
        """Items up to their ``E`` as Rust writes a tuple: ``(a,)`` for one alone."""
        items = self.until_end(item)
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"

    def again(self, read: Callable[[], str]) -> str:
        """What stands at an earlier position, which must be earlier: a reference to itself never ends."""
        here = self.position - 1
        target = self.base_62()
        after = self.position
        if target >= here:
            raise NotMangledError("a reference does not point back")
        self.position = target
        text = read()
        self.position = after
        return text

    def disambiguator(self) -> int:
        """``s_`` is 1, ``s0_`` is 2; 0 where there is none."""
        return self.base_62() + 1 if self.accept("s") else 0

    def base_62(self) -> int:
        """``_`` is 0, ``0_`` is 1, ``Z_`` is 62."""
        if self.accept("_"):
            return 0
        number = 0
        while not self.accept("_"):
            digit = _BASE_62.find(self.take())
            if digit < 0 or number > 1 << 64:
                raise NotMangledError("a number is missing")
            number = number * 62 + digit
        return number + 1

    def identifier(self) -> str:
        """``3foo``, or ``u`` and punycode."""
        is_encoded = self.accept("u")
        length = 0 if self.accept("0") else self.number()
        self.accept("_")
        text = self.take(length)
        return _decoded(text) if is_encoded else text


def _decoded(text: str) -> str:
    """Punycode, with an underscore in the place of its last hyphen."""
    head, _, tail = text.rpartition("_")
    try:
        return f"{head}-{tail}".removeprefix("-").encode().decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        return f"punycode{{{text}}}"
