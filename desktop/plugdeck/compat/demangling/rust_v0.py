"""Rust's names since RFC 2603 («v0»): ``_R…``. Hashes of crates and types of constants are left out, as rustc does."""

from __future__ import annotations

from collections.abc import Callable

from plugdeck.compat.demangling.reading import MOST_OUTPUT, Cursor, NotMangledError

_BASE_62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
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
_SIGNED, _UNSIGNED = "aslxni", "htmyoj"


def spell_rust(name: str) -> str:
    """What ``_R…`` stands for.

    Raises:
        NotMangledError: it follows no rule of this grammar, or goes over a bound.
    """
    body = name.removeprefix("_R").partition(".")[0]
    if not body.isascii() or not body[:1].isupper():
        raise NotMangledError("it is not the version of names that is known")
    reader = _Reader(body)
    text = reader.path(in_value=True)
    if not reader.cursor.is_at_end:
        reader.path(in_value=False)  # the crate that needed this instance
    if not reader.cursor.is_at_end:
        raise NotMangledError("something follows the name")
    return text


class _Reader:
    """Reads and spells in one go; what is referred to is read again."""

    def __init__(self, text: str) -> None:
        self.cursor = Cursor(text)
        self._lifetimes = 0
        self._written = 0

    def path(self, *, in_value: bool) -> str:
        with self.cursor.nested():
            return self._checked(self._path(in_value))

    def type(self) -> str:
        with self.cursor.nested():
            return self._checked(self._type())

    def _checked(self, text: str) -> str:
        self._written += len(text)
        if len(text) > MOST_OUTPUT or self._written > 50 * MOST_OUTPUT:
            raise NotMangledError("the name stands for too much")
        return text

    def _path(self, in_value: bool) -> str:  # noqa: PLR0911 - one return a rule
        match self.cursor.take():
            case "C":
                self._disambiguator()
                return self._identifier()
            case "N":
                return self._nested(in_value)
            case "M":
                self._implementation()
                return f"<{self.type()}>"
            case "X":
                self._implementation()
                return f"<{self.type()} as {self.path(in_value=False)}>"
            case "Y":
                return f"<{self.type()} as {self.path(in_value=False)}>"
            case "I":
                path = self.path(in_value=in_value)
                return f"{path}{'::' if in_value else ''}<{', '.join(self._until_end(self._argument))}>"
            case "B":
                return self._again(lambda: self.path(in_value=in_value))
        raise NotMangledError("there is no such path")

    def _nested(self, in_value: bool) -> str:
        space = self.cursor.take()
        outer = self.path(in_value=in_value)
        number = self._disambiguator()
        name = self._identifier()
        if space.isupper():
            kind = {"C": "closure", "S": "shim"}.get(space, space)
            return f"{outer}::{{{kind}{f':{name}' if name else ''}#{number}}}"
        if not space.islower():
            raise NotMangledError("there is no such namespace")
        return f"{outer}::{name}" if name else outer

    def _implementation(self) -> None:
        self._disambiguator()
        self.path(in_value=False)

    def _argument(self) -> str:
        if self.cursor.accept("L"):
            return self._lifetime(self._base_62())
        return self._constant() if self.cursor.accept("K") else self.type()

    def _type(self) -> str:  # noqa: PLR0911 - one return a rule
        cursor, letter = self.cursor, self.cursor.peek()
        if letter in _BASIC_TYPES and letter:
            return _BASIC_TYPES[cursor.take()]
        if letter in ("C", "N", "M", "X", "Y", "I"):
            return self.path(in_value=False)
        match cursor.take():
            case "A":
                return f"[{self.type()}; {self._constant()}]"
            case "S":
                return f"[{self.type()}]"
            case "T":
                elements = self._until_end(self.type)
                return f"({', '.join(elements)}{',' if len(elements) == 1 else ''})"
            case "R" | "Q" as kind:
                number = self._base_62() if cursor.accept("L") else 0
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
                return self._again(self.type)
        raise NotMangledError("there is no such type")

    def _function(self) -> str:
        cursor = self.cursor
        words = "unsafe " if cursor.accept("U") else ""
        if cursor.accept("K"):
            convention = "C" if cursor.accept("C") else self._identifier().replace("_", "-")
            words += f'extern "{convention}" '
        parameters = ", ".join(self._until_end(self.type))
        result = "" if cursor.accept("u") else f" -> {self.type()}"
        return f"{words}fn({parameters}){result}"

    def _object(self) -> str:
        text = "dyn " + self._bound(lambda: " + ".join(self._until_end(self._trait)))
        self.cursor.expect("L")
        number = self._base_62()
        return f"{text} + {self._lifetime(number)}" if number else text

    def _trait(self) -> str:
        path = self.path(in_value=False)
        bindings = []
        while self.cursor.accept("p"):
            name = self._identifier()
            bindings.append(f"{name} = {self._constant() if self.cursor.accept('K') else self.type()}")
        if not bindings:
            return path
        return f"{path[:-1]}, {', '.join(bindings)}>" if path.endswith(">") else f"{path}<{', '.join(bindings)}>"

    def _bound(self, inner: Callable[[], str]) -> str:
        count = self._base_62() + 1 if self.cursor.accept("G") else 0
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
        cursor = self.cursor
        if cursor.accept("R"):
            return f"{self._constant()}..={self._constant()}"
        cursor.expect("O")
        return " | ".join(self._until_end(self._pattern))

    def _constant(self) -> str:
        with self.cursor.nested():
            return self._checked(self._plain_constant())

    def _plain_constant(self) -> str:  # noqa: PLR0911 - one return a rule
        cursor, letter = self.cursor, self.cursor.take()
        if letter == "B":
            return self._again(self._constant)
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
                return f"&{'mut ' if letter == 'Q' else ''}{self._constant()}"
            case "A":
                return f"[{', '.join(self._until_end(self._constant))}]"
            case "T":
                elements = self._until_end(self._constant)
                return f"({', '.join(elements)}{',' if len(elements) == 1 else ''})"
            case "V":
                return self._structure()
        raise NotMangledError("there is no such constant")

    def _structure(self) -> str:
        kind = self.cursor.take()
        path = self.path(in_value=True)
        if kind == "U":
            return path
        if kind == "T":
            return f"{path}({', '.join(self._until_end(self._constant))})"
        if kind != "S":
            raise NotMangledError("there is no such constant")
        return f"{path} {{ {', '.join(self._until_end(self._field))} }}"

    def _field(self) -> str:
        self._disambiguator()
        return f"{self._identifier()}: {self._constant()}"

    def _hexadecimal(self) -> str:
        digits = ""
        while not self.cursor.accept("_"):
            digits += self.cursor.take()
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

    def _until_end(self, item: Callable[[], str]) -> list[str]:
        items = []
        while not self.cursor.accept("E"):
            items.append(item())
        return items

    def _again(self, read: Callable[[], str]) -> str:
        """What stands at an earlier position, which must be earlier: a reference to itself never ends."""
        here = self.cursor.position - 1
        target = self._base_62()
        after = self.cursor.position
        if target >= here:
            raise NotMangledError("a reference does not point back")
        self.cursor.position = target
        text = read()
        self.cursor.position = after
        return text

    def _disambiguator(self) -> int:
        return self._base_62() + 1 if self.cursor.accept("s") else 0

    def _base_62(self) -> int:
        if self.cursor.accept("_"):
            return 0
        number = 0
        while not self.cursor.accept("_"):
            digit = _BASE_62.find(self.cursor.take())
            if digit < 0 or number > 1 << 64:
                raise NotMangledError("a number is missing")
            number = number * 62 + digit
        return number + 1

    def _identifier(self) -> str:
        is_encoded = self.cursor.accept("u")
        length = 0 if self.cursor.accept("0") else self.cursor.number()
        self.cursor.accept("_")
        text = self.cursor.take(length)
        return _decoded(text) if is_encoded else text


def _decoded(text: str) -> str:
    """Punycode, with an underscore in the place of its last hyphen."""
    head, _, tail = text.rpartition("_")
    try:
        return f"{head}-{tail}".removeprefix("-").encode().decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        return f"punycode{{{text}}}"
