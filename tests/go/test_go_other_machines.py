"""Plugins for other processors: 32-bit, big-endian, with other relocations. Nothing of them can be run here.

Building Go's library for each takes minutes, so this runs where ``PLUGDECK_GO_MACHINES`` names some, as in
``arm64,386,arm,s390x``.
"""

from __future__ import annotations

import os
import sys

import pytest

from plugdeck.binary.facts import SymbolKind
from plugdeck.dialects.go import read_go_file

from .recipes import CORPUS

TARGETS = {
    "arm64": "aarch64-linux-gnu",
    "386": "x86-linux-gnu",
    "arm": "arm-linux-gnueabihf",
    "s390x": "s390x-linux-gnu",
}
WANTED = [name for name in os.environ.get("PLUGDECK_GO_MACHINES", "").split(",") if name in TARGETS]


@pytest.mark.skipif(not WANTED, reason="PLUGDECK_GO_MACHINES names no machine")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("machine", WANTED)
def test_types_are_those_of_the_same_plugin_for_this_machine(workshop, machine):
    compiler = f"{sys.executable} -m ziglang cc -target {TARGETS[machine]}"
    variables = {"GOARCH": machine, "CC": compiler, "CGO_ENABLED": "1"}
    recipe = type(CORPUS)(f"corpus-{machine}", "corpus", variables=variables)
    file, here = read_go_file(workshop.build(recipe)), read_go_file(workshop.build(CORPUS))
    assert file.unknown == ()
    assert file.setting("GOARCH") == machine
    assert file.symbols == here.symbols
    assert any(symbol.kind is SymbolKind.FUNCTION for symbol in file.symbols)
    assert set(file.hashes) & set(here.hashes)
