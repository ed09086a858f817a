"""Our verdict beside the loader's, for each file; a command too: ``python tests/differential/agreement.py [DIR…]``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, os.fspath(Path(__file__).parent))

from oracle import LOADS, ask, shared_objects

from plugdeck.catalogue.examine import examine


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One file that we and the loader judge differently."""

    path: str
    loader: str
    """The loader's words."""
    findings: tuple[str, ...]
    """Ours; none where we said that it loads."""

    @property
    def is_false_load(self) -> bool:
        """Whether we promised what the loader does not keep: the error that must not be."""
        return self.loader != LOADS

    @property
    def is_by_constructor(self) -> bool:
        """Whether the process ended without a word of the loader: what code does cannot be read."""
        return self.loader.startswith(("ended", "hangs"))


def disagreements(paths: Sequence[str]) -> list[Disagreement]:
    """The files on which the two differ."""
    found = []
    for path, loader in zip(paths, ask(paths), strict=True):
        report = examine(Path(path))
        if report.loads != (loader == LOADS):
            found.append(Disagreement(path, loader, tuple(f"{f.id}: {f.message}" for f in report.findings)))
    return found


def default_roots() -> list[str]:
    """Where this computer has shared objects: the system, this interpreter, the user's toolchains."""
    places = ["/usr", "/lib", "/lib64", "/opt", sys.prefix, sys.base_prefix, os.fspath(Path.home())]
    return [place for place in dict.fromkeys(places) if os.path.isdir(place)]


if __name__ == "__main__":
    files = list(shared_objects(sys.argv[1:] or default_roots()))
    different = disagreements(files)
    for each in different:
        print("FALSE LOAD" if each.is_false_load else "false refusal", each.path)
        print("   loader:", each.loader)
        print("   ours:  ", json.dumps(each.findings, ensure_ascii=False))
    share = 1 - len(different) / max(1, len(files))
    print(f"{len(files):,} files, {len(different)} disagreements, agreement {share:.3%}")
