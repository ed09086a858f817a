"""What an installed plugin keeps of what lay beside it, and what a hostile neighbour cannot do."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from plugdeck.catalogue.install import install
from plugdeck.catalogue.installed import installed, uninstall
from plugdeck.catalogue.side_files import MOST_SIGNATURE_BYTES, ORIGIN_ATTRIBUTES, signature_path
from plugdeck.catalogue.trash import restore

SOURCE = """
#include "plugdeck.h"
PD_PLUGIN("thing", "1.0.0", "A", "MIT", "A test.")
PD_FUNCTION(int, Answer, (void))
int Answer(void) { return 42; }
"""


@pytest.fixture
def plugin(build_plugin, tmp_path):
    return shutil.copy(build_plugin(SOURCE, name="thing.so"), tmp_path / "thing.so")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "plugins"


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.sig"))


def test_a_signature_is_installed_with_its_plugin_and_goes_into_the_trash_and_back(plugin, folder):
    signature_path(plugin).write_text("signed")
    target = install(plugin, folder).path
    assert signature_path(target).read_text() == "signed"
    assert [plugin.path for plugin in installed(folder)] == [target]

    trashed = uninstall(target, folder)
    assert not signature_path(target).exists()
    assert signature_path(trashed.path).read_text() == "signed"

    assert restore(trashed) == target
    assert signature_path(target).read_text() == "signed"
    assert len(files(folder)) == 1


def test_a_signature_that_comes_later_is_brought_by_installing_again(plugin, folder):
    target = install(plugin, folder).path
    signature_path(plugin).write_text("signed")

    assert install(plugin, folder).already
    assert signature_path(target).read_text() == "signed"
    assert install(target, folder).already
    assert signature_path(target).read_text() == "signed"


@pytest.mark.parametrize("kind", ["absent", "pipe", "folder", "endless", "long"])
def test_what_cannot_be_a_signature_is_left_behind_and_not_waited_for(kind, plugin, folder):
    place = signature_path(plugin)
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    elif kind == "endless":
        place.symlink_to("/dev/zero")
    elif kind == "long":
        place.write_bytes(bytes(MOST_SIGNATURE_BYTES + 1))

    install(plugin, folder)

    assert files(folder) == []


def test_where_a_download_came_from_stays_with_the_installed_copy(plugin, folder):
    try:
        os.setxattr(plugin, ORIGIN_ATTRIBUTES[0], b"https://example.org/thing.so")
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        pytest.skip("the file system of the tests keeps no extended attributes")

    target = install(plugin, folder).path

    assert os.listxattr(target).count(ORIGIN_ATTRIBUTES[0]) == 1
    assert os.getxattr(target, ORIGIN_ATTRIBUTES[0]) == b"https://example.org/thing.so"
    assert ORIGIN_ATTRIBUTES[1] not in os.listxattr(target)
