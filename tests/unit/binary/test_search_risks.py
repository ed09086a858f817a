"""Folders of RPATH and RUNPATH that somebody else could put a library into, on a real disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from plugdeck.binary import read
from plugdeck.binary.search_risks import MAX_FOLDERS, SearchRisk, search_risks

SOURCE = "int answer(void) { return 42; }"


@pytest.fixture
def risks(build_plugin: Callable[..., Path], tmp_path: Path) -> Callable[..., tuple[SearchRisk, ...]]:
    """``risks("/a:$ORIGIN")`` of a real file with this RUNPATH, which lies in a folder of its own."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)

    def of(path: str, *, tags: str = "--enable-new-dtags", root: str = "") -> tuple[SearchRisk, ...]:
        built = build_plugin(SOURCE, flags=(f"-Wl,-rpath,{path}", f"-Wl,{tags}"))
        copied = home / "plugin.so"
        copied.write_bytes(built.read_bytes())
        elf = read(copied).elf
        assert elf
        return search_risks(elf, copied, lambda origin, behind: os.path.realpath((origin or root) + behind))

    return of


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder that every user may write into, as /tmp without its sticky bit."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


@pytest.mark.parametrize("path", ["$ORIGIN", "${ORIGIN}/../lib", "$ORIGIN/deep/er", "/usr/lib", "/usr/lib/$LIB/x"])
def test_folders_of_the_file_and_of_the_system_are_no_risk(risks, path: str):
    assert risks(path) == ()


def test_a_file_without_search_path_has_no_risk(build_plugin: Callable[..., Path]):
    facts = read(build_plugin(SOURCE))
    assert facts.elf
    assert search_risks(facts.elf, facts.path) == ()


@pytest.mark.parametrize(
    ("path", "folder", "words"),
    [
        ("/usr/lib::$ORIGIN", "", "is empty"),
        ("/usr/lib:", "", "is empty"),
        ("lib", "lib", "is relative"),
        (".", ".", "is relative"),
        ("../lib", "../lib", "is relative"),
        ("$PLUGINS/lib", "$PLUGINS/lib", "is relative"),
    ],
)
def test_what_depends_on_the_current_folder_is_a_grave_risk(risks, path: str, folder: str, words: str):
    (risk,) = risks(path)
    assert risk.folder == folder
    assert words in risk.reason
    assert risk.is_grave


@pytest.mark.parametrize("tags", ["--enable-new-dtags", "--disable-new-dtags"])
def test_folder_that_everybody_may_write_is_named_with_mode_and_owner(risks, shared: Path, tags: str):
    (risk,) = risks(str(shared), tags=tags)
    assert risk.sentence.startswith(
        f"The search folder {str(shared)!r} can be written by every user (mode 0777, owner "
    )


def test_folder_that_everybody_could_make_is_a_risk_also_below_a_sticky_one(risks, shared: Path):
    shared.chmod(0o1777)
    (risk,) = risks(f"{shared}/not/there")
    assert "does not exist, and somebody else could make it" in risk.reason
    assert str(shared) in risk.reason


def test_own_folder_in_a_sticky_one_is_no_risk_and_in_an_open_one_is(risks, shared: Path):
    (shared / "mine").mkdir(mode=0o755)
    shared.chmod(0o1777)
    assert risks(f"{shared}/mine") == ()
    shared.chmod(0o777)
    (risk,) = risks(f"{shared}/mine")
    assert f"is inside {shared}, which can be written by every user" in risk.reason


def test_origin_leads_to_the_files_own_folder_through_links(risks, shared: Path, tmp_path: Path):
    (risk,) = risks("$ORIGIN/../shared")
    assert risk.folder == "$ORIGIN/../shared"
    assert "every user" in risk.reason


def test_origin_is_the_folder_of_the_link_that_is_opened(build_plugin: Callable[..., Path], shared: Path):
    built = build_plugin(SOURCE, flags=("-Wl,-rpath,$ORIGIN",))
    link = shared / "plugin.so"
    link.symlink_to(built)
    elf = read(link).elf
    assert elf
    (risk,) = search_risks(elf, link)
    assert risk.reason.startswith("can be written by every user")
    assert search_risks(elf, built) == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_folder_of_another_user_is_a_risk_unless_the_file_is_theirs_too(risks, tmp_path: Path):
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o755)
    os.chown(theirs, 12345, 12345)
    (risk,) = risks(str(theirs))
    assert "belongs to another user (mode 0755, owner 12345)" in risk.reason
    plugin = tmp_path / "home" / "plugin.so"
    os.chown(plugin, 12345, 12345)
    elf = read(plugin).elf
    assert elf
    assert search_risks(elf, plugin) == ()


def test_folders_are_looked_up_in_the_tree_of_another_machine(risks, tmp_path: Path):
    open_there = tmp_path / "tree" / "opt" / "open"
    open_there.mkdir(parents=True)
    open_there.chmod(0o777)
    assert risks("/opt/open") == ()
    (risk,) = risks("/opt/open", root=str(tmp_path / "tree"))
    assert "every user" in risk.reason


def test_of_thousands_of_folders_the_first_are_looked_at(risks):
    assert len(risks(":".join(f"r{number}" for number in range(2000)))) == MAX_FOLDERS


def test_names_that_would_control_a_terminal_are_spelled_out(risks):
    (risk,) = risks("evil\x1b[31m")
    assert "\x1b" not in risk.sentence
    assert "␛" in risk.sentence
