"""The details of one plugin: symbols, findings, facts and log, all of them untrusted text."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QLineEdit, QToolButton

from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.report import Report, Status
from plugdeck.chain.step import StepView
from plugdeck.compat.finding import Finding, Severity
from plugdeck.compat.host import Host
from plugdeck.compat.host_choice import HostChoice
from plugdeck.dialects.manifest import IMAGE_TRANSFORM, Dialect, Manifest
from plugdeck.hosting.outcome import PluginState
from plugdeck.hosting.plugin_log import KEPT_LINES, LogLevel, LogSource, PluginLog
from plugdeck.ui.details.compatibility import CompatibilityTab, report_text
from plugdeck.ui.details.facts import FactsTab, size_words
from plugdeck.ui.details.header import WHY, DetailsHeader
from plugdeck.ui.details.log import LogTab
from plugdeck.ui.details.subject import Subject
from plugdeck.ui.details.symbol_model import SymbolColumn
from plugdeck.ui.details.symbols import TOO_MANY, SymbolsTab
from plugdeck.ui.details.tab import Tab
from plugdeck.ui.host.judgement import BY_OWN_WORKER, Judgement

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

MARKUP = "<b>bold</b> <img src='file:///etc/passwd'>"
EVIL = f"{MARKUP}\u202e\x1b[31m"


def report(path: Path, *findings: Finding, name: str = "plugin", status: Status = Status.WARNING) -> Report:
    return Report(path, status, findings, None, Manifest(Dialect.SDK, name, "1.0.0", description=EVIL))


def words(widget) -> str:
    shown = [*widget.findChildren(QLabel), *widget.findChildren(QLineEdit)]
    return "\n".join(each.text() for each in shown)


# --- symbols


@pytest.fixture
def symbols(qtbot, background, put):
    tab = SymbolsTab(background)
    qtbot.addWidget(tab)
    tab.show_subject(Subject(examine(put("blur"), symbols=False)))
    qtbot.waitUntil(lambda: tab.model.total > 0, timeout=10_000)
    return tab


def cells(tab: SymbolsTab) -> dict[str, tuple[str, str]]:
    model = tab.model
    rows = [[model.index(row, column).data() for column in SymbolColumn] for row in range(model.rowCount())]
    return {name: (kind, c_type) for name, kind, c_type in rows}


def test_symbols_have_kind_and_declared_type(symbols):
    assert cells(symbols)["Answer"] == ("Function", "int(int)")
    assert cells(symbols)["Priority"] == ("Variable", "int")


def test_symbols_are_filtered_by_name_and_type(symbols, qtbot):
    symbols.filter.setText("pd_image")
    qtbot.waitUntil(lambda: list(cells(symbols)) == ["Transform"])
    symbols.filter.setText("prio")
    qtbot.waitUntil(lambda: list(cells(symbols)) == ["Priority"])


def test_symbols_sort_by_kind_and_keep_the_order_of_names_within(symbols):
    symbols.model.sort(SymbolColumn.KIND, Qt.SortOrder.AscendingOrder)
    names = list(cells(symbols))
    assert names.index("Answer") < names.index("Transform") < names.index("Priority")


def test_a_symbol_is_copied_with_its_type(symbols, qtbot):
    symbols.table.selectRow(list(cells(symbols)).index("Answer"))
    symbols._copy()
    assert QGuiApplication.clipboard().text() == "Answer\tFunction\tint(int)"


def test_a_file_without_symbols_says_so(qtbot, background, tmp_path):
    tab = SymbolsTab(background)
    qtbot.addWidget(tab)
    tab.show_subject(Subject(Report(tmp_path / "x.so", Status.UNREADABLE, ())))
    assert "No symbols can be read" in words(tab)


def test_a_file_with_more_symbols_than_are_listed_says_so(qtbot, background, put, monkeypatch):
    monkeypatch.setattr("plugdeck.binary.symbols.MAX_SYMBOLS", 1)
    tab = SymbolsTab(background)
    qtbot.addWidget(tab)
    tab.show_subject(Subject(examine(put("blur"), symbols=False)))
    qtbot.waitUntil(lambda: TOO_MANY in words(tab), timeout=10_000)


def test_symbols_are_read_where_the_chosen_host_would_find_the_file(qtbot, background, put, tmp_path):
    tree = tmp_path / "tree"
    for folder in ("real", "plugins", "lib64"):
        (tree / folder).mkdir(parents=True)
    loaded = Host.default().resolver.loaded
    for name in loaded:
        if name.startswith(("libc.so.", "libm.so.", "ld-linux")):
            shutil.copy(loaded[name].path, tree / "lib64" / name)
    shutil.copy(put("blur"), tree / "real")
    listed = tree / "plugins/blur.so"
    listed.symlink_to("/real/blur.so")  # as it is called in that system
    choice = HostChoice(sysroot=tree)
    tab = SymbolsTab(background)
    qtbot.addWidget(tab)
    tab.show_subject(Subject(examine(listed, choice.host(), symbols=False), judged=Judgement(choice)))
    qtbot.waitUntil(lambda: "Answer" in cells(tab))


# --- compatibility


def test_findings_are_plain_text_with_severity_evidence_and_remedy(qtbot, tmp_path):
    tab = CompatibilityTab()
    qtbot.addWidget(tab)
    finding = Finding("a.b", Severity.ERROR, EVIL, (MARKUP, "looked in /lib"), f"Do {MARKUP}", stops_load=True)
    tab.show_subject(Subject(report(tmp_path / "x.so", finding)))
    shown = words(tab)
    assert "Error" in shown
    assert f"{MARKUP}⟨U+202E⟩␛[31m" in shown
    assert "looked in /lib" in shown
    assert f"Do {MARKUP}" in shown
    assert all(
        label.textFormat() == Qt.TextFormat.PlainText for label in tab.findChildren(QLabel) if "<b>" in label.text()
    )


def test_every_finding_can_be_selected_and_all_can_be_copied(qtbot, tmp_path):
    tab = CompatibilityTab()
    qtbot.addWidget(tab)
    findings = [Finding(f"id.{number}", Severity.WARNING, f"Finding {number}.") for number in range(100)]
    subject = Subject(report(tmp_path / "x.so", *findings))
    tab.show_subject(subject)
    assert "60 more" in words(tab)
    text = report_text(subject.report)
    assert all(f"Finding {number}." in text for number in range(100))
    label = next(label for label in tab.findChildren(QLabel) if label.text() == "Finding 0.")
    assert label.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse


def test_a_file_with_no_findings_says_that_nothing_speaks_against_it(qtbot, build_plugin):
    from plugdeck.catalogue.examine import examine

    tab = CompatibilityTab()
    qtbot.addWidget(tab)
    good = build_plugin('#include "plugdeck.h"\nPD_PLUGIN("good", "1.0.0", "", "MIT", "")\n', name="good.so")
    tab.show_subject(Subject(examine(good)))
    assert "Nothing speaks against it" in words(tab)


def test_the_verdict_says_for_which_host_it_is_and_what_the_own_worker_would_do(qtbot, tmp_path):
    tab = CompatibilityTab()
    qtbot.addWidget(tab)
    choice = HostChoice(Path("/opt/<b>synth"))
    refused = report(tmp_path / "x.so", Finding("a.b", Severity.ERROR, "No.", stops_load=True))
    tab.show_subject(Subject(refused, judged=Judgement(choice)))
    assert "Judged for <b>synth." in words(tab)
    assert "is being asked" in words(tab)
    mine = report(tmp_path / "x.so", status=Status.COMPATIBLE)
    judged = Judgement(choice, is_stale=True, by_worker=mine)
    tab.show_subject(Subject(refused, judged=judged))
    assert "an old one" in words(tab)
    assert "Load uses Plugdeck's own worker: Compatible." in words(tab)
    assert "Judged for <b>synth." in report_text(refused, judged)


def test_one_finding_can_be_copied_with_its_evidence_in_order(qtbot, tmp_path):
    tab = CompatibilityTab()
    qtbot.addWidget(tab)
    finding = Finding("a.b", Severity.ERROR, "It is missing.", ("looked in /one", "looked in /two"), "Install it.")
    tab.show_subject(Subject(report(tmp_path / "x.so", finding)))
    button = next(found for found in tab.findChildren(QToolButton) if found.text() == "Copy")
    button.click()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert [line.strip() for line in lines[1:]] == ["looked in /one", "looked in /two", "Install it."]


# --- facts


def test_facts_have_identity_and_the_hash_that_others_compute(qtbot, background, put):
    from plugdeck.catalogue.examine import examine

    path = put("blur", version="1.2.3")
    tab = FactsTab(background)
    qtbot.addWidget(tab)
    tab.show_subject(Subject(examine(path)))
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    qtbot.waitUntil(lambda: expected in words(tab), timeout=10_000)
    shown = words(tab)
    for part in ("1.2.3", "Ann Author", "MIT", "x86-64", "image-transform/1", str(path)):
        assert part in shown


def test_the_hash_of_a_file_that_is_gone_is_an_explanation(qtbot, background, put):
    from plugdeck.catalogue.examine import examine

    path = put("blur")
    tab = FactsTab(background)
    qtbot.addWidget(tab)
    subject = Subject(examine(path))
    path.unlink()
    tab.show_subject(subject)
    qtbot.waitUntil(lambda: "No such file" in words(tab), timeout=10_000)


def rows(tab: FactsTab) -> dict[str, str]:
    """The values by what stands beside them."""
    shown = [*tab.findChildren(QLabel), *tab.findChildren(QLineEdit)]
    return {each.accessibleName(): each.text() for each in shown if each.accessibleName()}


def test_how_a_file_was_built_is_told_in_rows_of_words(qtbot, background, put):
    flags = ("-Wl,-z,relro,-z,now", "-Wl,--build-id=0x0123abcd", "-fstack-protector-all", "-s", "-Wl,-rpath,lib")
    tab = FactsTab(background)
    qtbot.addWidget(tab)
    tab.show_subject(Subject(examine(put("blur", flags=flags), symbols=False)))
    qtbot.waitUntil(lambda: "RELRO" in rows(tab), timeout=10_000)
    shown = rows(tab)
    assert shown["RELRO"].startswith("full")
    assert "BIND_NOW" in shown["Binding"]
    assert shown["Stack"] == "not executable (NX)"
    assert shown["Stack canary"] == "used"
    assert shown["Build id"] == "0123abcd"
    assert shown["Stripped"].startswith("yes")
    assert shown["Debug information"] == "none"
    assert "lib" in shown["Search path risks"]
    assert "text " in shown["Sizes"]
    assert shown["Compiler"]
    labels = [label for label in tab.findChildren(QLabel) if label.accessibleName() in shown]
    assert all(label.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse for label in labels)


def test_the_opposite_is_told_in_words_too(qtbot, background, put):
    flags = ("-Wl,-z,norelro,-z,lazy", "-Wl,--build-id=none", "-g", "-z", "execstack")
    tab = FactsTab(background)
    qtbot.addWidget(tab)
    tab.show_subject(Subject(examine(put("blur", flags=flags), symbols=False)))
    qtbot.waitUntil(lambda: "RELRO" in rows(tab), timeout=10_000)
    shown = rows(tab)
    assert shown["RELRO"].startswith("none")
    assert shown["Stack"].startswith("executable")
    assert shown["Build id"] == "none"
    assert shown["Stripped"] == "no"
    assert shown["Debug information"] == "included"


@pytest.mark.parametrize(
    ("size", "text"), [(10, "10 bytes"), (2048, "2.0 KiB (2,048 bytes)"), (3 << 30, "3.0 GiB (3,221,225,472 bytes)")]
)
def test_sizes_are_given_in_words_and_exactly(size, text):
    assert size_words(size) == text


# --- header


def test_the_header_explains_on_demand_why_there_is_no_unload(desk, folder, put):
    path = put("blur")
    desk.open(folder)
    desk.load(path)
    header = desk.details.header
    assert not header.why.isVisible()
    header._why_button.click()
    assert header.why.isVisible()
    assert header.why.text() == WHY
    assert "process" in WHY


def test_the_header_shows_untrusted_words_plainly(qtbot, tmp_path):
    header = DetailsHeader()
    qtbot.addWidget(header)
    header.show_subject(Subject(report(tmp_path / "x.so", name=EVIL, status=Status.COMPATIBLE)), loadable=True)
    for label in (header.name, header.verdict):
        assert label.textFormat() == Qt.TextFormat.PlainText
        assert "⟨U+202E⟩" in label.text()
    assert header.load.isEnabled()


@pytest.mark.parametrize(("interfaces", "is_shown"), [((), True), ((IMAGE_TRANSFORM,), False)])
def test_a_plugin_that_is_no_transform_says_what_to_use_it_for(qtbot, tmp_path, interfaces, is_shown):
    header = DetailsHeader()
    qtbot.addWidget(header)
    manifest = Manifest(Dialect.SDK, "greeter", interfaces=interfaces)
    header.show_subject(Subject(Report(tmp_path / "x.so", Status.COMPATIBLE, (), None, manifest)), loadable=False)
    assert header.use.isHidden() is not is_shown
    assert "Call a function…" in header.use.text()


@pytest.mark.parametrize(
    ("name", "version", "judged", "words"),
    [
        ("plugin", "1.0.0", BY_OWN_WORKER, "The new file, another build: Warning"),
        ("plugin", "", BY_OWN_WORKER, "The new file, another build: Warning"),
        ("plugin", "<i>2</i>", BY_OWN_WORKER, "The new file, version <i>2</i>: Warning"),
        ("other", "2.0", BY_OWN_WORKER, "The new file, other 2.0: Warning"),
        ("plugin", "2.0", Judgement(HostChoice(Path("/bin/synth"))), "The new file, version 2.0, for synth: Warning"),
    ],
)
def test_the_verdict_on_a_new_file_is_not_taken_for_one_on_the_loaded_code(
    qtbot, tmp_path, name, version, judged, words
):
    header = DetailsHeader()
    qtbot.addWidget(header)
    loaded = Manifest(Dialect.SDK, "plugin", "1.0.0", interfaces=(IMAGE_TRANSFORM,))
    new = Report(tmp_path / "x.so", Status.WARNING, (), None, replace(loaded, name=name, version=version))
    step = StepView("x", new.path, loaded, PluginState.STALE, 0, True, None, None, "", True, {})
    header.show_subject(Subject(new, step, judged), loadable=False)
    assert header.name.text() == "plugin  1.0.0"
    assert header.verdict.text() == words


def test_a_plugin_whose_runner_is_built_first_says_that_loading_takes_long(qtbot, tmp_path):
    header = DetailsHeader()
    qtbot.addWidget(header)
    long = Finding("go.runner-not-built", Severity.INFO, "That takes about half a minute, once.")
    about, manifest = report(tmp_path / "x.so", long), Manifest(Dialect.GO, "plugin", interfaces=(IMAGE_TRANSFORM,))
    for state, is_told in ((PluginState.LOADING, True), (PluginState.LOADED, False)):
        step = StepView("x", about.path, manifest, state, 0, True, None, None, "", False, {})
        header.show_subject(Subject(about, step=step), loadable=False)
        assert (long.message in header.state.text()) is is_told


def test_the_state_of_a_loaded_plugin_is_one_line(desk, folder, put):
    path = put("blur")
    desk.shell.resize(1280, 800)
    desk.open(folder)
    desk.load(path)
    state = desk.details.header.state
    assert state.width() >= state.fontMetrics().horizontalAdvance(state.text())
    assert state.height() < 2 * state.fontMetrics().height()


def test_the_words_on_tabs_have_room_for_their_descenders(desk):
    bar = desk.details.tabs.tabBar()
    assert bar.tabRect(Tab.LOG).height() >= bar.fontMetrics().height() + 12


# --- log


class Logs:
    def __init__(self) -> None:
        self.logs = {"a": PluginLog(), "b": PluginLog()}

    def log(self, key: str) -> PluginLog | None:
        return self.logs.get(key)


class Step:
    def __init__(self, key: str) -> None:
        self.key = key


@pytest.fixture
def logs() -> Logs:
    return Logs()


@pytest.fixture
def log_tab(qtbot, logs):
    tab = LogTab(logs)
    qtbot.addWidget(tab)
    tab.show()
    return tab


def test_log_lines_come_live_with_level_and_source_in_words(log_tab, logs, qtbot, tmp_path):
    logs.logs["a"].add(LogSource.STDERR, LogLevel.WARNING, "before")
    log_tab.show_subject(Subject(report(tmp_path / "x.so"), Step("a")))
    logs.logs["a"].add(LogSource.PLUGIN, LogLevel.ERROR, EVIL)
    qtbot.waitUntil(lambda: "⟨U+202E⟩" in log_tab.text.toPlainText())
    first, second = log_tab.text.toPlainText().splitlines()
    assert "warning" in first
    assert "stderr" in first
    assert first.endswith("before")
    assert "error" in second
    assert second.endswith(f"{MARKUP}⟨U+202E⟩␛[31m")


def test_another_plugin_shows_its_own_log(log_tab, logs, qtbot, tmp_path):
    log_tab.show_subject(Subject(report(tmp_path / "x.so"), Step("a")))
    log_tab.show_subject(Subject(report(tmp_path / "y.so"), Step("b")))
    logs.logs["a"].add(LogSource.PLUGIN, LogLevel.INFO, "of a")
    logs.logs["b"].add(LogSource.PLUGIN, LogLevel.INFO, "of b")
    qtbot.waitUntil(lambda: "of b" in log_tab.text.toPlainText())
    assert "of a" not in log_tab.text.toPlainText()


def test_a_flood_of_lines_is_bounded(log_tab, logs, qtbot, tmp_path):
    log_tab.show_subject(Subject(report(tmp_path / "x.so"), Step("a")))
    for number in range(KEPT_LINES * 3):
        logs.logs["a"].add(LogSource.STDOUT, LogLevel.INFO, f"line {number}")
    last = f"line {KEPT_LINES * 3 - 1}"
    qtbot.waitUntil(lambda: log_tab.text.toPlainText().endswith(last), timeout=20_000)
    assert log_tab.text.blockCount() <= KEPT_LINES


def test_a_plugin_that_is_not_loaded_has_no_log_yet(log_tab, tmp_path):
    log_tab.show_subject(Subject(report(tmp_path / "x.so")))
    assert "while it is loaded" in words(log_tab)
