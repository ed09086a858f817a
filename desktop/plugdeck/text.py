"""Text from files that anybody may have made: shortened, and nothing in it can hide or turn what is around it."""

from __future__ import annotations

import unicodedata

# Joiners that scripts and emoji need; every other format character (bidirectional marks among them) is shown.
_HARMLESS_FORMAT = {"\u200c", "\u200d"}
_SHOWN_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def visible(text: str, limit: int | None = None) -> str:
    """``text`` on one line, with control, bidirectional and undecodable characters spelled out.

    Longer text than ``limit`` characters is cut and ends in an ellipsis.

    A newline becomes ``␊``, a right-to-left override ``⟨U+202E⟩``, and the byte 0xFF that is no UTF-8 ``⟨FF⟩``.
    """
    cut = text if limit is None else text[: limit + 1]
    if not (cut.isascii() and cut.isprintable()):
        cut = "".join(map(_visible_character, cut))
    return cut if limit is None or len(cut) <= limit else cut[: limit - 1] + "…"


def _visible_character(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0xDC80 <= code <= 0xDCFF:
        return f"⟨{code - 0xDC00:02X}⟩"
    if unicodedata.category(character) in _SHOWN_CATEGORIES and character not in _HARMLESS_FORMAT:
        return f"⟨U+{code:04X}⟩"
    return character
