"""C types as text, spelled in one way, so that equal ones compare equal without a C parser.

Good enough for the fixed types of interfaces; what the caller of a symbol expects is compared by the C parser
when the symbol is bound.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|\S")
_KEYWORDS = {"char", "short", "int", "long", "float", "double", "signed", "unsigned", "void", "_Bool"}
_QUALIFIERS = {"const", "volatile", "restrict", "__restrict"}
_DROPPED = {"struct", "enum", "union", "extern", "restrict", "__restrict"}


def same_type(left: str, right: str) -> bool:
    """Whether two C types differ at most in white space, parameter names and the order of qualifiers."""
    return normalised(left) == normalised(right)


def normalised(c_type: str) -> str:
    """The type without parameter names: ``int(const pd_image*,pd_image*)``."""
    result, opening, rest = c_type.partition("(")
    if not opening:
        return _plain(result)
    if not rest.rstrip().endswith(")") or "(" in rest:
        return "".join(_TOKEN.findall(c_type))  # pointers to functions: only white space is levelled
    parameters = rest.rstrip()[:-1].split(",")
    return f"{_plain(result)}({','.join(_plain(parameter) for parameter in parameters)})"


def _plain(text: str) -> str:
    """One type without function parentheses; a name behind it is dropped."""
    words: list[str] = []
    rest: list[str] = []
    for token in _TOKEN.findall(text):
        if token in _DROPPED:
            continue
        (words if not rest and token != "*" else rest).append(token)
    if rest:
        rest = rest[: len(rest) - rest[::-1].index("*")] if _ends_in_name(rest) else rest
    elif len(words) > 1 and words[-1] not in _KEYWORDS | _QUALIFIERS and _names_a_type(words[:-1]):
        words.pop()
    qualifiers = sorted(word for word in words if word in _QUALIFIERS)
    return " ".join([*qualifiers, *(word for word in words if word not in _QUALIFIERS)]) + "".join(rest)


def _ends_in_name(tokens: list[str]) -> bool:
    """Whether only qualifiers and a parameter's name follow the last asterisk."""
    after = tokens[len(tokens) - tokens[::-1].index("*") :]
    return all(re.fullmatch(r"[A-Za-z_]\w*", token) for token in after)


def _names_a_type(words: list[str]) -> bool:
    return any(word not in _QUALIFIERS for word in words)
