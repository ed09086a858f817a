"""Each right that Landlock takes is taken, and by its rule alone: without that rule, something can be done."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import plugdeck
from plugdeck.hosting.sandbox.landlock import Taken, landlock_abi
from plugdeck.hosting.sandbox.visible import SYSTEM_FOLDERS

# Gives up what it is told, tries one thing, and exits with the errno.
TRY = """
import ctypes, fcntl, os, signal, socket, stat, sys
sys.path.insert(0, sys.argv[1])
from plugdeck.hosting.sandbox.landlock import Taken, restrict
folder, deed = sys.argv[2], sys.argv[6]
taken, readable, writable = map(eval, sys.argv[3:6])
os.chdir("/")
if taken is not None:
    restrict(readable, writable, taken=taken)
try:
    exec(deed)
except OSError as failure:
    os._exit(failure.errno)
os._exit(0)
"""
# linux/landlock.h
RIGHTS = {
    "write-file": (1, "os.open(f'{folder}/file', os.O_WRONLY)"),
    "read-file": (2, "os.open(f'{folder}/file', os.O_RDONLY)"),
    "read-folder": (3, "os.listdir(folder)"),
    "remove-folder": (4, "os.rmdir(f'{folder}/empty')"),
    "remove-file": (5, "os.unlink(f'{folder}/file')"),
    "make-character-device": (6, "os.mknod(f'{folder}/new', stat.S_IFCHR | 0o600, os.makedev(1, 3))"),
    "make-folder": (7, "os.mkdir(f'{folder}/new')"),
    "make-file": (8, "os.mknod(f'{folder}/new', stat.S_IFREG | 0o600)"),
    "make-socket": (9, "socket.socket(socket.AF_UNIX).bind(f'{folder}/new')"),
    "make-pipe": (10, "os.mkfifo(f'{folder}/new')"),
    "make-block-device": (11, "os.mknod(f'{folder}/new', stat.S_IFBLK | 0o600, os.makedev(7, 99))"),
    "make-link": (12, "os.symlink('target', f'{folder}/new')"),
    "truncate": (14, "os.truncate(f'{folder}/file', 1)"),
}
NEEDS_ROOT = {"make-character-device", "make-block-device"}
SINCE = {"truncate": 3}


@pytest.fixture
def attempt(tmp_path):
    """``attempt(deed, taken)``: the errno of what was tried after that was given up; 0 when it was done."""
    folder = tmp_path / "user"
    (folder / "empty").mkdir(parents=True)
    (folder / "file").write_text("dear diary")
    (folder / "program").write_bytes(Path("/bin/true").read_bytes())
    (folder / "program").chmod(0o700)
    package = Path(plugdeck.__file__).parent.parent

    def run(deed: str, taken: Taken | None, readable: tuple[str, ...] = (), writable: tuple[str, ...] = ()) -> int:
        given = [repr(taken), repr(readable), repr(writable)]
        command = [sys.executable, "-I", "-S", "-c", TRY, package, folder, *given, deed]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode < 200 and not done.stderr, done.stderr
        return done.returncode

    return run


@pytest.fixture
def all_rights() -> Taken:
    if not (abi := landlock_abi()):
        pytest.skip("this kernel has no Landlock")
    return Taken.by_kernel(abi)


@pytest.mark.parametrize("right", RIGHTS)
def test_each_right_to_files_is_refused_by_its_own_rule(attempt, all_rights, right, tmp_path):
    bit, deed = RIGHTS[right]
    if landlock_abi() < SINCE.get(right, 1):
        pytest.skip("this kernel's Landlock does not have this right")
    if right in NEEDS_ROOT and attempt(deed, None) == errno.EPERM:
        pytest.skip("only root can make devices")
    (tmp_path / "user" / "new").unlink(missing_ok=True)

    assert attempt(deed, all_rights, SYSTEM_FOLDERS) == errno.EACCES
    assert attempt(deed, all_rights._replace(files=all_rights.files & ~(1 << bit)), SYSTEM_FOLDERS) == 0


def test_starting_a_file_is_refused_by_its_rule_where_reading_it_is_not(attempt):
    deed = "os.posix_spawn(f'{folder}/program', ['program'], {})"
    if not landlock_abi():
        pytest.skip("this kernel has no Landlock")
    assert attempt(deed, Taken(files=1 << 0), SYSTEM_FOLDERS) == errno.EACCES
    assert attempt(deed, Taken(files=1 << 3), SYSTEM_FOLDERS) == 0


def test_renaming_between_folders_that_may_be_written_is_allowed_by_its_rule(attempt, all_rights, tmp_path):
    folder = os.fspath(tmp_path / "user")
    deed = "os.rename(f'{folder}/file', f'{folder}/empty/file'); os.rename(f'{folder}/empty/file', f'{folder}/file')"
    if not all_rights.files & 1 << 13:
        pytest.skip("this kernel's Landlock does not have this right")
    assert attempt(deed, all_rights, writable=(folder,)) == 0
    assert attempt(deed, all_rights._replace(files=all_rights.files & ~(1 << 13)), writable=(folder,)) == errno.EXDEV


def test_commands_to_devices_are_refused_by_their_rule(attempt, all_rights):
    deed = "fcntl.ioctl(os.open('/dev/ptmx', os.O_RDONLY | os.O_NOCTTY), 0x5413, bytes(8))"  # TIOCGWINSZ
    if not all_rights.files & 1 << 15:
        pytest.skip("this kernel's Landlock does not have this right")
    seen = (os.path.realpath("/dev/ptmx"),)
    assert attempt(deed, all_rights, seen) == errno.EACCES
    assert attempt(deed, all_rights._replace(files=all_rights.files & ~(1 << 15)), seen) == 0


@pytest.mark.parametrize(
    ("bit", "deed"),
    [
        (0, "socket.socket().bind(('127.0.0.1', 0))"),
        (1, "socket.socket().connect(('127.0.0.1', {port}))"),
    ],
    ids=["bind", "connect"],
)
def test_tcp_is_refused_by_its_rules(attempt, all_rights, bit, deed):
    if not all_rights.tcp:
        pytest.skip("this kernel's Landlock does not have this right")
    with socket.create_server(("127.0.0.1", 0)) as server:
        deed = deed.format(port=server.getsockname()[1])
        assert attempt(deed, all_rights) == errno.EACCES
        assert attempt(deed, all_rights._replace(tcp=all_rights.tcp & ~(1 << bit))) == 0


def test_abstract_sockets_are_refused_by_their_rule(attempt, all_rights):
    if not all_rights.scopes:
        pytest.skip("this kernel's Landlock does not have this right")
    name = f"\0plugdeck-{os.urandom(6).hex()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        deed = f"socket.socket(socket.AF_UNIX).connect({name!r})"
        assert attempt(deed, all_rights) == errno.EPERM
        assert attempt(deed, all_rights._replace(scopes=all_rights.scopes & ~1)) == 0


def test_signals_to_others_are_refused_by_their_rule(attempt, all_rights):
    if not all_rights.scopes:
        pytest.skip("this kernel's Landlock does not have this right")
    assert attempt("os.kill(os.getppid(), 0)", all_rights) == errno.EPERM
    assert attempt("os.kill(os.getppid(), 0)", all_rights._replace(scopes=all_rights.scopes & ~2)) == 0
