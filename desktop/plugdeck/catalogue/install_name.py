"""What an installed plugin's file is called: ``name-version-hash.so``, from words that nobody has vouched for."""

from __future__ import annotations

import re
import unicodedata

HASH_DIGITS = (8, 16, 64)
"""How many digits of the SHA-256 stand in the name: more only when fewer are taken by another content."""

_NAME_BYTES = 96
_VERSION_BYTES = 48
_INVISIBLE = ("Cc", "Cf", "Cs", "Cn", "Co")
_EDGES = ".-_~"


def file_name(name: str, version: str, sha256: str, digits: int = HASH_DIGITS[0]) -> str:
    """``sepia-1.0.0-9f86d081.so``: at most 216 bytes, no separators, nothing invisible, never hidden."""
    words = (file_word(name, _NAME_BYTES) or "plugin", file_word(version, _VERSION_BYTES), sha256[:digits])
    return "-".join(word for word in words if word) + ".so"


def file_word(text: str, limit_bytes: int = _NAME_BYTES) -> str:
    """The text as part of a file name: letters and digits of any script, with single dashes for all the rest.

    Compatibility forms are folded, since two names that look alike should be the same name. What a terminal or a
    file manager would act on (slashes, control characters, right-to-left marks, leading dots and dashes) goes.
    """
    visible = "".join(char for char in text if unicodedata.category(char) not in _INVISIBLE)
    word = re.sub(r"[^\w.+~]+", "-", unicodedata.normalize("NFKC", visible))
    word = re.sub(r"[-.]{2,}", "-", word).lstrip(_EDGES)
    return word.encode()[:limit_bytes].decode(errors="ignore").rstrip(_EDGES)
