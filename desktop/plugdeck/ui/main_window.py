"""The window at work: every part in its frame, and what one part wants passed on to what does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMenu

from plugdeck.catalogue.installed import Installed
from plugdeck.catalogue.report import Report
from plugdeck.compat.finding import Severity
from plugdeck.ui.actions import WindowActions
from plugdeck.ui.chain.pane import ChainPane
from plugdeck.ui.compare.listed import another_build
from plugdeck.ui.details.gone import is_gone
from plugdeck.ui.details.pane import DetailsPane, PageMaker
from plugdeck.ui.details.subject import Subject
from plugdeck.ui.details.tab import Tab
from plugdeck.ui.drops import Dropped, sort_out
from plugdeck.ui.host.controls import HostControls
from plugdeck.ui.host.judging import HostJudging
from plugdeck.ui.install.area import InstallArea
from plugdeck.ui.install.removal import Removal
from plugdeck.ui.loading import Loading
from plugdeck.ui.notices import Notices
from plugdeck.ui.palette_watch import PaletteWatch
from plugdeck.ui.plugins.row import summary_of
from plugdeck.ui.preview.pane import PreviewPane
from plugdeck.ui.saving import Saving
from plugdeck.ui.services import Services
from plugdeck.ui.shell import Shell, furnish
from plugdeck.ui.visible_text import visible_text
from plugdeck.ui.window_commands import WindowCommands
from plugdeck.ui.window_files import WindowFiles
from plugdeck.ui.window_hosting import WindowHosting
from plugdeck.ui.window_loading import WindowLoading
from plugdeck.ui.window_memory import WindowMemory
from plugdeck.ui.window_pages import page_makers
from plugdeck.ui.window_trust import WindowTrust
from plugdeck.ui.window_visits import WindowVisits


class MainWindow(QObject):
    """Furnishes a ``Shell``. The chain, the list and the files are the truth; the parts only show them."""

    def __init__(self, shell: Shell, services: Services) -> None:
        super().__init__(shell)
        self.shell = shell
        self.services = services
        self.plugins = shell.plugins
        self._is_selecting = False
        self.loading = Loading(services.chain)
        self.notices = Notices(shell, shell.picture_frame)
        self.saving = Saving(services.settings, services.background, self.notices.tell_error, self)
        self.judging = HostJudging(services.settings, services.background, self)
        self.hosts = HostControls(self.judging, shell, self.notices)
        self.proposals = InstallArea(services.background, shell, find_listed=partial(another_build, self.plugins.model))
        self.visits = WindowVisits(self)
        self.to_chain = WindowLoading(self)
        self.trust = WindowTrust(self)
        self.files = WindowFiles(self)
        self.chain = ChainPane(
            services.chain,
            services.bridge,
            shell,
            approve=self.files.rebuilds.approve,
            build_id=self.loading.build_id,
            follows=self.files.rebuilds.follows,
        )
        self.picture = PreviewPane(services.chain, services.preview, services.bridge, services.supervisor, shell)
        self.details = DetailsPane(self._pages(), shell)
        self.removal = Removal(services.background, self.notices, self)
        self.actions = WindowActions(shell)
        self.hosting = WindowHosting(self)
        self.commands = WindowCommands(self)
        self.plugins.finish()
        self._furnish()
        self._connect()
        self.memory = WindowMemory(self)
        self.visits.name_worker(self.judging.choice)
        self._show_steps()
        self.plugins.take_focus()

    @property
    def selected_report(self) -> Report | None:
        """The report that the details are about."""
        subject = self.details.subject
        return subject.report if subject else None

    def propose(self, files: Sequence[Path]) -> None:
        """Proposes files for install; nothing of them is run."""
        self.proposals.propose(files)

    # --- putting it together

    def _pages(self) -> Mapping[Tab, PageMaker]:
        return page_makers(self.services, self.trust.standings, self.picture.refresh, self.visits.go_to)

    def _furnish(self) -> None:
        shell = self.shell
        shell.messages.addWidget(self.proposals)
        furnish(shell.chain_frame, self.chain)
        furnish(shell.picture_frame, self.picture)
        furnish(shell.details_frame, self.details)
        furnish(shell.details_frame, self.trust.panel)
        shell.messages.addWidget(self.trust.waiting)
        picture = self.picture.picture_actions
        picture.open.setShortcut("Ctrl+P")
        picture.open.setToolTip("Opens a picture for the preview (Ctrl+P)")
        picture.sample.setText("Sample picture")
        picture.original.setText("Show the original")
        picture.original.setIconText("Original")
        picture.original.setShortcut("Ctrl+Shift+D")
        picture.original.setToolTip("Shows the original: click to keep it (Ctrl+Shift+D), hold to peek (Space)")
        files = (picture.open, picture.paste, picture.export)
        others = [action for action in picture.all if action not in files]
        self.actions.fill_menus(shell.menus, files, others)
        self.hosting.add_menu()

    def _connect(self) -> None:
        plugins, details, shell = self.plugins, self.details, self.shell
        plugins.selected.connect(self._select)
        plugins.selected.connect(self.trust.follow)
        plugins.load_wanted.connect(self.to_chain.load)
        plugins.menu_wanted.connect(self._show_menu)
        plugins.changed.connect(self.judging.note)
        self.files.connect_parts()
        plugins.browse_wanted.connect(self.commands.ask_for_folder)
        plugins.samples_wanted.connect(self.commands.open_samples)
        self.chain.step_selected.connect(self._select_step)
        self.chain.replacing.moved_out.connect(self.hosting.tell_moved_out)
        details.load_wanted.connect(self.commands.load_selected)
        details.restart_wanted.connect(self.commands.restart_selected)
        details.lift_wanted.connect(self.commands.lift_selected)
        details.replace_wanted.connect(self.commands.replace_selected)
        details.back_wanted.connect(self.visits.go_back)
        self.proposals.installed.connect(self._show_installed)
        self.proposals.show_wanted.connect(self.show_file)
        self.proposals.compare_wanted.connect(self.commands.compare)
        self.removal.removed.connect(self.proposals.renew)
        self.removal.restored.connect(self.show_file)
        self.removal.restored.connect(self.proposals.renew)
        self.services.bridge.steps_changed.connect(self._show_steps)
        self.trust.quarantined.changed.connect(self._show_steps)
        self.services.bridge.failed.connect(self._tell_failure)
        PaletteWatch(shell).changed.connect(plugins.paint_icons)
        shell.files_dropped.connect(self.take)
        shell.closing.connect(self._leave)

    # --- selecting

    def show_file(self, path: Path) -> None:
        """Shows a file in its folder, selected."""
        if self.plugins.feed.folder != path.parent:
            self.plugins.open_folder(path.parent)
        self.plugins.table.select_path(path, focus=True)

    def _select(self, report: Report | None) -> None:
        """A plugin was chosen in the list, or its report is a new one."""
        path = self.plugins.table.current_path
        if path and path == self.visits.trail.began_at:
            return  # the user has gone on from there; the way back leads to the new report
        self.visits.trail.end()
        step = self.loading.step_of(path) if path else None
        if report is None and step:
            report = self.loading.report_of(step.key)  # its file is gone, its code is not
        self.show_report(report)
        if step:
            self._select_in_chain(step.key)
        else:
            self.chain.forget_selection()

    def show_step(self, key: str) -> None:
        """Shows a step that has just come, chosen in the chain."""
        self._show_steps()
        self._select_in_chain(key)

    def _select_in_chain(self, key: str) -> None:
        self._is_selecting = True
        self.chain.renew()  # the row of a new step is not there before the chain's own news arrives
        self.chain.select(key)
        self._is_selecting = False

    def _select_step(self, key: str) -> None:
        """The user chose a step in the chain, perhaps the one that is the chain's current one already."""
        report = self.loading.report_of(key)
        if report and not self._is_selecting:
            self.trust.look_at(report.path)
            self.visits.trail.end()
            self.plugins.follow(report.path)
            self.show_report(report)
            self.visits.look_again()

    def show_report(self, report: Report | None) -> None:
        """Shows a file in the details, or nothing."""
        subject, loadable = None, False
        if report:
            self.judging.ask_worker(report)
            subject = Subject(report, self.loading.step_of(report.path), self.judging.judgement(report))
            by_worker = self.judging.worker_report(report)
            loadable = bool(by_worker and self.loading.is_loadable(by_worker))
        self.details.show_subject(subject, loadable=loadable, way_back=self.visits.trail.way_back)
        self.trust.show_standing()
        self.plugins.show_loadable(loadable)
        self.commands.enable(subject, loadable=loadable)
        self.files.show_subject(subject)
        self.hosting.show_subject(subject)

    def _show_steps(self) -> None:
        self.loading.settle()
        steps = self.services.chain.steps()
        self.plugins.model.set_steps(self.trust.summaries() | {step.path: summary_of(step) for step in steps})
        self.show_report(self._report_to_show())
        if (subject := self.details.subject) and subject.key and not self.chain.selected:
            self._select_in_chain(subject.key)

    def _report_to_show(self) -> Report | None:
        """What is shown stays, but for a plugin that has neither a file nor a step any more."""
        report = self.selected_report
        if report and is_gone(report) and self.loading.step_of(report.path) is None:
            report = None
        return report or self.plugins.selected_report

    def _show_menu(self, _report: Report, position: QPoint) -> None:
        menu = QMenu(self.shell)
        for action in self.actions.of_plugin:
            if action is None:
                menu.addSeparator()
            elif action.isEnabled():
                menu.addAction(action)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(position)

    def _show_installed(self, done: Installed) -> None:
        name = visible_text(f"{done.name} {done.version}".strip())
        self.notices.tell(f"{name} is installed.", passing=True)
        self.show_file(done.path)

    def _tell_failure(self, sentence: str) -> None:
        self.notices.tell(sentence, severity=Severity.ERROR)

    # --- drops and the end

    def take(self, files: Sequence[Path]) -> None:
        """Opens what was dropped here or named to the command, each by what it is."""
        self.services.background.run(lambda: sort_out(files), self._take_drop)

    def _take_drop(self, dropped: Dropped) -> None:
        """Plugins are proposed for install, a folder is opened, a picture is shown."""
        if dropped.folder:
            self.plugins.open_folder(dropped.folder)
        if dropped.picture:
            self.picture.open_picture(dropped.picture)
        if dropped.plugins:
            self.propose(dropped.plugins)

    def _leave(self) -> None:
        """Hears of nothing any more; ending processes is up to who owns them."""
        self.saving.end()
        self.services.bridge.close()
        self.trust.close()
