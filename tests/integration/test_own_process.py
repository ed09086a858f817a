"""The window keeps to itself, and everything that it does works all the same, for an ordinary user too."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

import pytest

import plugdeck
from plugdeck.hosting.sandbox.own_process import ALLOW_DEBUGGERS

# Protects itself, says so, and does what it is told, a line at a time.
PROTECTED = """
import os, sys
sys.path[:0] = {path!r}
from plugdeck.hosting.sandbox.own_process import protect_own_process
protect_own_process()
print("ready", flush=True)
for line in sys.stdin:
    exec(line.replace(";;", chr(10)), globals())
    print("done", flush=True)
"""
PEEK = "import os, sys; os.close(os.open(f'/proc/{sys.argv[1]}/{sys.argv[2]}', os.O_RDONLY))"
RUN = """
from pathlib import Path;;
from plugdeck.catalogue.examine import examine;;
from plugdeck.hosting.deadlines import Deadlines;;
from plugdeck.hosting.supervisor import Supervisor;;
from plugdeck.hosting.sandbox.confinement import Tier;;
from plugdeck.image import Image, ImageLayout;;
path = Path({plugin!r});;
picture = Image(ImageLayout.packed(64, 48), bytes(range(256)) * 48);;
from plugdeck.hosting.sandbox.offer import offer;;
for tier in list(Tier)[list(Tier).index(offer().tier):]:;;
    with Supervisor(tier=tier, deadlines=Deadlines(hello_s=600, load_s=600, call_s=600)) as supervisor:;;
        plugin = supervisor.host(path, examine(path).manifest);;
        plugin.start();;
        with supervisor.frame(picture) as frame, plugin.transform(frame) as result:;;
            assert result.read().pixels[0] == 255 - picture.pixels[0];;
print(offer().tier, flush=True)
"""
SELF = """
for name in ("maps", "status", "fd", "exe", "task"):;;
    path = f"/proc/self/{name}";;
    os.readlink(path) if name == "exe" else os.listdir(path) if os.path.isdir(path) else open(path).read()
"""


EMPTY: Mapping[str, str] = MappingProxyType({})


def interpreters() -> list[str]:
    """This one, and the system's of the same version, which everybody may run."""
    same = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return [sys.executable, *filter(None, [shutil.which(same, path="/usr/bin:/usr/local/bin")])]


def is_usable(interpreter: str, **options: object) -> bool:
    try:
        command = [interpreter, "-c", "import plugdeck, cffi"]
        return subprocess.run(command, capture_output=True, cwd="/", check=False, **options).returncode == 0
    except OSError:
        return False


@pytest.fixture
def ordinary() -> Callable[..., subprocess.Popen[str]]:
    """``ordinary(code, *arguments)``: starts Python as a user without rights, which this process may be already."""
    user = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(folder for folder in sys.path if folder)
    interpreter = next((each for each in interpreters() if is_usable(each, env=environment, **user)), None)
    if interpreter is None:
        pytest.skip("an ordinary user cannot read this interpreter or this checkout")

    def start(code: str, *arguments: object, env: Mapping[str, str] = EMPTY, **options: object):
        command = [interpreter, "-c", code, *map(str, arguments)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, **pipes, **user, **options, text=True, env={**environment, **env}, cwd="/")

    return start


def protected_code() -> str:
    return PROTECTED.format(path=[os.fspath(Path(plugdeck.__file__).parent.parent)])


def told(process: subprocess.Popen[str], line: str) -> str:
    process.stdin.write(line.replace("\n", "") + "\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


# Some systems keep strangers from memory by themselves (Yama), but not from the environment.
@pytest.mark.parametrize(("allowed", "what"), [("", "mem"), ("", "environ"), ("1", "environ")])
def test_another_process_of_the_same_user_cannot_look_into_it_unless_that_is_allowed(ordinary, allowed, what):
    with ordinary(protected_code(), env={ALLOW_DEBUGGERS: allowed}) as window:
        assert window.stdout.readline() == "ready\n"
        with ordinary(PEEK, window.pid, what) as peeker:
            said = peeker.communicate()[1]
        window.communicate("")
    assert ("PermissionError" in said) is not bool(allowed), said


def test_what_it_reads_of_itself_can_still_be_read(ordinary):
    with ordinary(protected_code()) as window:
        assert window.stdout.readline() == "ready\n"
        assert told(window, SELF) == "done", window.communicate()
        window.communicate("")


def test_an_ordinary_users_window_still_starts_workers_in_every_tier(ordinary, samples):
    with TemporaryDirectory() as folder, ordinary(protected_code()) as window:  # pytest's own are nobody else's
        Path(folder).chmod(0o755)
        plugin = shutil.copy(samples / "invert.so", folder)
        assert window.stdout.readline() == "ready\n"
        assert told(window, RUN.format(plugin=os.fspath(plugin))) in {"A", "B", "C"}, window.communicate()
        window.communicate("")


def test_descriptors_that_it_was_started_with_are_not_handed_on(ordinary):
    reading, writing = os.pipe()
    list_them = 'import subprocess;; print(subprocess.run(["ls", "/proc/self/fd"], close_fds=False,'
    list_them += " capture_output=True, text=True).stdout.split(), flush=True)"
    try:
        with ordinary(protected_code(), pass_fds=(writing,)) as window:
            assert window.stdout.readline() == "ready\n"
            assert str(writing) not in told(window, list_them).strip("[]").replace("'", "").split(", ")
            window.communicate("")
    finally:
        os.close(reading)
        os.close(writing)


WINDOW = """
import ctypes, sys
from pathlib import Path
from plugdeck.app import run_window
from plugdeck.ui import portal, services
def tell(what):
    print(what, ctypes.CDLL(None).prctl(3), flush=True)  # PR_GET_DUMPABLE
greet, make = portal.PortalGreeting.when_done, services.make_services
portal.PortalGreeting.when_done = lambda self, then: greet(self, lambda: (tell("greeted"), then()))
services.make_services = lambda *given: (tell("services"), make(*given))[1]
run_window(screenshot=Path(sys.argv[1]))
"""
WITHOUT_BUS = """
from PySide6.QtGui import QGuiApplication
from plugdeck.ui.portal import PortalGreeting
application = QGuiApplication(["plugdeck"])
PortalGreeting(application).when_done(lambda: print("done", flush=True))
"""


def test_the_window_hides_before_plugins_may_run_and_after_the_desktops_portal_could_look_at_it(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != ALLOW_DEBUGGERS}
    command = [sys.executable, "-c", WINDOW, tmp_path / "w.png"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=100)
    assert done.stdout.splitlines() == ["greeted 1", "services 0"]


def test_without_a_session_bus_nobody_waits_for_the_portal():
    environment = os.environ | {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent", "QT_QPA_PLATFORM": "minimal"}
    command = [sys.executable, "-c", WITHOUT_BUS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100)
    assert done.stdout == "done\n", done.stderr
