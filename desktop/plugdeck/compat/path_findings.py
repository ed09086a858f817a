"""Findings about the path itself by which a file is opened."""

from __future__ import annotations

from collections.abc import Iterator

from plugdeck.compat.finding import Finding, Severity
from plugdeck.compat.search import replaced_word
from plugdeck.text import visible


def path_findings(path: str) -> Iterator[Finding]:
    """Whether glibc's loader would look somewhere else than at this path (``dlopen`` in ``ld.so(8)``)."""
    if word := replaced_word(path):
        yield Finding(
            "loader.path-replaced",
            Severity.ERROR,
            f"Its path has the word {word} in it, which the dynamic loader replaces, and so it looks in another place.",
            (f"the path: {visible(path)}",),
            "Rename the folder or the file: $ORIGIN, $LIB and $PLATFORM must not be in its path.",
            stops_load=True,
        )
