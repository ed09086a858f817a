"""Files of another machine's tree, whose links lead to where they lead there."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from plugdeck import cli
from plugdeck.binary import read
from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.folder_scan import opened, scan_bodies
from plugdeck.catalogue.listing import Listing
from plugdeck.catalogue.report import Report
from plugdeck.compat.host import Host
from plugdeck.compat.host_choice import HostChoice
from plugdeck.compat.sysroot import Sysroot
from plugdeck.dialects.manifest import Dialect
from plugdeck.errors import PlugdeckError


@pytest.fixture
def tree(tmp_path: Path, build_plugin: Callable[..., Path]) -> Path:
    """A system like this one with two plugins behind absolute links; of one, only this computer has the target."""
    root, own = tmp_path / "board", Host.default().resolver
    elf = read(Path(sys.executable).resolve(), symbols=False).elf
    assert own and elf and elf.interpreter
    (root / "lib").mkdir(parents=True)
    for path in (own.loaded["libc.so.6"].path, elf.interpreter):
        shutil.copy(path, root / "lib" / Path(path).name)
    plugin = build_plugin("int answer(void) { return 42; }")
    (root / "opt/app").mkdir(parents=True)
    shutil.copy(plugin, root / "opt/app/there.so")
    (root / "plug").mkdir()
    (root / "plug/there.so").symlink_to("/opt/app/there.so")
    (root / "plug/here.so").symlink_to(plugin)
    (root / "opt/current").symlink_to("/opt/app")
    return root


def examined(path: Path, tree: Path) -> Report:
    return examine(path, Host.from_sysroot(tree))


def test_link_is_followed_inside_the_tree(tree: Path):
    for path in (tree / "plug/there.so", tree / "opt/current/there.so"):
        report = examined(path, tree)
        assert report.loads, report.findings
        assert report.path == path
        assert not examine(path, Host.from_sysroot(tree), symbols=False).findings[1:]


def test_link_to_what_only_this_computer_has_leads_nowhere(tree: Path):
    report = examined(tree / "plug/here.so", tree)
    assert [finding.id for finding in report.findings] == ["file.unreadable"]
    assert examine(tree / "plug/here.so").loads


def test_tree_may_be_named_by_a_link_or_from_the_folder_above(tree: Path, monkeypatch: pytest.MonkeyPatch):
    (tree.parent / "link").symlink_to(tree)
    monkeypatch.chdir(tree.parent)
    for path in (Path("link/plug/there.so"), Path("board/plug/there.so"), tree.parent / "link/opt/current/there.so"):
        assert examined(path, tree).loads
    assert not examined(Path("link/plug/here.so"), tree).loads


def test_file_outside_of_the_tree_is_read_as_it_is(tree: Path, tmp_path: Path):
    link = tmp_path / "outside.so"
    link.symlink_to(tree / "opt/app/there.so")
    assert examined(link, tree).loads


def test_scan_of_a_tree_says_the_same_again_and_again(tree: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", os.fspath(tree.parent / "cache"))
    for _ in range(2):
        reports = [*map(opened, scan_bodies(Listing([os.fspath(tree / "plug")]).paths(), HostChoice(sysroot=tree)))]
        assert [(report.path.name, report.loads) for report in reports] == [("here.so", False), ("there.so", True)]


def listed(folder: Path, tree: Path, capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    assert cli.main(["list", "--json", os.fspath(folder), "--sysroot", os.fspath(tree)]) == 0
    return [(row["path"], row["status"]) for row in json.loads(capsys.readouterr().out)]


def test_folder_that_is_a_link_is_listed_as_it_is_in_the_tree(tree: Path, capsys: pytest.CaptureFixture[str]):
    folder = tree / "opt/current"
    assert listed(folder, tree, capsys) == [(os.fspath(folder / "there.so"), "not-a-plugin")]


def test_folder_that_only_this_computer_has_is_none_in_the_tree(tree: Path, tmp_path: Path):
    (tree / "own").symlink_to(tmp_path)
    with pytest.raises(PlugdeckError, match="is not a folder"):
        cli.main(["list", os.fspath(tree / "own"), "--sysroot", os.fspath(tree)])


def test_folders_below_a_link_are_looked_into_and_links_to_folders_left_out(tree: Path):
    (tree / "opt/app/below.so.d").mkdir()
    shutil.copy(tree / "opt/app/there.so", tree / "opt/app/below.so.d/deep.so")
    (tree / "opt/app/folder.so").symlink_to("/opt/app/below.so.d")
    folder = tree / "opt/current"
    listing = Listing([os.fspath(folder)], recursive=True, tree=Sysroot.at(tree))
    assert list(listing.paths()) == [os.fspath(folder / name) for name in ("there.so", "below.so.d/deep.so")]


def test_go_plugin_behind_a_link_is_one(tree: Path, sample: Callable[[str], Path], capsys: pytest.CaptureFixture[str]):
    shutil.copy(sample("greeter-go-en"), tree / "opt/app/go.so")
    (tree / "plug/go.so").symlink_to("/opt/app/go.so")
    report = examined(tree / "plug/go.so", tree)
    assert (report.path, report.dialect) == (tree / "plug/go.so", Dialect.GO)
    assert [finding.id for finding in report.findings] == ["go.host-not-go"]
    words = ["inspect", "--json", os.fspath(tree / "plug/go.so"), "--sysroot", os.fspath(tree)]
    assert cli.main(words) == 0
    assert json.loads(capsys.readouterr().out)["go"]["methods"] == {"Greeter": {"Greet": "func() string"}}
