"""``.go.buildinfo``: which toolchain, modules and settings made a file (Go's ``debug/buildinfo``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from plugdeck.binary.source import damaged
from plugdeck.dialects.go.facts import BuildInfo, GoModule
from plugdeck.dialects.go.image import MAX_TEXT_BYTES, GoImage

MAX_INFO_BYTES = 1024 * 1024
"""Of all modules and settings; programs with a thousand modules have a tenth of that."""

MAX_LINE = 4096
SECTION = ".go.buildinfo"
_MAGIC = b"\xff Go buildinf:"
_HEAD_BYTES, _ALIGNMENT = 32, 16
_STRINGS_FOLLOW = 2
_FRAME_BYTES = 16
"""Marks before and after the modules, by which they are found in memory."""

_MOST_CANDIDATES = 4
_TOOLCHAIN = re.compile(r"(?:go|devel)[\x20-\x7e]{1,100}")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`')
_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def read_build_info(image: GoImage) -> BuildInfo | None:
    """The build information; None for a file without it.

    Raises:
        BinaryFormatError: it is there, and damaged.
    """
    for address in islice(_addresses(image), _MOST_CANDIDATES):
        head = image.read(address, _HEAD_BYTES, "the build information")
        toolchain, modules = _inline(image, address) if head[15] & _STRINGS_FOLLOW else _pointed(image, address)
        if _TOOLCHAIN.fullmatch(toolchain):
            return parse_build_info(toolchain, _unframed(modules))
    return None


def _addresses(image: GoImage) -> Iterator[int]:
    """Where it may begin: in the section of its name; without sections, in writable memory."""
    for section in image.sections():
        if section.name == SECTION and section.address and section.size_bytes >= _HEAD_BYTES:
            data = image.read_up_to(section.address, _HEAD_BYTES, "the build information")
            if data.startswith(_MAGIC):
                yield section.address
                return
    yield from image.places_of_bytes(_MAGIC, _ALIGNMENT)


def _inline(image: GoImage, address: int) -> tuple[str, str]:
    """Since Go 1.18: two strings behind the head, each after its length."""
    data = image.read_up_to(address, MAX_INFO_BYTES, "the build information")
    toolchain, end = _counted(data, _HEAD_BYTES)
    modules, _ = _counted(data, end)
    return toolchain, modules


def _counted(data: bytes, position: int) -> tuple[str, int]:
    """A string after its length, which is a varint, and where it ends."""
    length = shift = 0
    while True:
        if position >= len(data) or shift > 28:
            raise damaged("A length in the build information does not end")
        byte = data[position]
        length |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            break
    if position + length > len(data):
        raise damaged("The build information is cut off, or too long")
    return data[position : position + length].decode("utf-8", "surrogateescape"), position + length


def _pointed(image: GoImage, address: int) -> tuple[str, str]:
    """Before Go 1.18: pointers to two Go strings."""
    texts = []
    for pointer in image.words(address + 16, 2, "the build information"):
        start, length = image.words(pointer, 2, "the build information")
        if length > MAX_TEXT_BYTES:
            raise damaged("The build information is too long")
        data = image.read(start, length, "the build information") if length else b""
        texts.append(data.decode("utf-8", "surrogateescape"))
    return texts[0], texts[1]


def _unframed(modules: str) -> str:
    """Without the marks around it, which are no UTF-8."""
    data = modules.encode("utf-8", "surrogateescape")
    if len(data) <= 2 * _FRAME_BYTES or data[-_FRAME_BYTES - 1] != ord("\n"):
        return ""
    return data[_FRAME_BYTES:-_FRAME_BYTES].decode("utf-8", "surrogateescape")


def parse_build_info(toolchain: str, text: str) -> BuildInfo:
    """The information from its lines: a word, a tab, and what it says; unknown words are left out."""
    package, main, modules, settings = "", None, list[GoModule](), dict[str, str]()
    last_is_main = False
    for line in text.split("\n"):
        word, _, rest = line[:MAX_LINE].partition("\t")
        fields = rest.split("\t")
        if word == "path":
            package = rest
        elif word == "mod":
            main, last_is_main = _module(fields), True
        elif word == "dep":
            modules.append(_module(fields))
            last_is_main = False
        elif word == "=>" and last_is_main and main:
            main = main._replace(replacement=_module(fields))
        elif word == "=>" and modules:
            modules[-1] = modules[-1]._replace(replacement=_module(fields))
        elif word == "build":
            key, value = _setting(rest)
            settings[key] = value
    return BuildInfo(toolchain, package, main, tuple(modules), settings)


def _module(fields: list[str]) -> GoModule:
    path, version, check = (*fields, "", "")[:3]
    return GoModule(path, version, check)


def _setting(text: str) -> tuple[str, str]:
    """``key=value``, either of them in quotes where it has blanks."""
    quoted = _QUOTED.match(text)
    end = quoted.end() if quoted else text.find("=")
    key, value = (text[:end], text[end + 1 :]) if end >= 0 else (text, "")
    return _unquoted(key), _unquoted(value)


def _unquoted(text: str) -> str:
    if not _QUOTED.fullmatch(text):
        return text
    return text[1:-1] if text[0] == "`" else _ESCAPE.sub(_unescaped, text[1:-1])


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) == 1:
        return _ESCAPES.get(code, code)
    number = int(code[1:], 16)
    return chr(number) if number < 0x11_0000 else match[0]
