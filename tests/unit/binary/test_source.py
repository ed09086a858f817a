"""Files that are no files, and files that change while they are read."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from plugdeck.binary import identity_of, read
from plugdeck.binary.source import open_source
from plugdeck.errors import BinaryFormatError


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(path))


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


NO_FILES = [
    pytest.param(_pipe, "It is a named pipe, not a file", id="named pipe"),
    pytest.param(_socket, "It is a socket, not a file", id="socket"),
    pytest.param(Path.mkdir, "It is a folder, not a file", id="folder"),
    pytest.param(lambda path: path.symlink_to("/dev/zero"), "It is a character device, not a file", id="device"),
    pytest.param(lambda path: path.symlink_to("/nowhere/at/all"), "link whose target does not exist", id="dangling"),
    pytest.param(_loop, "Too many levels of symbolic links", id="link to itself"),
    pytest.param(lambda path: None, "does not exist", id="missing"),
]


@pytest.mark.parametrize(("make", "words"), NO_FILES)
@pytest.mark.parametrize("reader", [read, identity_of])
def test_what_is_no_file_is_named_at_once(
    own_folders: Path, make: Callable[[Path], object], words: str, reader: Callable[[Path], object]
) -> None:
    path = own_folders / "x.so"
    make(path)
    with pytest.raises(BinaryFormatError) as caught:
        reader(path)  # or it would wait for ever
    assert words in str(caught.value)
    assert caught.value.path == path
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["a\0b.so", "x" * 300 + ".so"])
@pytest.mark.parametrize("reader", [read, identity_of])
def test_impossible_name_is_an_error(tmp_path: Path, name: str, reader: Callable[[Path], object]) -> None:
    with pytest.raises(BinaryFormatError):
        reader(tmp_path / name)


def test_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    """In a child that gives up being root, for whom every file is readable."""
    secret = tmp_path / "secret.so"
    secret.write_bytes(b"\x7fELF")
    secret.chmod(0)
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom plugdeck.binary import read\n"
        "folder = os.open(sys.argv[1], os.O_PATH)\nos.fchdir(folder)\n"
        "os.geteuid() or os.setuid(65534)\n"
        "try:\n    read(Path('secret.so'))\nexcept Exception as error:\n    print(repr(error), error.remedy)"
    )
    tmp_path.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", code, os.fspath(tmp_path)], capture_output=True, text=True, timeout=30, check=True
    )
    assert "You may not read the file" in done.stdout
    assert "chmod u+r" in done.stdout


def test_name_with_newline_and_right_to_left_mark_is_read(plugin: Path, tmp_path: Path) -> None:
    path = tmp_path / "a\nb\u202ec.so"
    path.write_bytes(plugin.read_bytes())
    assert read(path).path == path


def test_name_that_is_no_unicode_is_read(plugin: Path, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.so"))
    path.write_bytes(plugin.read_bytes())
    assert read(path).elf is not None


def test_link_is_followed_and_keeps_its_own_name(plugin: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.so"
    link.symlink_to(plugin)
    facts = read(link)
    assert facts.path == link
    assert facts.identity == read(plugin).identity == identity_of(plugin)


def test_identity_tells_a_changed_file(tmp_path: Path) -> None:
    path = tmp_path / "x.so"
    path.write_bytes(b"one")
    before = identity_of(path)
    path.write_bytes(b"more")
    assert identity_of(path) != before


def test_file_cut_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.so"
    path.write_bytes(bytes(100_000))
    with (
        pytest.raises(BinaryFormatError, match="changed while it was being read") as caught,
        open_source(path) as source,
    ):
        os.truncate(path, 50_000)
        source.read(60_000, 100, "the dynamic table")
    assert caught.value.path == path


def test_file_written_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.so"
    path.write_bytes(bytes(100_000))
    with pytest.raises(BinaryFormatError, match="changed while it was being read"), open_source(path) as source:
        with path.open("ab") as file:
            file.write(b"more")
        source.check_unchanged()


def test_no_descriptor_stays_open(plugin: Path, tmp_path: Path, descriptors: Callable[[], list[str]]) -> None:
    bad = tmp_path / "bad.so"
    bad.write_bytes(b"\x7fELF")
    before = Counter(descriptors())
    for _ in range(10):
        read(plugin)
        with pytest.raises(BinaryFormatError):
            read(bad)
    assert Counter(descriptors()) - before == Counter()
