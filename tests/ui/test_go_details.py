"""A Go plugin in the window: its own symbols with Go types, and what built it."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel

from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.report import Report, Status
from plugdeck.compat.finding import Finding, Severity
from plugdeck.ui.details.compatibility import summary_of
from plugdeck.ui.details.facts import FactsTab
from plugdeck.ui.details.subject import Subject
from plugdeck.ui.details.symbol_model import SymbolColumn
from plugdeck.ui.details.symbols import SymbolsTab


def test_symbols_are_the_plugins_own_with_go_types(qtbot, background, samples):
    tab = SymbolsTab(background)
    qtbot.addWidget(tab)
    tab.show_subject(Subject(examine(samples / "solarize.so", symbols=False)))
    qtbot.waitUntil(lambda: tab.model.rowCount() > 0)
    rows = [
        tuple(tab.model.index(row, column).data() for column in SymbolColumn) for row in range(tab.model.rowCount())
    ]
    assert ("Priority", "Variable", "int") in rows
    assert any(name == "Transform" and kind == "Function" and words.startswith("func(") for name, kind, words in rows)
    assert len(rows) < 50  # and none of the thousands of Go's runtime


def test_a_host_of_another_go_is_not_said_to_be_the_loaders_refusal(samples):
    other = Finding("go.toolchain", Severity.ERROR, "The plugin was built by another Go.", stops_load=True)
    facts = examine(samples / "solarize.so", symbols=False).facts
    refused = Report(samples / "solarize.so", Status.INCOMPATIBLE, (other,), facts, None)
    assert summary_of(refused) == "Incompatible. Opening it would fail."


def test_details_say_which_go_built_it(qtbot, background, samples):
    tab = FactsTab(background)
    qtbot.addWidget(tab)
    tab.show_subject(Subject(examine(samples / "solarize.so", symbols=False)))

    def texts():
        return "\n".join(label.text() for label in tab.findChildren(QLabel))

    qtbot.waitUntil(lambda: "Build settings" in texts())
    assert "-buildmode=plugin" in texts()
