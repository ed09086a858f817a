"""Scans in a process of their own: real folders, real processes, every kind of file."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from plugdeck import paths
from plugdeck.catalogue import scan
from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.report import Report, Status
from plugdeck.catalogue.scan import Scan, ScanSummary, scan_now
from plugdeck.compat.host_choice import WORKER, HostChoice

Build = Callable[..., Path]
PATIENCE_S = 60
SOURCE = """
#include "plugdeck.h"
PD_PLUGIN("good", "1.0.0", "test", "MIT", "Does nothing.")
PD_IMAGE_TRANSFORM(100, "pointwise")
int Transform(const pd_image *in, pd_image *out) { (void)in; (void)out; return 0; }
"""
HOLLOW = """
#include "plugdeck.h"
PD_PLUGIN("hollow", "1.0.0", "test", "MIT", "Promises a transform that it has not.")
PD_IMAGE_TRANSFORM(100, "pointwise")
"""


class Followed:
    """A scan with everything that it told, waited for."""

    def __init__(self, *folders: Path, recursive: bool = False, host: HostChoice = WORKER) -> None:
        self.reports: list[Report] = []
        self.batches: list[int] = []
        self.progress: list[tuple[int, int]] = []
        self.summaries: list[ScanSummary] = []
        self.on_first: Callable[[], None] = lambda: None
        self._finished = Event()
        self.scan = Scan(
            folders, self._take, lambda *at: self.progress.append(at), self._finish, recursive=recursive, host=host
        )

    def run(self) -> Followed:
        self.scan.start()
        return self.wait()

    def wait(self) -> Followed:
        assert self._finished.wait(PATIENCE_S)
        return self

    @property
    def summary(self) -> ScanSummary:
        (summary,) = self.summaries
        return summary

    def _take(self, reports: list[Report]) -> None:
        self.reports += reports
        self.batches.append(len(reports))
        if len(self.batches) == 1:
            self.on_first()

    def _finish(self, summary: ScanSummary) -> None:
        self.summaries.append(summary)
        self._finished.set()


@pytest.fixture
def plugin(build_plugin: Build) -> Path:
    return build_plugin(SOURCE, name="good.so")


def fill_with_everything(folder: Path, plugin: Path, count: int) -> None:
    """Plugins, texts, damage, links, FIFOs, sparse files and odd names, in turn."""
    whole = plugin.read_bytes()
    for number in range(count):
        path = folder / f"{number:04}.so"
        match number % 8:
            case 0 | 1:
                os.link(plugin, path) if number % 16 else shutil.copy(plugin, path)
            case 2:
                path.write_text("just text\n")
            case 3:
                path.write_bytes(whole[: 64 + number])
            case 4:
                os.mkfifo(path)
            case 5:
                path.symlink_to(f"nowhere-{number}")
            case 6:
                with path.open("wb") as file:
                    file.truncate(3 << 30)
            case 7:
                shutil.copy(plugin, folder / os.fsdecode(b"%04d\n\xe2\x80\x8f\xff.so" % number))


def test_two_thousand_files_of_every_kind_each_get_a_report(tmp_path: Path, plugin: Path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    (tmp_path / "good.so").write_bytes(plugin.read_bytes())
    fill_with_everything(folder, tmp_path / "good.so", 2000)
    followed = Followed(folder).run()
    assert followed.summary.error == ""
    assert followed.summary.found == 2000
    assert sorted(os.fsencode(report.path) for report in followed.reports) == sorted(
        os.path.join(os.fsencode(folder), name) for name in os.listdir(os.fsencode(folder))
    )
    assert len(followed.batches) > 1
    assert followed.progress[0] == (0, 2000)
    assert followed.progress[-1] == (2000, 2000)
    statuses = [report.status for report in followed.reports]
    assert statuses.count(Status.COMPATIBLE) == 750
    assert statuses.count(Status.UNREADABLE) == 750
    assert statuses.count(Status.NOT_A_PLUGIN) == 500


def test_other_process_says_what_this_one_says(tmp_path: Path, plugin: Path):
    fill_with_everything(tmp_path, plugin, 40)
    here = list(scan_now([tmp_path]))
    assert Followed(tmp_path).run().reports == here
    assert here == [examine(report.path, symbols=False) for report in here]
    assert [report.path for report in here] == sorted(report.path for report in here)


def test_scan_knows_of_a_missing_transform(tmp_path: Path, build_plugin: Build):
    shutil.copy(build_plugin(HOLLOW, name="hollow.so"), tmp_path)
    (report,) = Followed(tmp_path).run().reports
    assert report.status is Status.INCOMPATIBLE
    assert report.facts
    assert report.facts.exports is None


def test_scan_knows_of_a_symbol_that_a_mere_library_lacks(tmp_path: Path, build_plugin: Build):
    shutil.copy(build_plugin("int gone(void);\nint Call(void) { return gone(); }\n"), tmp_path / "library.so")
    (report,) = Followed(tmp_path).run().reports
    assert report.status is Status.INCOMPATIBLE
    assert not report.loads


def test_scan_judges_for_the_host_that_was_chosen(tmp_path: Path, build_plugin: Build):
    offering = "int gone(void) { return 1; }\nint main(void) { return gone(); }\n"
    flags = ["-pie", "-rdynamic", "-fvisibility=default"]
    program = build_plugin(offering, name="program", shared=False, flags=flags)
    shutil.copy(build_plugin("int gone(void);\nint Call(void) { return gone(); }\n"), tmp_path / "library.so")
    (report,) = Followed(tmp_path, host=HostChoice(program)).run().reports
    assert report.loads
    (report,) = Followed(tmp_path).run().reports
    assert not report.loads


def test_sub_folders_are_scanned_on_request(tmp_path: Path, plugin: Path):
    (tmp_path / "below").mkdir()
    shutil.copy(plugin, tmp_path / "below")
    assert Followed(tmp_path).run().reports == []
    assert len(Followed(tmp_path, recursive=True).run().reports) == 1


def test_absent_folder_is_a_sentence_and_the_others_are_scanned(tmp_path: Path, plugin: Path):
    shutil.copy(plugin, tmp_path)
    followed = Followed(tmp_path / "absent", tmp_path).run()
    assert "does not exist" in followed.summary.error
    assert len(followed.reports) == 1


def test_cancelled_scan_ends_at_once_and_keeps_what_it_found(tmp_path: Path, plugin: Path):
    for number in range(3000):
        os.link(plugin, tmp_path / f"{number}.so")
    followed = Followed(tmp_path)
    followed.on_first = followed.scan.cancel  # on the scan's own thread, which cannot get to its end meanwhile
    followed.run()
    assert followed.summary.cancelled
    assert followed.summary.error == ""
    assert 0 < followed.summary.found == len(followed.reports) <= 3000
    followed.scan.cancel()


def test_scan_cancelled_before_it_starts_finishes(tmp_path: Path):
    followed = Followed(tmp_path)
    followed.scan.cancel()
    assert followed.run().summary.cancelled


def test_scanner_that_is_killed_is_a_sentence(tmp_path: Path, plugin: Path, monkeypatch: pytest.MonkeyPatch):
    shutil.copy(plugin, tmp_path)
    code = (
        "import os; from plugdeck.catalogue import folder_scan, listing, scanner\n"
        "from plugdeck.compat.host_choice import WORKER\n"
        f"reports = list(folder_scan.scan_bodies(listing.Listing([{os.fspath(tmp_path)!r}]).paths(), WORKER))\n"
        "print('{\"total\": 9, \"reports\": ' + scanner._joined(reports) + '}', flush=True)\n"
        f"os.kill(os.getpid(), {int(signal.SIGKILL)})"
    )
    monkeypatch.setattr(scan, "module_command", lambda module: [*paths.python_command(), "-c", code])
    followed = Followed(tmp_path).run()
    assert len(followed.reports) == 1
    assert "after 1 of 9 files: its process died of SIGKILL" in followed.summary.error


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise SystemExit('no more memory')", "exit code 1 (no more memory)"),
        ("print('what')", "wrote something unexpected"),
        ("print('[1]')", "wrote something unexpected"),
        ("print('{\"reports\": [{}]}')", "wrote something unexpected"),
    ],
)
def test_scanner_that_fails_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, words: str):
    monkeypatch.setattr(scan, "module_command", lambda module: [*paths.python_command(), "-c", code])
    assert words in Followed(tmp_path).run().summary.error


def test_scanner_that_cannot_be_started_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(scan, "module_command", lambda module: ["/nonexistent/python"])
    assert "could not be started" in Followed(tmp_path).run().summary.error
