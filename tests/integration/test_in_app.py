"""Plugins inside Plugdeck itself: tried first, noted before, and named and refused after a crash of all of it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.hosts import Hosts
from plugdeck.hosting.in_app import InAppPlugin
from plugdeck.hosting.in_app_journal import InAppJournal
from plugdeck.hosting.outcome import Ending, HostError, PluginState
from plugdeck.hosting.sandbox.confinement import Approval, Tier
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.image import Image, ImageLayout

# No worker is late because the machine is busy.
PATIENT = Deadlines(hello_s=600, load_s=600, call_s=600)
# It knows by the frame's size whether it is tried, and by its environment whether it is inside.
SOURCE = """
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "plugdeck.h"
PD_PLUGIN("inside", "1.0.0", "", "MIT", "Crashes where it is told to.")
PD_IMAGE_TRANSFORM(1, "pointwise")
PD_FUNCTION(int, Do, (int))
static int is_inside(void) { return getenv("INSIDE") != NULL; }
__attribute__((constructor)) static void load(void) { if (is_inside() && !strcmp(getenv("INSIDE"), "load")) abort(); }
int Do(int how) { if (how) abort(); return 7; }
int Transform(const pd_image *in, pd_image *out) {
  memcpy(out->data, in->data, (size_t)in->stride * in->height);
  if (is_inside() && !strcmp(getenv("INSIDE"), "Transform")) _exit(3);
  %s
  return 0;
}
"""
RUN = """
import sys
from pathlib import Path
from plugdeck.catalogue.examine import examine
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.hosts import Hosts
from plugdeck.hosting.in_app_journal import InAppJournal
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.image import Image, ImageLayout
path, folder, deed = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
with Supervisor(deadlines=Deadlines(hello_s=600, load_s=600, call_s=600)) as supervisor:
    plugin = Hosts(supervisor, journal=InAppJournal(folder)).host(path, examine(path).manifest, mode=HostingMode.IN_APP)
    plugin.start()
    print("loaded", flush=True)
    if deed == "wait":
        sys.stdin.read()
    elif deed == "Do":
        plugin.call("Do", 1)
    else:
        layout = ImageLayout.packed(32, 32)
        plugin.transform(supervisor.frame(Image(layout, bytes(layout.size_bytes))))
"""

TOLD = """
    try:
        plugin.start()
    except Exception as failure:
        print(failure)
    print(plugin.state)
    sys.exit()
