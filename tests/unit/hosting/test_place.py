"""What a worker compares a path with before it opens a plugin."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from plugdeck.hosting.sandbox.place import Place, entry, folder_or_file, library


def identity(path: Path) -> tuple[str, int, int]:
    found = path.stat()
    return os.fspath(path), found.st_dev, found.st_ino


def test_a_folder_is_known_by_its_own_path_and_by_no_link(tmp_path):
    tmp_path = tmp_path.resolve()
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to("folder")

    assert folder_or_file(os.fspath(tmp_path / "folder")) == identity(tmp_path / "folder")
    assert folder_or_file(f"{tmp_path}/folder/")[1:] == identity(tmp_path / "folder")[1:]
    for path in (tmp_path / "link", tmp_path / "link" / "inner", tmp_path / "missing"):
        assert folder_or_file(os.fspath(path)) == Place(os.fspath(path))


def test_a_library_is_what_begins_as_one_wherever_its_name_leads(tmp_path):
    real, link, key = Path(sys.executable).resolve(), tmp_path / "libreal.so", tmp_path / "key"
    link.symlink_to(real)
    key.write_text("secret")
    os.mkfifo(tmp_path / "pipe")

    assert library(os.fspath(link)) == (os.fspath(link), *identity(real)[1:])
    for path in (key, tmp_path, tmp_path / "pipe", tmp_path / "missing"):
        assert library(os.fspath(path)) == Place(os.fspath(path))


@pytest.mark.parametrize("is_link", [False, True])
def test_a_file_that_was_exchanged_for_a_link_since_it_was_listed_is_nothing(tmp_path, is_link):
    file = tmp_path / "data"
    file.write_text("{}")
    with os.scandir(tmp_path) as entries:
        (listed,) = entries
    if is_link:
        file.unlink()
        file.symlink_to("elsewhere")

    assert entry(listed) == (Place(os.fspath(file)) if is_link else identity(file))
