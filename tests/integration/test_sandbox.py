"""What a confined plugin can do, tier by tier; each forbidden act succeeds in a control without confinement."""

from __future__ import annotations

import errno
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.hosting.hosted_plugin import HostedPlugin
from plugdeck.hosting.outcome import Ending, HostError
from plugdeck.hosting.plugin_log import LogSource
from plugdeck.hosting.sandbox.confinement import NO_PERMISSIONS, Approval, Permissions, Tier
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.paths import cache_folder, config_folder, data_folder

TRIES = Path(__file__).parent.parent / "native" / "tries.c"
CONFINED = (Tier.SEALED, Tier.FILTERED)
OUT_OF_SIGHT = {errno.ENOENT, errno.ESRCH}


@pytest.fixture
def start(build_plugin, patient, needs_tier) -> Iterator[Callable[..., HostedPlugin]]:
    supervisors: list[Supervisor] = []

    def start(tier: Tier, permissions: Permissions = NO_PERMISSIONS, path: Path | None = None) -> HostedPlugin:
        needs_tier(tier)
        path = path or build_plugin(TRIES, name="tries.so", flags=["-lpthread"])
        supervisors.append(Supervisor(tier=tier, deadlines=patient))
        manifest = examine(path).manifest
        assert manifest
        plugin = supervisors[-1].host(path, manifest, Approval(permissions))
        plugin.start()
        return plugin

    yield start
    for supervisor in supervisors:
        supervisor.close()


@pytest.fixture
def prize(tmp_path: Path) -> Path:
    """A file of the user's."""
    file = tmp_path / "diary.txt"
    file.write_text("dear diary")
    return file


