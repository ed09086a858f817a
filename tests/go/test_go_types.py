"""The types of what plugins export, read from the file, against what reflection says once it is loaded."""

from __future__ import annotations

import pytest

from plugdeck.binary.facts import SymbolKind
from plugdeck.catalogue.examine import examine
from plugdeck.dialects.go import read_go_file

from .recipes import CORPUS, HOST, STRIPPED_CORPUS


def as_looked_up(symbol):
    """``Lookup`` gives a function itself, and a pointer to a variable."""
    return symbol.type if symbol.kind is SymbolKind.FUNCTION else f"*{symbol.type}"


@pytest.mark.parametrize("recipe", (CORPUS, STRIPPED_CORPUS), ids=lambda recipe: recipe.name)
def test_types_are_what_reflection_prints(workshops, ask, recipe):
    for workshop in workshops:
        plugin = workshop.build(recipe)
        file = read_go_file(plugin)
        said = ask(workshop.build(HOST), plugin, names=[symbol.name for symbol in file.symbols])[0]
        assert said.opened, said.refusal
        assert file.unknown == ()
        assert len(file.symbols) >= 60
        assert {symbol.name: as_looked_up(symbol) for symbol in file.symbols} == said.types
        assert {symbol.name: dict(symbol.methods) for symbol in file.symbols} == said.methods


def test_unexported_names_and_constants_are_no_symbols(workshop):
    names = {symbol.name for symbol in read_go_file(workshop.build(CORPUS)).symbols}
    assert "Grüße" in names
    assert not names & {"unexported", "unexportedToo", "main", "Constant", "Number", "_"}


def test_report_lists_the_plugins_own_symbols_alone(workshop):
    report = examine(workshop.build(CORPUS))
    symbols = {symbol.name: symbol for symbol in report.symbols}
    assert len(symbols) == len(report.manifest.symbols)
    assert symbols["Plus"].kind is SymbolKind.FUNCTION and symbols["Plus"].address
    assert symbols["Int8"].kind is SymbolKind.VARIABLE and symbols["Int8"].size_bytes == 1
    assert report.manifest.types["Plus"] == "func(int, int) int"
