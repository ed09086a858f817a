"""The desktop's own tools judge what is installed, where they are there."""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from plugdeck import desktop_entry, paths
from plugdeck.errors import PlugdeckError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="freedesktop.org's desktops")


def tool(name):
    return shutil.which(name) or pytest.skip(f"{name} is not installed")


def data():
    return Path(os.environ["XDG_DATA_HOME"])


def associations():
    return Path(os.environ["XDG_CONFIG_HOME"]) / "mimeapps.list"


def tree(*roots):
    return {path for root in roots for path in root.rglob("*") if path.is_file()}


def test_install_writes_entry_icons_metadata_and_association():
    written = desktop_entry.install_desktop()
    assert all(path.is_file() for path in written)
    names = {str(path.relative_to(data())) for path in written if path.is_relative_to(data())}
    assert "applications/plugdeck.desktop" in names
    assert "metainfo/org.plugdeck.plugdeck.metainfo.xml" in names
    assert "icons/hicolor/scalable/apps/plugdeck.svg" in names
    assert {f"icons/hicolor/{n}x{n}/apps/plugdeck.png" for n in (16, 24, 32, 48, 64, 128, 256)} <= names
    assert associations() in written
    assert "application/x-sharedlib=plugdeck.desktop;" in associations().read_text()


def test_each_icon_has_the_size_of_its_folder():
    desktop_entry.install_desktop()
    for icon in (data() / "icons" / "hicolor").glob("*x*/apps/plugdeck.png"):
        side = int(icon.parent.parent.name.split("x")[0])
        with Image.open(icon) as picture:
            assert picture.size == (side, side)


def test_the_entry_is_valid_and_starts_this_plugdeck():
    desktop_entry.install_desktop()
    entry = data() / "applications" / "plugdeck.desktop"
    done = subprocess.run([tool("desktop-file-validate"), entry], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    parsed = configparser.RawConfigParser()
    parsed.read(entry)
    command = parsed["Desktop Entry"]["Exec"]
    assert command.endswith(" %F")
    assert command.startswith(f'"{Path(sys.executable).parent}')


def test_the_metadata_is_valid():
    desktop_entry.install_desktop()
    file = data() / "metainfo" / "org.plugdeck.plugdeck.metainfo.xml"
    command = [tool("appstreamcli"), "validate", "--no-net", "--no-color", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_desktops_cache_names_plugdeck_for_shared_objects():
    tool("update-desktop-database")
    desktop_entry.install_desktop()
    cache = data() / "applications" / "mimeinfo.cache"
    assert "application/x-sharedlib=plugdeck.desktop;" in cache.read_text()
    desktop_entry.uninstall_desktop()
    assert "plugdeck" not in cache.read_text()


def test_uninstall_leaves_the_users_own_files_as_they_were():
    associations().write_text("[Default Applications]\napplication/x-sharedlib=hex.desktop\n")
    other = data() / "applications" / "other.desktop"
    other.parent.mkdir()
    other.write_text("[Desktop Entry]\nType=Application\nName=O\nExec=o\n")
    before = {path: path.read_bytes() for path in tree(data())}
    desktop_entry.install_desktop()
    assert "application/x-sharedlib=hex.desktop\n" in associations().read_text()
    removed = desktop_entry.uninstall_desktop()
    assert "plugdeck" not in associations().read_text()
    assert {path: path.read_bytes() for path in tree(data()) if path.name != "mimeinfo.cache"} == before
    assert not any(path.exists() for path in removed if path != associations())


def test_installing_twice_changes_nothing_more_and_uninstalling_twice_is_no_error():
    desktop_entry.install_desktop()
    first = {path: path.read_bytes() for path in tree(data(), associations().parent)}
    assert associations() not in desktop_entry.install_desktop()
    assert {path: path.read_bytes() for path in tree(data(), associations().parent)} == first
    assert desktop_entry.uninstall_desktop()
    assert desktop_entry.uninstall_desktop() == []
    assert not associations().exists()


@pytest.mark.parametrize(
    ("argument", "in_file"),
    [
        ("/opt/a b/plugdeck", '"/opt/a b/plugdeck"'),
        ("/opt/100%/p", '"/opt/100%%/p"'),
        ('/opt/a"$`\\/p', r'"/opt/a\\"\\$\\`\\\\/p"'),
    ],
)
def test_odd_paths_are_quoted_as_the_specification_wants_it(argument, in_file, tmp_path):
    text = desktop_entry.entry_text([argument, "-m"])
    assert f'\nExec={in_file} "-m" %F\n' in text
    file = tmp_path / "plugdeck.desktop"
    file.write_text(text)
    done = subprocess.run([tool("desktop-file-validate"), file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_path_with_a_line_break_is_refused():
    with pytest.raises(PlugdeckError, match="line break"):
        desktop_entry.entry_text(["/opt/a\nExec=evil"])


def test_a_folder_that_cannot_be_written_is_an_error_with_a_remedy(monkeypatch):
    (data() / "applications").write_text("a file where the folder should be")
    with pytest.raises(PlugdeckError) as caught:
        desktop_entry.install_desktop()
    assert caught.value.remedy


def test_a_relative_data_folder_is_ignored_as_the_specification_wants_it(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    desktop_entry.install_desktop()
    assert (tmp_path / ".local/share/applications/plugdeck.desktop").is_file()


def test_the_shipped_template_is_valid():
    template = paths.shipped("resources", "desktop", "plugdeck.desktop")
    done = subprocess.run([tool("desktop-file-validate"), template], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