@pytest.fixture
def listeners(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Sockets of all kinds that somebody listens on, by what ``Try`` is told."""
    tcp = socket.create_server(("127.0.0.1", 0))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    local, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    with tcp, udp, local, abstract:
        local.bind(os.fspath(tmp_path / "s"))
        name = f"plugdeck-test-{os.getpid()}"
        abstract.bind(f"\0{name}")
        local.listen()
        abstract.listen()
        yield {
            "tcp": str(tcp.getsockname()[1]),
            "udp": str(udp.getsockname()[1]),
            "local": os.fspath(tmp_path / "s"),
            "abstract": name,
        }


FILE_DEEDS = ["read", "list", "write", "create", "truncate", "unlink", "make-folder", "make-link", "make-pipe", "chmod"]
SOCKET_DEEDS = ["tcp", "udp", "local", "abstract"]
PROCESS_DEEDS = ["fork", "spawn", "signal", "peek", "follow"]


def target(deed: str, prize: Path) -> str:
    match deed:
        case "list":
            return os.fspath(prize.parent)
        case "create" | "make-folder" | "make-link" | "make-pipe":
            return os.fspath(prize.with_name("new"))
        case "spawn":
            return "/usr/bin/true"
        case "signal" | "peek" | "follow":
            return str(os.getpid())
    return os.fspath(prize)


@pytest.mark.parametrize("deed", [*FILE_DEEDS, *PROCESS_DEEDS])
def test_without_confinement_a_plugin_can_do_what_the_user_can(start, prize, deed):
    assert start(Tier.LIMITED).call("Try", deed, target(deed, prize)) == 0


@pytest.mark.parametrize("tier", CONFINED)
@pytest.mark.parametrize("deed", FILE_DEEDS)
def test_a_confined_plugin_cannot_reach_the_users_files(start, prize, deed, tier):
    failure = start(tier).call("Try", deed, target(deed, prize))

    assert failure in {errno.EPERM, errno.EACCES, errno.ENOENT, errno.EROFS}
    assert prize.read_text() == "dear diary"
    assert list(prize.parent.iterdir()) == [prize]


@pytest.mark.parametrize("tier", CONFINED)
@pytest.mark.parametrize("deed", PROCESS_DEEDS)
def test_a_confined_plugin_cannot_start_or_touch_another_process(start, prize, deed, tier):
    assert start(tier).call("Try", deed, target(deed, prize)) in {errno.EPERM, *OUT_OF_SIGHT}


@pytest.mark.parametrize("deed", SOCKET_DEEDS)
def test_without_confinement_a_plugin_can_connect(start, listeners, deed):
    assert start(Tier.LIMITED).call("Try", deed, listeners[deed]) == 0


@pytest.mark.parametrize("tier", CONFINED)
@pytest.mark.parametrize("deed", SOCKET_DEEDS)
def test_a_confined_plugin_cannot_connect_to_anything(start, listeners, deed, tier):
    assert start(tier).call("Try", deed, listeners[deed]) == errno.EPERM


@pytest.mark.parametrize("tier", CONFINED)
@pytest.mark.parametrize("deed", ["signal-all", "leave-namespace", "ring"])
def test_a_confined_plugin_cannot_use_what_attacks_begin_with(start, deed, tier):
    assert start(tier).call("Try", deed, "") == errno.EPERM


@pytest.mark.parametrize("tier", Tier)
def test_threads_work_in_every_tier(start, tier):
    assert start(tier).call("Try", "thread", "") == 0


@pytest.mark.parametrize("tier", CONFINED)
def test_what_was_refused_is_in_the_log_once_for_each_kind(start, tier):
    plugin = start(tier)
    for _ in range(5):
        plugin.call("Try", "fork", "")
        plugin.call("Try", "tcp", "1")
    plugin.stop()

    said = [line.text for line in plugin.log.lines() if line.source is LogSource.HOST]
    assert [text.partition(",")[0] for text in said] == [
        "It tried to start another process",
        "It tried to open a network or other socket",
    ]


@pytest.mark.parametrize("tier", CONFINED)
def test_thousands_of_refusals_leave_the_worker_usable(start, tier):
    plugin = start(tier)
    for _ in range(1000):
        assert plugin.call("Try", "tcp", "1") in {errno.EPERM, errno.ENOSYS}
    assert plugin.call("Try", "thread", "") == 0


@pytest.mark.parametrize("tier", CONFINED)
def test_a_folder_that_is_allowed_can_be_read_and_no_more(start, prize, tier):
    plugin = start(tier, Permissions(readable=(os.fspath(prize.parent),)))

    assert plugin.call("Try", "read", os.fspath(prize)) == 0
    assert plugin.call("Try", "write", os.fspath(prize)) in {errno.EACCES, errno.EROFS}


@pytest.mark.parametrize("tier", CONFINED)
def test_a_folder_that_may_be_written_can_be_written(start, prize, tier):
    plugin = start(tier, Permissions(writable=(os.fspath(prize.parent),)))

    assert plugin.call("Try", "create", os.fspath(prize.with_name("new"))) == 0
    assert plugin.call("Try", "unlink", os.fspath(prize)) == 0
    assert not prize.exists()


@pytest.mark.parametrize("granted", ["x", "x/plugdeck", "x/plugdeck/plugins"])
@pytest.mark.parametrize("folder_of", [config_folder, data_folder, cache_folder])
def test_what_plugdeck_decides_by_is_never_written_by_a_plugin(start, monkeypatch, tmp_path, folder_of, granted):
    """Otherwise one that may write to the home folder could say yes to any other."""
    for kind in ("CONFIG", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", os.fspath(tmp_path / "x"))
    kept = folder_of() / "plugins" / "decisions"
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")
    permissions = Permissions(writable=(os.fspath(tmp_path / granted),))

    plugin = start(Tier.SEALED, permissions)
    assert plugin.call("Try", "write", os.fspath(kept)) in {errno.EACCES, errno.EROFS}
    if granted == "x":
        assert plugin.call("Try", "create", os.fspath(tmp_path / "x" / "new")) == 0
    with pytest.raises(HostError, match="holds Plugdeck's own files"):
        start(Tier.FILTERED, permissions)
    assert kept.read_text() == "mine"


@pytest.fixture
def decisions(monkeypatch, tmp_path) -> Path:
    """A file that Plugdeck decides by, two folders below one that a plugin may write to."""
    for kind in ("CONFIG", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", os.fspath(tmp_path / "x" / "y" / "z"))
    return data_folder() / "decisions"


def test_the_folders_above_plugdecks_own_are_not_renamed_by_a_plugin_that_may_write_there(start, decisions, tmp_path):
    """What was mounted read-only would go along, and the plugin would make another in its place."""
    decisions.parent.mkdir(parents=True)
    decisions.write_text("mine")
    plugin = start(Tier.SEALED, Permissions(writable=(os.fspath(tmp_path / "x"),)))

    for folder in (tmp_path / "x" / "y", tmp_path / "x" / "y" / "z", decisions.parent):
        assert plugin.call("Try", "rename", os.fspath(folder)) == errno.EBUSY
        assert plugin.call("Try", "remove-folder", os.fspath(folder)) in {errno.EBUSY, errno.ENOTEMPTY}
    assert plugin.call("Try", "create", os.fspath(tmp_path / "x" / "y" / "new")) == 0
    assert plugin.call("Try", "rename", os.fspath(tmp_path / "x" / "y" / "new")) == 0
    assert decisions.read_text() == "mine"


def test_plugdecks_own_folder_is_not_made_by_a_plugin(start, decisions, tmp_path):
    """Before the first decision there is none, and a plugin would own what it had made."""
    (tmp_path / "x").mkdir()
    plugin = start(Tier.SEALED, Permissions(writable=(os.fspath(tmp_path / "x"),)))

    assert plugin.call("Try", "create", os.fspath(decisions)) == errno.EROFS
    assert stat.S_IMODE(decisions.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("tier", CONFINED)
def test_a_link_to_plugdecks_own_folders_is_not_given_to_a_plugin(start, decisions, tmp_path, tier):
    """No mount keeps a link from being replaced by another."""
    (tmp_path / "x" / "y").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "x" / "y" / "z").symlink_to("../../elsewhere")

    for granted in ("x", "x/y"):
        with pytest.raises(HostError, match="Plugdeck's own files"):
            start(tier, Permissions(writable=(os.fspath(tmp_path / granted),)))
    start(tier, Permissions(readable=(os.fspath(tmp_path / "x"),)))


@pytest.mark.parametrize("tier", CONFINED)
@pytest.mark.parametrize("is_writable", [False, True])
def test_a_folder_that_has_become_a_link_is_not_given_to_a_plugin(start, prize, tmp_path, tier, is_writable):
    """A plugin that may write beside it can put a link there, to where another one is to read."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "tables").symlink_to(prize.parent)

    for path in (tmp_path / "pictures" / "tables", tmp_path / "pictures" / "tables" / "pictures"):
        given = (os.fspath(path),)
        with pytest.raises(HostError, match=f"leads to {re.escape(os.path.realpath(path))} now"):
            start(tier, Permissions(writable=given) if is_writable else Permissions(readable=given))


@pytest.mark.parametrize("tier", CONFINED)
def test_a_plugin_with_network_can_connect_to_the_internet_but_not_to_local_sockets(start, listeners, tier):
    plugin = start(tier, Permissions(network=True))

    assert plugin.call("Try", "tcp", listeners["tcp"]) == 0
    assert plugin.call("Try", "udp", listeners["udp"]) == 0
    assert plugin.call("Try", "local", listeners["local"]) == errno.EPERM
    assert plugin.call("Try", "abstract", listeners["abstract"]) == errno.EPERM


@pytest.mark.parametrize("tier", CONFINED)
def test_variables_of_the_user_do_not_reach_a_plugin(start, monkeypatch, tier):
    monkeypatch.setenv("MY_TOKEN", "secret")
    monkeypatch.setenv("LC_MESSAGES", "C")
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.rtld.optional_static_tls=1024")
    plugin = start(tier)

    assert plugin.call("Variable", "MY_TOKEN") is None
    assert plugin.call("Variable", "DBUS_SESSION_BUS_ADDRESS") is None
    assert plugin.call("Variable", "LC_MESSAGES") == "C"
    assert plugin.call("Variable", "GLIBC_TUNABLES") == "glibc.rtld.optional_static_tls=1024"  # the verdict counts it


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("ended_by", [signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM, signal.SIGKILL])
def test_a_death_by_signal_and_an_exit_code_that_looks_like_it_are_told_apart(start, tier, ended_by):
    with pytest.raises(HostError) as failure:
        start(tier).call("Leave", -ended_by)
    assert (failure.value.outcome.ending, failure.value.outcome.signal) == (Ending.CRASHED, ended_by)

    with pytest.raises(HostError) as failure:
        start(tier).call("Leave", 128 + ended_by)
    assert (failure.value.outcome.ending, failure.value.outcome.exit_code) == (Ending.EXITED, 128 + ended_by)


BESIDE = """
#include "plugdeck.h"
PD_PLUGIN("beside", "1.0.0", "", "MIT", "Needs the library beside it.")
PD_FUNCTION(int, Answer, (void))
int beside(void);
int Answer(void) { return beside(); }
"""


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("by_place", [True, False])
def test_libraries_that_the_verdict_found_are_found_in_every_tier(start, build_plugin, tmp_path, tier, by_place):
    library = build_plugin(
        '__attribute__((visibility("default"))) int beside(void) { return 41; }', name="libbeside.so"
    )
    folder = tmp_path / "with a space"
    folder.mkdir()
    (folder / library.name).write_bytes(library.read_bytes())
    runpath = "$ORIGIN" if by_place else os.fspath(folder)
    flags = [f"-L{folder}", "-lbeside", f"-Wl,--enable-new-dtags,-rpath,{runpath}"]
    built = build_plugin(BESIDE, name=f"beside-{by_place}-{tier}.so", flags=flags)
    plugin = folder / built.name
    plugin.write_bytes(built.read_bytes())

    assert start(tier, path=plugin).call("Answer") == 41


@pytest.mark.parametrize("tier", CONFINED)
def test_a_plugin_sees_data_of_its_own_name_beside_it_and_nothing_else_there(start, build_plugin, tmp_path, tier):
    built = build_plugin(TRIES, name="tries.so", flags=["-lpthread"])
    plugin = tmp_path / "tries.so"
    plugin.write_bytes(built.read_bytes())
    for name in ("tries.json", "other.json"):
        (tmp_path / name).write_text("{}")
    loaded = start(tier, path=plugin)

    assert loaded.call("Try", "read", os.fspath(tmp_path / "tries.json")) == 0
    assert loaded.call("Try", "write", os.fspath(tmp_path / "tries.json")) in {errno.EACCES, errno.EROFS}
    assert loaded.call("Try", "read", os.fspath(tmp_path / "other.json")) in {errno.EACCES, errno.ENOENT}


@pytest.mark.parametrize("tier", CONFINED)
def test_a_link_beside_a_plugin_shows_it_nothing(start, build_plugin, tmp_path, tier):
    """An archive may have links in it, which lead to the user's keys from wherever it is unpacked."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "key").write_text("secret")
    folder = tmp_path / "unpacked"
    folder.mkdir()
    for name in ("tries.so", ".so"):
        (folder / name).write_bytes(build_plugin(TRIES, name="tries.so", flags=["-lpthread"]).read_bytes())
    (folder / "tries.json").symlink_to("../home/key")
    (folder / ".netrc").write_text("password")
    loaded, nameless = (start(tier, path=folder / name) for name in ("tries.so", ".so"))

    for place in (folder / "tries.json", tmp_path / "home" / "key"):
        assert loaded.call("Try", "read", os.fspath(place)) in {errno.EACCES, errno.ENOENT}
    assert nameless.call("Try", "read", os.fspath(folder / ".netrc")) in {errno.EACCES, errno.ENOENT}


@pytest.mark.parametrize("tier", CONFINED)
def test_a_plugin_named_by_a_relative_path_is_found_by_its_worker(start, build_plugin, tmp_path, monkeypatch, tier):
    built = build_plugin(TRIES, name="tries.so", flags=["-lpthread"])
    (tmp_path / "tries.so").write_bytes(built.read_bytes())
    (tmp_path / "tries.json").write_text("{}")
    monkeypatch.chdir(tmp_path)

    assert start(tier, path=Path("tries.so")).call("Try", "read", os.fspath(tmp_path / "tries.json")) == 0


@pytest.mark.parametrize("tier", CONFINED)
def test_a_plugin_that_is_allowed_more_shares_that_with_no_other(build_plugin, patient, needs_tier, prize, tier):
    needs_tier(tier)
    path = build_plugin(TRIES, name="tries.so", flags=["-lpthread"])
    manifest = examine(path).manifest
    with Supervisor(tier=tier, deadlines=patient) as supervisor:
        group = supervisor.group()
        first = group.add(path, manifest)
        first.start()
        assert first.call("Try", "read", os.fspath(prize))
        second = group.add(path, manifest, Approval(Permissions(readable=(os.fspath(prize.parent),))))
        second.start()
        assert second.call("Try", "read", os.fspath(prize)) == 0
        assert first.call("Try", "read", os.fspath(prize))
        assert first.pid != second.pid


WITH_TERMINAL = """
import fcntl, sys, termios
from pathlib import Path
from plugdeck.catalogue.examine import examine
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.sandbox.confinement import Tier
from plugdeck.hosting.supervisor import Supervisor
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
open("/dev/tty").close()
path = Path(sys.argv[1])
with Supervisor(tier=Tier(sys.argv[2]), deadlines=Deadlines(hello_s=600, load_s=600, call_s=600)) as supervisor:
    plugin = supervisor.host(path, examine(path).manifest)
    plugin.start()
    print(plugin.call("Try", "read", "/dev/tty"))
"""


@pytest.mark.parametrize("tier", Tier)
def test_a_plugin_has_no_terminal_though_plugdeck_was_started_from_one(build_plugin, needs_tier, tier):
    needs_tier(tier)
    path = build_plugin(TRIES, name="tries.so", flags=["-lpthread"])
    ours, theirs = os.openpty()
    try:
        command = [sys.executable, "-c", WITH_TERMINAL, os.fspath(path), tier]
        done = subprocess.run(
            command, stdin=theirs, capture_output=True, text=True, start_new_session=True, check=False
        )
    finally:
        os.close(ours)
        os.close(theirs)

    none = {errno.ENXIO, errno.EACCES} if tier is Tier.FILTERED else {errno.ENXIO}  # where it is out of reach besides
    assert int(done.stdout) in none, done.stderr
