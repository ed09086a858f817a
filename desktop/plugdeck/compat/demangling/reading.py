"""A mangled name, read from left to right, with bounds: a name comes from a file that anybody may have made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

MOST_INPUT = 4_000
"""Characters of a name; the longest of a whole system's libraries has 657."""
MOST_OUTPUT = 20_000
"""Characters of what a name stands for; substitutions let a short one stand for terabytes."""
_MOST_STEPS = 20_000
"""Of parsing and spelling: what prints nothing also takes time."""
_MOST_DEPTH = 90
"""Of nesting: some frames of Python each, within an interpreter's limit of 1,000 from wherever this is called."""


class NotMangledError(ValueError):
    """The name does not follow the grammar, or goes over a bound: it is shown as it is."""


class Cursor:
    """Where in the name the reading is."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self._steps = 0
        self._depth = 0

    @property
    def rest(self) -> str:
        """What is not read yet."""
        return self.text[self.position :]

    @property
    def is_at_end(self) -> bool:
        """Whether everything is read."""
        return self.position >= len(self.text)

    def peek(self, count: int = 1) -> str:
        """The next characters, not read yet; fewer at the end."""
        return self.text[self.position : self.position + count]

    def take(self, count: int = 1) -> str:
        """The next characters; there must be that many."""
        taken = self.peek(count)
        if len(taken) < count:
            raise NotMangledError("the name ends early")
        self.position += count
        return taken

    def accept(self, expected: str) -> bool:
        """Whether these characters come next; they are read then."""
        if not self.text.startswith(expected, self.position):
            return False
        self.position += len(expected)
        return True

    def expect(self, expected: str) -> None:
        """Reads these characters, which must come next."""
        if not self.accept(expected):
            raise NotMangledError(f"{expected} is missing")

    def digits(self) -> str:
        """Decimal digits, at least one."""
        start = self.position
        while self.peek() and self.peek() in "0123456789":
            self.position += 1
        if start == self.position:
            raise NotMangledError("a number is missing")
        return self.text[start : self.position]

    def number(self) -> int:
        """A decimal number that is no longer than a length in a name can be."""
        digits = self.digits()
        if len(digits) > 9:
            raise NotMangledError("the number is too large")
        return int(digits)

    @contextmanager
    def nested(self) -> Iterator[None]:
        """One level deeper, while it lasts."""
        self.step()
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise NotMangledError("the name is nested too deeply")
        try:
            yield
        finally:
            self._depth -= 1

    def step(self) -> None:
        """Counts one step; too many end it."""
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise NotMangledError("the name takes too many steps")
