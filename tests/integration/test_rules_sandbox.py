"""Each part of a worker's confinement is needed: alone it refuses something, and without it that is done.

One fence is tried at a time, without those behind it, since two of them often refuse the same. System calls and
rights to files have tests of their own: ``test_rules_calls.py``, ``test_rules_folders.py``.
"""

from __future__ import annotations

import errno
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.hosting.hosted_plugin import HostedPlugin
from plugdeck.hosting.launch import PlainLauncher, WorkerCommand
from plugdeck.hosting.limits import Limits
from plugdeck.hosting.outcome import HostError
from plugdeck.hosting.sandbox.confinement import Approval, Permissions, Tier
from plugdeck.hosting.supervisor import Supervisor

from ..native.behaviours import Target
from ..native.targets import made

TRIES = Path(__file__).parent.parent / "native" / "tries.c"


class Changed:
    """Starts workers with another command line: without one of bubblewrap's options, or with other orders.

    ``first`` is Python that they run before anything else: it takes a rule out of what they do to themselves.
    """

    def __init__(
        self, without: tuple[str, ...] = (), instead: tuple[str, ...] = (), *, first: str = "", **orders: object
    ) -> None:
        self._without, self._instead, self._first, self._orders = without, instead, first, orders

    def launch(self, command: WorkerCommand, descriptors: Mapping[int, int]) -> int:
        arguments = list(command.arguments)
        place = next(at for at, word in enumerate(arguments) if word.startswith('{"limits"'))
        arguments[place] = json.dumps({**json.loads(arguments[place]), **self._orders})
        begin, own, main = arguments[place - 1].partition("from plugdeck.hosting.worker_start")
        arguments[place - 1] = f"{begin}{self._first}{own}{main}"
        if self._without:
            count = len(self._without)
            at = next(at for at in range(len(arguments)) if tuple(arguments[at : at + count]) == self._without)
            arguments[at : at + count] = self._instead
        return PlainLauncher().launch(
            WorkerCommand(tuple(arguments), command.environment, command.descriptors), descriptors
        )


NO_FILTER = {"program": ""}
"""Namespaces alone: without the filter, Landlock, and what goes with them."""


@pytest.fixture
def tries(build_plugin) -> Path:
    return build_plugin(TRIES, name="tries.so", flags=["-lpthread"])


@pytest.fixture
def start(patient, needs_tier) -> Iterator[Callable[..., HostedPlugin]]:
    supervisors: list[Supervisor] = []

    def start(path: Path, *, tier: Tier = Tier.SEALED, permissions=Permissions(), **options) -> HostedPlugin:  # noqa: B008
        needs_tier(tier)
        supervisors.append(Supervisor(tier=tier, deadlines=patient, **options))
        plugin = supervisors[-1].host(path, examine(path).manifest, Approval(permissions))
        plugin.start()
        return plugin

    yield start
    for supervisor in supervisors:
        supervisor.close()


NAMESPACES = ("--unshare-net", "--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try")


@pytest.mark.parametrize(
    ("namespace", "behaviour", "target", "refused"),
    [
        ("--unshare-net", "connect-tcp", Target.TCP, errno.ECONNREFUSED),
        ("--unshare-ipc", "share-memory", Target.MEMORY, errno.EINVAL),
        ("--unshare-pid", "kill-other", Target.PROCESS, errno.ESRCH),
    ],
)
def test_each_namespace_hides_what_is_outside_of_it(
    start, native, number_of, tmp_path, namespace, behaviour, target, refused
):
    path = native("misbehave")
    others = tuple(each for each in NAMESPACES if each != namespace)

    def outcome(launcher: Changed) -> int:
        plugin = start(path, launcher=launcher)
        with made(target, tmp_path, path) as told:
            plugin.call("With", told)
            plugin.call("Do", number_of(behaviour))
            return plugin.read("Result")

    assert outcome(Changed(**NO_FILTER)) == refused
    assert outcome(Changed(("--unshare-all",), others, **NO_FILTER)) == 0


