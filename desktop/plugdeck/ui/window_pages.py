"""Which page each tab of the details has; a page's module is imported when the page is first shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtWidgets import QVBoxLayout, QWidget

from plugdeck.ui.details.pane import PageMaker
from plugdeck.ui.details.subject import Subject
from plugdeck.ui.details.tab import Tab
from plugdeck.ui.services import Services
from plugdeck.ui.trust.standing import Standings


def page_makers(
    services: Services, standings: Standings, refresh: Callable[[bool], None], go_to: Callable[[Path], None]
) -> Mapping[Tab, PageMaker]:
    """How to make each tab's page.

    Args:
        services: what the pages read from.
        standings: how loaded plugins stand with the user.
        refresh: renders the picture again; true while a control is being dragged.
        go_to: shows another file in the details.
    """

    def symbols(parent: QWidget) -> QWidget:
        from plugdeck.ui.details.symbols import SymbolsTab

        return SymbolsTab(services.background, parent)

    def compatibility(parent: QWidget) -> QWidget:
        from plugdeck.ui.details.compatibility import CompatibilityTab

        return CompatibilityTab(parent)

    def dependencies(parent: QWidget) -> QWidget:
        from plugdeck.ui.details.dependencies import DependenciesTab

        tab = DependenciesTab(services.background, parent)
        tab.library_wanted.connect(go_to)
        return tab

    def facts(parent: QWidget) -> QWidget:
        from plugdeck.ui.details.facts import FactsTab

        return FactsTab(services.background, parent)

    def log(parent: QWidget) -> QWidget:
        from plugdeck.ui.details.log import LogTab

        return LogTab(services.chain, parent)

    def permissions(parent: QWidget) -> QWidget:
        from plugdeck.ui.trust.tab import PermissionsTab

        return PermissionsTab(services, standings, parent)

    return {
        Tab.SYMBOLS: symbols,
        Tab.COMPATIBILITY: compatibility,
        Tab.DEPENDENCIES: dependencies,
        Tab.PARAMETERS: lambda parent: ParametersTab(services, refresh, parent),
        Tab.DETAILS: facts,
        Tab.LOG: log,
        Tab.PERMISSIONS: permissions,
    }


class ParametersTab(QWidget):
    """The parameters of the selected plugin's step."""

    def __init__(self, services: Services, refresh: Callable[[bool], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        from plugdeck.ui.details.parameters import ParametersPanel

        self.panel = ParametersPanel(services.chain, services.bridge, self)
        self.panel.edited.connect(refresh)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.panel)

    def show_subject(self, subject: Subject | None) -> None:
        """Shows the controls of a loaded plugin."""
        self.panel.show_step(subject.key if subject else None)
