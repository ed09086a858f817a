"""Rust's older names, which look like C++: ``_ZN4core3fmt…17h<hash>E``."""

from __future__ import annotations

import re

from plugdeck.compat.demangling.reading import Cursor, NotMangledError

HASH = re.compile(r"17h[0-9a-f]{16}E(?:\.|$)")
"""Ends every such name, and hardly any of C++."""
_ESCAPE = re.compile(r"\$(?:(SP|BP|RF|LT|GT|LP|RP|C)|u([0-9a-f]{1,6}))\$|\.\.|\.")
_WORDS = {"SP": "@", "BP": "*", "RF": "&", "LT": "<", "GT": ">", "LP": "(", "RP": ")", "C": ","}


def spell_rust_legacy(name: str) -> str:
    """The path without its hash.

    Raises:
        NotMangledError: it is no such name.
    """
    cursor = Cursor(name)
    cursor.expect("_ZN")
    parts = []
    while not cursor.accept("E"):
        cursor.step()
        parts.append(cursor.take(cursor.number()))
    if not parts or not re.fullmatch("h[0-9a-f]{16}", parts[-1]) or (cursor.rest and not cursor.rest.startswith(".")):
        raise NotMangledError("the hash is missing")
    return "::".join(map(_plain, parts[:-1]))


def _plain(part: str) -> str:
    part = part[1:] if part.startswith("_$") else part
    return _ESCAPE.sub(_character, part)


def _character(found: re.Match[str]) -> str:
    word, code = found[1], found[2]
    if word:
        return _WORDS[word]
    if code:
        number = int(code, 16)
        return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else found[0]
    return "::" if found[0] == ".." else "."