"""


@pytest.fixture
def plugin(build_plugin) -> Path:
    return build_plugin(SOURCE % "", name="inside.so")


@pytest.fixture
def journal(tmp_path) -> InAppJournal:
    return InAppJournal(tmp_path / "in-app")


def application(plugin: Path, journal: InAppJournal, deed: str = "", inside: str = "no") -> subprocess.Popen[str]:
    """Another instance of Plugdeck, with the plugin inside."""
    command = [sys.executable, "-c", RUN, os.fspath(plugin), os.fspath(journal.folder), deed]
    environment = {**os.environ, "INSIDE": inside}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def load(plugin: Path, journal: InAppJournal, approval: Approval | None = None) -> InAppPlugin:
    with Supervisor(deadlines=PATIENT) as supervisor:
        manifest = examine(plugin).manifest
        assert manifest
        made = Hosts(supervisor, mode=HostingMode.IN_APP, journal=journal).host(
            plugin, manifest, approval or Approval()
        )
        assert isinstance(made, InAppPlugin)
        made.start()
        return made


def is_mapped(plugin: Path) -> bool:
    """Whether this process holds code from the file, or from a copy that is called so."""
    maps = Path("/proc/self/maps").read_text()
    return os.fspath(plugin) in maps or f"memfd:{plugin.name}" in maps


@pytest.mark.parametrize(
    ("deed", "inside", "doing"), [("", "load", "loading"), ("Do", "no", "Do"), ("", "Transform", "Transform")]
)
def test_a_crash_of_plugdeck_names_the_plugin_at_the_next_start_and_refuses_it(plugin, journal, deed, inside, doing):
    with application(plugin, journal, deed, inside) as crashing:
        crashing.communicate()
    assert crashing.returncode

    (crash,) = journal.crashes()
    assert (crash.name, crash.doing) == ("inside", doing)
    assert crash.sha256 == hashlib.sha256(plugin.read_bytes()).hexdigest()
    with pytest.raises(HostError, match="came to a bad end") as failure:
        load(plugin, InAppJournal(journal.folder))
    assert failure.value.outcome.ending is Ending.REFUSED


def test_what_the_user_lifts_is_tried_again(build_plugin, journal):
    plugin = build_plugin(SOURCE % "/* lifted */", name="inside.so")
    with application(plugin, journal, inside="load") as crashing:
        crashing.communicate()
    (crash,) = journal.crashes()
    journal.lift(crash.sha256)

    assert journal.crashes() == ()
    assert load(plugin, journal).state is PluginState.LOADED


def test_a_clean_end_leaves_nothing(plugin, journal):
    with application(plugin, journal) as ending:
        ending.communicate()
    assert not ending.returncode

    assert journal.crashes() == ()
    assert list(journal.folder.iterdir()) == []


def test_an_instance_that_runs_is_no_crash_and_one_that_is_killed_is(plugin, journal):
    with application(plugin, journal, "wait") as running:
        assert running.stdout and running.stdout.readline() == "loaded\n"
        assert journal.crashes() == ()
        running.kill()
        running.communicate()

    assert [(crash.name, crash.doing) for crash in journal.crashes()] == [("inside", "")]
    assert [crash.name for crash in InAppJournal(journal.folder).crashes()] == ["inside"]


def test_a_plugin_that_fails_its_trial_is_never_opened_inside(build_plugin, journal):
    plugin = build_plugin(SOURCE % "if (in->width == 16) abort();", name="untried.so")

    with pytest.raises(HostError, match="SIGABRT"):
        load(plugin, journal)
    assert not journal.folder.exists()
    assert not is_mapped(plugin)


def test_without_a_note_on_disk_it_is_not_opened(build_plugin, tmp_path):
    plugin = build_plugin(SOURCE % "/* unnoted */", name="unnoted.so")
    (tmp_path / "file").touch()

    with pytest.raises(PlugdeckError, match="cannot be noted"):
        load(plugin, InAppJournal(tmp_path / "file" / "in-app"))
    assert not is_mapped(plugin)


@pytest.mark.parametrize("approval", [Approval(sha256="0" * 64), Approval(lowest_tier=Tier.FILTERED)])
def test_inside_runs_only_what_the_user_said_yes_to(build_plugin, journal, approval):
    plugin = build_plugin(SOURCE % "/* unapproved */", name="unapproved.so")

    with pytest.raises(HostError):
        load(plugin, journal, approval)
    assert not is_mapped(plugin)


def test_a_damaged_note_refuses_its_plugin_too(journal):
    journal.folder.mkdir()
    for place, content in enumerate((b"", b"\xff" * 200, b" " * 128 + b"[[", b" " * 128 + b'{"name": 3}')):
        (journal.folder / f"{place:064x}-0.mark").write_bytes(content)
    (journal.folder / f"{9:064x}-0.mark").symlink_to("/dev/zero")
    os.mkfifo(journal.folder / f"{8:064x}.crash")

    assert {crash.sha256[-1] for crash in journal.crashes()} == {"0", "1", "2", "3", "8"}
    assert all(crash.sentence for crash in journal.crashes())


def test_pictures_are_made_inside(plugin, journal):
    layout = ImageLayout.packed(4, 4)
    with Supervisor(deadlines=PATIENT) as supervisor:
        inside = Hosts(supervisor, journal=journal).host(plugin, examine(plugin).manifest, mode=HostingMode.IN_APP)
        inside.start()
        with supervisor.frame(Image(layout, bytes(range(64)))) as frame, inside.transform(frame) as result:
            assert bytes(result.read().pixels) == bytes(range(64))
        assert inside.call("Do", 0) == 7
        assert is_mapped(plugin)


class Swapping:
    """A supervisor whose trials end with another file in the plugin's place, as a plugin that may write there could."""

    def __init__(self, supervisor: Supervisor, path: Path, other: Path) -> None:
        self.frames, self.frame = supervisor.frames, supervisor.frame
        self._supervisor = supervisor
        self._path = path
        self._other = other

    def host(self, *given):
        trial = self._supervisor.host(*given)
        stop = trial.stop

        def swap() -> None:
            stop()
            replace(self._path, self._other)

        trial.stop = swap
        return trial


