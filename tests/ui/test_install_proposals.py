"""Proposals to install: the verdict first, nothing run, nothing overwritten, and a way back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from plugdeck import paths

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def propose(desk, qtbot):
    """Proposes files and waits for their verdicts."""

    def make(*files: Path):
        desk.window.propose(list(files))
        qtbot.waitUntil(lambda: all(bar.proposal for bar in desk.window.proposals.bars), timeout=10_000)
        return desk.window.proposals.bars

    return make


def installed() -> list[Path]:
    return sorted(paths.plugin_folder().glob("*.so"))


def press(desk, button) -> None:
    desk.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_plugin_is_installed_on_demand_and_shown(desk, propose, put):
    path = put("blur", version="1.2.0")
    (bar,) = propose(path)
    assert bar.headline.text() == "Install blur 1.2.0?"
    assert "Compatible" in bar.verdict.text()
    assert "Nothing of it is run" in bar.consequence.text()
    assert installed() == []
    press(desk, bar.install)
    desk.qtbot.waitUntil(lambda: desk.names() == ["blur"], timeout=20_000)
    (there,) = installed()
    assert there.name.startswith("blur-1.2.0-")
    assert there.read_bytes() == path.read_bytes()
    assert desk.plugins.feed.folder == paths.plugin_folder()
    desk.qtbot.waitUntil(lambda: desk.details.subject is not None, timeout=10_000)
    assert desk.details.subject.report.path == there
    assert desk.window.proposals.bars == ()
    assert desk.services.chain.steps() == ()


def test_dismissed_is_gone(desk, propose, put):
    (bar,) = propose(put("blur"))
    press(desk, bar.dismiss)
    assert desk.window.proposals.bars == ()
    assert not desk.window.proposals.isVisible()
    assert installed() == []


def test_a_damaged_file_is_refused_in_a_sentence(desk, propose, folder):
    damaged = folder / "damaged.so"
    damaged.write_bytes(b"\x7fELF\x02\x01\x01")
    (bar,) = propose(damaged)
    assert bar.headline.text() == "damaged.so cannot be installed"
    assert bar.verdict.text().endswith(".")
    assert not bar.install.isVisible()
    assert bar.dismiss.isVisible()


def test_a_file_that_is_gone_is_refused_in_a_sentence(desk, propose, folder):
    (bar,) = propose(folder / "missing.so")
    assert "cannot be installed" in bar.headline.text()
    assert not bar.install.isVisible()


def test_the_same_file_twice_is_one_proposal_and_one_install(desk, propose, put):
    path = put("blur")
    bars = propose(path, path)
    assert len(bars) == 1
    press(desk, bars[0].install)
    desk.qtbot.waitUntil(lambda: len(installed()) == 1, timeout=20_000)
    desk.qtbot.waitUntil(lambda: desk.window.proposals.bars == (), timeout=20_000)
    (bar,) = propose(path)
    assert "installed already" in bar.headline.text()
    assert not bar.install.isVisible()
    press(desk, bar.show_it)
    desk.qtbot.waitUntil(lambda: desk.plugins.table.current_path == installed()[0], timeout=10_000)


def test_an_older_version_stays_and_is_named(desk, propose, put):
    (bar,) = propose(put("blur", version="1.0.0"))
    press(desk, bar.install)
    desk.qtbot.waitUntil(lambda: len(installed()) == 1 and not desk.window.proposals.bars, timeout=20_000)
    older = installed()[0]
    (bar,) = propose(put("blur", version="2.0.0"))
    assert older.name in bar.consequence.text()
    press(desk, bar.install)
    desk.qtbot.waitUntil(lambda: len(installed()) == 2, timeout=20_000)
    assert older.exists()


def test_bytes_that_changed_after_the_verdict_are_not_installed(desk, propose, put, folder):
    path = put("blur")
    (bar,) = propose(path)
    shutil.copy(put("other", body="(void)0;"), folder / "changed.tmp")
    (folder / "changed.tmp").rename(path)
    press(desk, bar.install)
    desk.qtbot.waitUntil(lambda: "changed" in bar.verdict.text(), timeout=10_000)
    assert installed() == []
    assert bar.install.isEnabled()


def test_a_plugin_that_does_not_fit_is_installed_only_all_the_same(desk, propose, build_plugin, folder):
    source = '#include "plugdeck.h"\nPD_PLUGIN("half", "1.0.0", "", "MIT", "")\n'
    source += 'PD_FUNCTION(int, Missing, (void))\nPD_IMAGE_TRANSFORM(1, "whole")\n'
    (bar,) = propose(build_plugin(source, name="half.so"))
    assert "Incompatible" in bar.verdict.text()
    assert bar.install.text().replace("&", "") == "Install all the same"
    press(desk, bar.install)
    desk.qtbot.waitUntil(lambda: len(installed()) == 1, timeout=20_000)


def test_several_files_can_be_installed_at_once_and_only_those_that_fit(desk, propose, put, folder):
    damaged = folder / "damaged.so"
    damaged.write_bytes(b"\x7fELF\x02\x01\x01")
    propose(put("a"), put("b", body="(void)1;"), damaged)
    area = desk.window.proposals
    assert area.install_all.isVisible()
    press(desk, area.install_all)
    desk.qtbot.waitUntil(lambda: len(installed()) == 2, timeout=20_000)
    desk.qtbot.waitUntil(lambda: len(area.bars) == 1, timeout=20_000)
    assert area.bars[0].path == damaged
    press(desk, area.bars[0].dismiss)
    assert area.bars == ()


def test_uninstalling_can_be_undone(desk, propose, put):
    (bar,) = propose(put("blur"))
    press(desk, bar.install)
    desk.qtbot.waitUntil(lambda: desk.names() == ["blur"] and desk.details.subject is not None, timeout=20_000)
    before = installed()
    assert desk.window.actions.uninstall.isEnabled()
    desk.window.actions.uninstall.trigger()
    desk.qtbot.waitUntil(lambda: "trash" in desk.notices(), timeout=10_000)
    assert installed() == []
    notice = next(notice for notice in desk.window.notices.shown if "trash" in notice.text)
    notice.action.click()
    desk.qtbot.waitUntil(lambda: installed() == before, timeout=10_000)
    desk.qtbot.waitUntil(lambda: desk.names() == ["blur"], timeout=20_000)


def test_only_what_is_installed_can_be_uninstalled(desk, folder, put):
    put("blur")
    desk.open(folder)
    assert not desk.window.actions.uninstall.isEnabled()


def test_a_plugin_folder_that_cannot_be_written_is_a_sentence(desk, propose, put):
    paths.plugin_folder().parent.mkdir(parents=True, exist_ok=True)
    paths.plugin_folder().write_text("a file where the folder should be")
    (bar,) = propose(put("blur"))
    if bar.install.isVisible():
        press(desk, bar.install)
        desk.qtbot.waitUntil(bar.install.isEnabled, timeout=10_000)
    assert bar.verdict.text().endswith(".")
    assert bar in desk.window.proposals.bars


def test_two_thousand_dropped_files_come_a_screenful_at_a_time(desk, folder):
    files = [folder / f"missing{number}.so" for number in range(2000)]
    desk.window.propose(files)
    area = desk.window.proposals
    assert len(area.bars) == 30
    press(desk, area.bars[0].dismiss)
    assert [bar.path for bar in area.bars] == files[1:31]
    press(desk, area.dismiss_all)
    assert area.bars == ()
    assert not area.isVisible()


def test_the_heading_counts_what_can_be_installed(desk, propose, put, folder):
    text = folder / "text.so"
    text.write_text("no plugin")
    propose(put("blur"), text)
    assert desk.window.proposals._summary.text() == "1 file can be installed, 1 cannot"


def test_enter_installs_the_only_file(desk, propose, put):
    (bar,) = propose(put("blur"))
    assert not desk.window.proposals.install_all.isVisible()
    assert desk.shell.focusWidget() is bar.install
    desk.qtbot.keyClick(bar.install, Qt.Key.Key_Return)
    desk.qtbot.waitUntil(lambda: len(installed()) == 1, timeout=20_000)


def test_a_proposal_is_renewed_when_the_plugin_is_uninstalled(desk, propose, put):
    path = put("blur")
    (bar,) = propose(path)
    press(desk, bar.install)
    desk.qtbot.waitUntil(lambda: desk.names() == ["blur"] and desk.details.subject is not None, timeout=20_000)
    (bar,) = propose(path)
    assert "installed already" in bar.headline.text()
    desk.window.actions.uninstall.trigger()
    desk.qtbot.waitUntil(lambda: bar.headline.text() == "Install blur 1.0.0?", timeout=10_000)
    assert bar.install.isVisible()
