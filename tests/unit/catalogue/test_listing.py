"""Which files are candidates, and what is said of folders that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from plugdeck.catalogue.listing import Listing, is_plugin_name


@pytest.mark.parametrize(
    "name", ["a.so", "liba.so.1", "liba.so.1.2.3", "a.dll", "A.DLL", "a.dylib", "a\nb.so", "\u200fa.so", "\udcff.so"]
)
def test_plugin_names(name: str):
    assert is_plugin_name(name)


@pytest.mark.parametrize("name", ["a", ".so", ".a.so", "a.so.bak", "a.so.conf", "a.sox", "a.o", "a.so\n", "a.so."])
def test_other_names(name: str):
    assert not is_plugin_name(name)


def test_candidates_come_in_order_without_folders(tmp_path: Path):
    for name in ("b.so", "a.so", "text"):
        (tmp_path / name).touch()
    (tmp_path / "folder.so").mkdir()
    (tmp_path / "link.so").symlink_to("folder.so")
    (tmp_path / "dangling.so").symlink_to("nowhere")
    listing = Listing([os.fspath(tmp_path)])
    assert listing.folders == {os.fspath(tmp_path): ["a.so", "b.so", "dangling.so"]}
    assert len(listing) == 3


def test_sub_folders_are_looked_into_on_request_and_circles_are_not_followed(tmp_path: Path):
    (tmp_path / "x/y").mkdir(parents=True)
    (tmp_path / "x/y/deep.so").touch()
    (tmp_path / "x/up").symlink_to(tmp_path)
    assert list(Listing([os.fspath(tmp_path)]).paths()) == []
    assert list(Listing([os.fspath(tmp_path)], recursive=True).paths()) == [os.fspath(tmp_path / "x/y/deep.so")]


def test_folder_named_twice_is_listed_once(tmp_path: Path):
    (tmp_path / "a.so").touch()
    assert len(Listing([os.fspath(tmp_path), f"{tmp_path}/."])) == 1


def test_folders_that_cannot_be_read_are_sentences(tmp_path: Path):
    (tmp_path / "file").touch()
    listing = Listing([os.fspath(tmp_path / "absent"), os.fspath(tmp_path / "file"), os.fspath(tmp_path)])
    absent, file = listing.problems
    assert "does not exist" in absent
    assert "is not a folder" in file
    assert listing.folders == {os.fspath(tmp_path): []}


def test_folder_without_permission_is_a_sentence(tmp_path: Path):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    tmp_path.chmod(0)
    assert "may not read" in Listing([os.fspath(tmp_path)]).problems[0]
    tmp_path.chmod(0o700)
