"""Folders that glibc looked into before each search folder up to 2.36: ``tls``, and what it called the processor.

All combinations of the words count (glibc 2.36 ``elf/dl-hwcaps.c``, ``_dl_important_hwcaps``).
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from plugdeck.compat.machine import Platform
from plugdeck.compat.processor import hardware_words, platform_word

_TLS = "tls"
_I386, _AMD64, _AARCH64 = 3, 62, 183
# Bits of an entry of ld.so.cache (sysdeps/x86/dl-procinfo.h, dl-hwcap.h; elf/dl-cache.c, _DL_HWCAP_TLS_MASK).
_BITS = {"sse2": 1 << 0, "x86_64": 1 << 1, "avx512_1": 1 << 2}
_PLATFORM_BITS = {"i586": 1 << 48, "i686": 1 << 49, "haswell": 1 << 50, "xeon_phi": 1 << 51}
_TLS_BIT = 1 << 63


class LegacyFolders:
    """What a loader of glibc up to 2.36 looks for below a search folder, and in its cache."""

    def __init__(self, platform: Platform, *, is_here: bool) -> None:
        """``is_here``: for this computer's processor; of another one's only what all of its kind have is known."""
        if platform.machine == _AMD64:
            hardware, own = (hardware_words(platform), platform_word(platform)) if is_here else (("x86_64",), "")
        elif platform.machine == _I386:
            hardware, own = (hardware_words(platform), platform_word(platform)) if is_here else ((), "")
        else:
            hardware, own = (), platform.token if platform.machine == _AARCH64 else ""
        words = (*hardware, *((own,) if own else ()), _TLS)
        self.subfolders = _combined(words)
        """Relative to a search folder, in the loader's order."""
        self.first = tuple(dict.fromkeys(reversed(words)))
        """Those of them that hold all others."""
        bits = [_BITS[word] for word in hardware] + [_PLATFORM_BITS.get(own, 0), _TLS_BIT]
        self.cache_bits = sum(bits)
        """An entry of the cache that asks for no other counts."""


def _combined(words: Sequence[str]) -> tuple[str, ...]:
    """All combinations, those with the last word first; the last word of each is its first folder."""
    chosen = ([word for at, word in enumerate(words) if mask >> at & 1] for mask in range((1 << len(words)) - 1, 0, -1))
    return tuple(dict.fromkeys(os.path.join(*reversed(each)) for each in chosen))
