"""Symbols as their authors wrote them: C++ and Rust names from what their compilers made of them."""

from __future__ import annotations

from functools import lru_cache

from plugdeck.compat.demangling.reading import MOST_INPUT, NotMangledError


@lru_cache(maxsize=4096)
def demangled(name: str) -> str:
    """The name in C++ or in Rust, without Rust's hashes; the name itself when it is not mangled, or beyond bounds.

    Any text at all gives an answer within some milliseconds. The answer is as untrusted as the name: show it with
    ``plugdeck.text.visible``.
    """
    if not name.startswith(("_Z", "_R")) or len(name) > MOST_INPUT:
        return name
    try:
        return _spell(name) or name
    except (NotMangledError, RecursionError):
        return name


def _spell(name: str) -> str:
    # Imported when the first such name is met: most files lack no symbol.
    if name.startswith("_R"):
        from plugdeck.compat.demangling.rust_v0 import spell_rust

        return spell_rust(name)
    from plugdeck.compat.demangling.itanium import spell_itanium
    from plugdeck.compat.demangling.rust_legacy import HASH, spell_rust_legacy

    if name.startswith("_ZN") and HASH.search(name):
        return spell_rust_legacy(name)
    return spell_itanium(name)