def replace(path: Path, other: Path) -> None:
    new = path.with_name("new")
    new.write_bytes(other.read_bytes())
    new.replace(path)


@pytest.fixture
def two(build_plugin, plugin, tmp_path) -> tuple[Path, Path]:
    """A plugin in a folder of its own, and another that says the same of itself and answers 8 rather than 7."""
    path, other = tmp_path / "inside.so", build_plugin((SOURCE % "").replace("return 7", "return 8"), name="other.so")
    path.write_bytes(plugin.read_bytes())
    return path, other


def test_the_bytes_that_were_tried_are_opened_whatever_lies_there_by_then(two, journal):
    path, other = two
    with Supervisor(deadlines=PATIENT) as supervisor:
        inside = InAppPlugin(path, examine(path).manifest, Swapping(supervisor, path, other), journal=journal)
        inside.start()

        assert path.read_bytes() == other.read_bytes()
        assert inside.call("Do", 0) == 7


def test_other_bytes_at_a_place_that_a_plugin_needs_are_not_opened(two, journal):
    path, other = two
    path.with_suffix(".json").write_text("{}")
    with Supervisor(deadlines=PATIENT) as supervisor:
        inside = InAppPlugin(path, examine(path).manifest, Swapping(supervisor, path, other), journal=journal)
        with pytest.raises(HostError, match="has changed since it was tried"):
            inside.start()

    assert inside.state is PluginState.NOT_LOADED
    assert os.fspath(path) not in Path("/proc/self/maps").read_text()


def test_a_file_that_changes_while_it_is_opened_at_its_place_is_not_used(build_plugin, journal, tmp_path):
    """Which of the two was opened is not known; it is in this process all the same, and noted."""
    path, new = tmp_path / "inside.so", tmp_path / "new"
    swap = f'if (is_inside()) rename("{new}", "{path}");'
    source = "#include <stdio.h>\n" + (SOURCE % "").replace("abort(); }\nint Do", f"abort(); {swap} }}\nint Do")
    path.write_bytes(build_plugin(source, name="inside.so").read_bytes())
    path.with_suffix(".json").write_text("{}")
    new.write_bytes(path.read_bytes())
    code = RUN.replace("    plugin.start()\n", TOLD)
    command = [sys.executable, "-c", code, os.fspath(path), os.fspath(journal.folder), "Do"]
    done = subprocess.run(command, env={**os.environ, "INSIDE": "yes"}, capture_output=True, text=True)

    assert "changed while it was opened" in done.stdout and "start it again" in done.stdout
    assert done.stdout.endswith("not loaded\n")


def test_a_new_file_is_opened_beside_the_code_of_the_old_one_after_a_trial_of_its_own(two, journal):
    path, other = two
    hashes = {hashlib.sha256(file.read_bytes()).hexdigest() for file in two}
    with Supervisor(deadlines=PATIENT) as supervisor:
        hosts = Hosts(supervisor, mode=HostingMode.IN_APP, journal=journal)
        old = hosts.host(path, examine(path).manifest)
        old.start()
        replace(path, other)
        new = hosts.host(path, examine(path).manifest)
        new.start()

        assert (old.call("Do", 0), new.call("Do", 0)) == (7, 8)
        old.restart()
        assert old.call("Do", 0) == 8
    assert {mark.name.partition("-")[0] for mark in journal.folder.iterdir()} == hashes