@pytest.mark.parametrize(
    ("option", "deed", "refused"),
    [
        (("--disable-userns",), "leave-namespace", errno.ENOSPC),
        (("--cap-drop", "ALL"), "change-root", errno.EPERM),
    ],
)
def test_each_option_of_bubblewrap_refuses_something(start, tries, option, deed, refused):
    if "--cap-drop" in option and os.geteuid():
        pytest.skip("only root has rights to drop")
    assert start(tries, launcher=Changed(**NO_FILTER)).call("Try", deed, "") == refused
    assert start(tries, launcher=Changed(option, **NO_FILTER)).call("Try", deed, "") == 0


def test_the_folder_for_temporary_files_has_an_end(start, native, number_of):
    def outcome(launcher: Changed) -> int:
        plugin = start(native("misbehave"), launcher=launcher)
        plugin.call("With", "/tmp")
        plugin.call("Do", number_of("fill-temporary"))
        return plugin.read("Result")

    assert outcome(Changed(**NO_FILTER)) == errno.ENOSPC
    assert outcome(Changed(("--size", str(64 << 20)), **NO_FILTER)) == 0


def test_namespaces_of_users_cannot_be_forbidden_without_one(start, tries):
    with pytest.raises(HostError):
        start(tries, launcher=Changed(("--unshare-user",)))


def test_a_folder_that_may_be_read_is_bound_for_reading(start, tries, tmp_path):
    file = tmp_path / "diary.txt"
    file.write_text("dear diary")
    readable, folder = Permissions(readable=(os.fspath(tmp_path),)), os.fspath(tmp_path)
    reading, writing = ("--ro-bind-try", folder, folder), ("--bind-try", folder, folder)

    def attempt(launcher: Changed) -> int:
        return start(tries, permissions=readable, launcher=launcher).call("Try", "write", os.fspath(file))

    assert attempt(Changed(**NO_FILTER)) == errno.EROFS
    assert attempt(Changed(reading, writing, **NO_FILTER)) == 0


class Swapping(Changed):
    """Puts a link to something else at a place that has been looked at, right before a worker is started."""

    def __init__(self, place: Path, target: Path, **orders: object) -> None:
        super().__init__(**orders)
        self._place, self._target = place, target

    def launch(self, command: WorkerCommand, descriptors: Mapping[int, int]) -> int:
        if not self._place.is_symlink():
            if self._place.exists():
                self._place.rename(f"{self._place} before")
            self._place.symlink_to(self._target)
        return super().launch(command, descriptors)


@pytest.fixture
def keys(tmp_path) -> Path:
    """A folder that no plugin was allowed."""
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "key").write_text("secret")
    return folder


@pytest.mark.parametrize("tier", [Tier.SEALED, Tier.FILTERED])
@pytest.mark.parametrize("is_writable", [False, True])
@pytest.mark.parametrize("is_there", [False, True])
def test_a_folder_that_is_exchanged_while_a_worker_is_started_is_not_shown_to_it(
    start, tries, tmp_path, keys, tier, is_writable, is_there
):
    """Another plugin may write there; what it puts in its place would be followed by bubblewrap, or by Landlock."""

    def attempt(name: str, **orders: object) -> int:
        folder = tmp_path / name
        if is_there:
            folder.mkdir()
        given = (os.fspath(folder),)
        permissions = Permissions(writable=given) if is_writable else Permissions(readable=given)
        launcher = Swapping(folder, keys, **orders)
        plugin = start(tries, tier=tier, permissions=permissions, launcher=launcher)
        return plugin.call("Try", "write" if is_writable else "read", os.fspath(folder / "key"))

    with pytest.raises(HostError):
        attempt("first")
    assert attempt("second", places=()) == 0


@pytest.mark.parametrize("tier", [Tier.SEALED, Tier.FILTERED])
def test_a_file_beside_a_plugin_that_is_exchanged_while_its_worker_is_started_is_not_shown_to_it(
    start, tries, tmp_path, keys, tier
):
    def attempt(name: str, **orders: object) -> int:
        folder = tmp_path / name
        folder.mkdir()
        path, data = folder / tries.name, folder / "tries.json"
        path.write_bytes(tries.read_bytes())
        data.write_text("{}")
        plugin = start(path, tier=tier, launcher=Swapping(data, keys / "key", **orders))
        return plugin.call("Try", "read", os.fspath(data))

    with pytest.raises(HostError):
        attempt("first")
    assert attempt("second", places=()) == 0


