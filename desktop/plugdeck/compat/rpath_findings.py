"""Findings about the folders that a file has its libraries searched in: who could put another library there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from plugdeck.binary.facts import BinaryFacts
from plugdeck.compat.finding import Finding, Severity
from plugdeck.compat.sysroot import Sysroot

_REMEDY = (
    "Link it with -Wl,-rpath,'$ORIGIN' and its libraries beside it, or with an absolute folder that only its owner "
    "may write; in the finished file: patchelf --set-rpath '$ORIGIN' FILE"
)


def rpath_findings(facts: BinaryFacts, tree: Sysroot) -> Iterator[Finding]:
    """One finding for the folders that everybody could use, and one for those of a group.

    The file loads all the same, and then runs whatever is there.

    Args:
        facts: The file.
        tree: Where the host lives.
    """
    if facts.elf is None or not (facts.elf.runpath or facts.elf.rpath):
        return  # as nearly every file of a large scan
    from plugdeck.binary.search_risks import search_risks

    risks = search_risks(facts.elf, facts.path, place_in(tree))
    grave = tuple(risk.sentence for risk in risks if risk.is_grave)
    mild = tuple(risk.sentence for risk in risks if not risk.is_grave)
    if grave:
        message = "Whoever loads it may run somebody else's code: its libraries are looked for in unsafe folders."
        yield Finding("search.unsafe-folder", Severity.WARNING, message, grave, _REMEDY)
    if mild:
        message = "Its libraries are looked for in folders that other users of a group may change."
        yield Finding("search.shared-folder", Severity.INFO, message, mild, _REMEDY)


def place_in(tree: Sysroot) -> Callable[[str, str], str]:
    """Where the loader would find a folder, as ``PlaceOf``; of a file outside of the tree, what is behind $ORIGIN is
    there too.
    """

    def place(origin: str, behind: str) -> str:
        path = origin + behind
        inside = path if origin or tree.contains(path) else tree.path(path)
        return tree.real(inside) if tree.contains(inside) else os.path.realpath(inside)

    return place
