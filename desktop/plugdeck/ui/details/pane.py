"""The right lower part of the window: one plugin, in a strip and seven tabs. A tab's page is made when first shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QStackedLayout, QTabBar, QTabWidget, QVBoxLayout, QWidget

from plugdeck.compat.finding import Severity
from plugdeck.ui.details.header import DetailsHeader
from plugdeck.ui.details.subject import DetailsPage, Subject
from plugdeck.ui.details.tab import Tab
from plugdeck.ui.marks import SEVERITY_MARKS, icon_of
from plugdeck.ui.plugins.placeholder import Placeholder
from plugdeck.ui.theme import SPACING

PageMaker = Callable[[QWidget], QWidget]
"""Makes a page that also is a ``DetailsPage``."""


_TAB_PADDING = 6


class RoomyTabBar(QTabBar):
    """Tabs with room for the descenders: Fusion lowers the words of those behind, and clips them."""

    def tabSizeHint(self, index: int) -> QSize:
        """A few pixels higher than the style's."""
        return super().tabSizeHint(index) + QSize(0, _TAB_PADDING)


class DetailsPane(QWidget):
    """Shows a ``Subject``; only the page in front is kept up to date."""

    load_wanted = Signal()
    restart_wanted = Signal()
    lift_wanted = Signal()
    replace_wanted = Signal()
    back_wanted = Signal()

    def __init__(self, makers: Mapping[Tab, PageMaker], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._makers = makers
        self._pages: dict[int, DetailsPage] = {}
        self._holders: list[QWidget] = []
        self._subject: Subject | None = None
        self.header = DetailsHeader(self)
        self.tabs = QTabWidget(self)
        self._nothing = Placeholder(self)
        self._lay_out()
        self.tabs.currentChanged.connect(self._show_page)
        self.header.load_wanted.connect(self.load_wanted)
        self.header.restart_wanted.connect(self.restart_wanted)
        self.header.lift_wanted.connect(self.lift_wanted)
        self.header.replace_wanted.connect(self.replace_wanted)
        self.header.back_wanted.connect(self.back_wanted)

    @property
    def subject(self) -> Subject | None:
        """What is shown."""
        return self._subject

    def page(self, tab: Tab) -> DetailsPage:
        """A tab's page, made if it is not there yet."""
        if tab not in self._pages:
            holder = self._holders[tab]
            page = self._makers[tab](holder)
            layout = holder.layout()
            assert layout is not None
            layout.addWidget(page)
            self._pages[tab] = page  # type: ignore[assignment]  # makers give widgets that are pages
        return self._pages[tab]

    def show_subject(self, subject: Subject | None, *, loadable: bool = False, way_back: str = "") -> None:
        """Shows another plugin, or the same one in another state; ``way_back`` names what it was reached from."""
        self._subject = subject
        self._stack.setCurrentIndex(1 if subject else 0)
        if subject:
            self.header.show_subject(subject, loadable=loadable)
            self.header.show_way_back(way_back)
            self._title_compatibility(subject)
        self._show_page()

    def open_tab(self, tab: Tab) -> None:
        """Brings a tab to the front."""
        self.tabs.setCurrentIndex(tab)

    def _lay_out(self) -> None:
        self._nothing.say("Nothing is selected", "Select a plugin to see what is inside it, before any of it runs.")
        self.tabs.setTabBar(RoomyTabBar(self.tabs))
        self.tabs.tabBar().setAccessibleName("What to show of the selected plugin")
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Details of the selected plugin")
        for tab in Tab:
            holder = QWidget(self.tabs)
            column = QVBoxLayout(holder)
            column.setContentsMargins(0, 0, 0, 0)
            self.tabs.setTabToolTip(self.tabs.addTab(holder, tab.title), tab.title)
            self._holders.append(holder)
        shown = QWidget(self)
        column = QVBoxLayout(shown)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING // 2)
        column.addWidget(self.header)
        column.addWidget(self.tabs, 1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(shown)

    def _title_compatibility(self, subject: Subject) -> None:
        """Says on the tab how many findings wait there, with the shape of the worst."""
        findings = [found for found in subject.report.findings if found.severity is not Severity.INFO]
        title = f"{Tab.COMPATIBILITY.title} ({len(findings)})" if findings else Tab.COMPATIBILITY.title
        if self.tabs.tabText(Tab.COMPATIBILITY) != title:
            self.tabs.setTabText(Tab.COMPATIBILITY, title)
        self.tabs.setTabToolTip(Tab.COMPATIBILITY, "Whether it will load here, and why not")
        worst = min((found.severity for found in findings), key=list(Severity).index, default=None)
        mark = SEVERITY_MARKS[worst] if worst else None
        self.tabs.setTabIcon(Tab.COMPATIBILITY, icon_of(mark, self.palette()) if mark else QIcon())

    def _show_page(self) -> None:
        if self._subject is None and not self._pages:
            return
        page = self.page(Tab(self.tabs.currentIndex()))
        page.show_subject(self._subject)