NEEDS_LIBRARY = """
#include "plugdeck.h"
PD_PLUGIN("needs", "1.0.0", "", "MIT", "Needs a library.")
PD_FUNCTION(int, Answer, (void))
int beside(void);
int Answer(void) { return beside(); }
"""


@pytest.mark.parametrize("tier", [Tier.SEALED, Tier.FILTERED])
def test_a_library_that_is_exchanged_while_a_worker_is_started_is_not_shown_to_it(start, build_plugin, tmp_path, tier):
    built = build_plugin('__attribute__((visibility("default"))) int beside(void) { return 1; }', name="libbeside.so")

    def attempt(name: str, **orders: object) -> int:
        library, other = tmp_path / name / "libbeside.so", tmp_path / name / "other" / "lib.so"
        other.parent.mkdir(parents=True)
        for place in (library, other):
            place.write_bytes(built.read_bytes())
        flags = [f"-L{library.parent}", "-lbeside", f"-Wl,--enable-new-dtags,-rpath,{library.parent}"]
        path = build_plugin(NEEDS_LIBRARY, name=f"needs-{name}.so", flags=flags)
        return start(path, tier=tier, launcher=Swapping(library, other, **orders)).call("Answer")

    with pytest.raises(HostError, match="starting"):
        attempt("first")
    assert attempt("second", places=()) == 1


MIB = 1 << 20
GENEROUS = Limits(address_space_bytes=1 << 40, open_files=2048, file_bytes=1 << 40)


@pytest.mark.parametrize(
    ("deed", "told", "refused"),
    [("reserve", "8192", errno.ENOMEM), ("open-many", "1000", errno.EMFILE), ("grow", "large", errno.EFBIG)],
)
def test_each_limit_refuses_something(start, tries, tmp_path, deed, told, refused):
    told = os.fspath(tmp_path / told) if deed == "grow" else told
    assert start(tries, tier=Tier.LIMITED).call("Try", deed, told) == refused
    assert start(tries, tier=Tier.LIMITED, limits=GENEROUS).call("Try", deed, told) == 0


@pytest.mark.parametrize("tier", Tier)
def test_workers_leave_no_core_and_are_the_first_to_go_when_memory_ends(start, tries, tier):
    plugin = start(tries, tier=tier)
    assert plugin.call("Try", "dump-core", "") == errno.EPERM
    assert Path(f"/proc/{plugin.pid}/oom_score_adj").read_text() == "800\n"


OPEN_TO_LOOKS = "from plugdeck.hosting.sandbox import minder; minder._PR_SET_DUMPABLE = 0; "


@pytest.mark.parametrize("tier", [Tier.SEALED, Tier.LIMITED])
def test_a_worker_does_not_get_into_its_minder_since_that_is_not_dumpable(start, tries, tier):
    if tier is Tier.LIMITED and not os.geteuid():
        pytest.skip("root is let in everywhere")

    def attempt(first: str) -> int:
        return start(tries, tier=tier, launcher=Changed(first=first, **NO_FILTER)).call("Try", "parent", "")

    assert attempt("") == errno.EACCES
    assert attempt(OPEN_TO_LOOKS) == 0


LEFT_OPEN = "import os; os.closerange = lambda *given: None; "


@pytest.mark.parametrize("tier", Tier)
def test_a_worker_closes_what_it_inherited(start, tries, tmp_path, descriptors, tier):
    inherited, secret = os.open(tmp_path / "secret", os.O_RDWR | os.O_CREAT), os.fspath(tmp_path / "secret")
    os.set_inheritable(inherited, True)

    def has_it(first: str) -> bool:
        return secret in descriptors(start(tries, tier=tier, launcher=Changed(first=first)).pid)

    try:
        assert not has_it("")
        assert has_it(LEFT_OPEN)
    finally:
        os.close(inherited)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can look into a minder")
@pytest.mark.parametrize("tier", [Tier.SEALED, Tier.LIMITED])
def test_a_minder_keeps_its_line_and_nothing_that_is_the_workers(start, tries, descriptors, until, tier):
    def minder(first: str) -> int:
        return psutil.Process(start(tries, tier=tier, launcher=Changed(first=first)).pid).ppid()

    tidy, untidy = minder(""), minder(LEFT_OPEN)
    until(lambda: len(descriptors(tidy)) == 1)
    assert len(descriptors(untidy)) > 1


# A process with a terminal of its own, as a shell starts one; whoever it starts in another session has none.
IN_TERMINAL = """
import os, sys
from pathlib import Path
from plugdeck.catalogue.examine import examine
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.launch import PlainLauncher
from plugdeck.hosting.sandbox.confinement import Tier
from plugdeck.hosting.supervisor import Supervisor
if sys.argv[2] == "same session":
    os.posix_spawn = lambda *given, spawn=os.posix_spawn, **options: spawn(*given, **{**options, "setsid": False})
os.close(os.open("/dev/tty", os.O_RDONLY))
path = Path(sys.argv[1])
with Supervisor(tier=Tier.LIMITED, deadlines=Deadlines(hello_s=600, load_s=600, call_s=600)) as supervisor:
    plugin = supervisor.host(path, examine(path).manifest)
    plugin.start()
    print("result", plugin.call("Try", "terminal", ""), flush=True)
"""


@pytest.mark.parametrize(("session", "failure"), [("own session", errno.ENXIO), ("same session", 0)])
def test_workers_have_no_terminal_since_they_have_a_session_of_their_own(tries, session, failure):
    pid, terminal = pty.fork()
    if not pid:
        os.execv(sys.executable, [sys.executable, "-c", IN_TERMINAL, os.fspath(tries), session])
    said = b""
    try:
        while chunk := os.read(terminal, 4096):
            said += chunk
    except OSError:  # the terminal is gone with the last process that has it
        pass
    os.close(terminal)
    os.waitpid(pid, 0)
    assert f"result {failure}" in said.decode(), said.decode()


# Starts a worker that never returns, says its number, and waits to be killed.
ABANDONED = """
import sys, threading
from dataclasses import replace
from pathlib import Path
from plugdeck.catalogue.examine import examine
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.launch import PlainLauncher
from plugdeck.hosting.supervisor import Supervisor
class Without:
    def launch(self, command, descriptors):
        kept = tuple(word for word in command.arguments if word != sys.argv[2])
        return PlainLauncher().launch(replace(command, arguments=kept), descriptors)
path = Path(sys.argv[1])
supervisor = Supervisor(launcher=Without(), deadlines=Deadlines(hello_s=600, load_s=600, call_s=600))
plugin = supervisor.host(path, examine(path).manifest)
plugin.start()
print(plugin.pid, flush=True)
plugin.call("Do", int(sys.argv[3]))
"""


@pytest.mark.parametrize("option", ["", "--die-with-parent"])
def test_a_worker_ends_with_whoever_started_it_by_its_rule_alone(
    native, needs_tier, number_of, until, has_ended, option
):
    needs_tier(Tier.SEALED)
    command = [sys.executable, "-c", ABANDONED, native("misbehave"), option, str(number_of("spin"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        worker = psutil.Process(int(supervisor.stdout.readline()))
        supervisor.kill()
    if option:
        assert not has_ended(worker.pid)
        worker.kill()
    until(lambda: has_ended(worker.pid))


DROPPED = """
import os, sys
from plugdeck.hosting.sandbox.capabilities import drop_capabilities
if sys.argv[1] == "drop":
    drop_capabilities()
try:
    os.chroot("/")
except PermissionError:
    sys.exit(1)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to drop")
@pytest.mark.parametrize(("what", "code"), [("drop", 1), ("keep", 0)])
def test_roots_rights_are_dropped_by_the_worker(what, code):
    assert subprocess.run([sys.executable, "-c", DROPPED, what], timeout=60).returncode == code
