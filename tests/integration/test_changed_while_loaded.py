"""A plugin that is opened at its own path: who exchanges the file between its hash and its opening gains nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.hosting.hosted_plugin import HostedPlugin
from plugdeck.hosting.outcome import Ending, HostError, PluginState
from plugdeck.hosting.sandbox.confinement import Tier
from plugdeck.hosting.supervisor import Supervisor

# Its constructor lets the test do something between the moment when the loader has opened the file and its answer.
SOURCE = """
#include <stdio.h>
#include <unistd.h>
#include "plugdeck.h"
PD_PLUGIN("slow", "1.0.0", "", "MIT", "Takes its time.")
PD_FUNCTION(int, Answer, (void))
__attribute__((constructor)) static void load(void) {
  puts("opened");
  while (access("%s", F_OK)) usleep(1000);
}
int Answer(void) { return 7; }
"""
PLAIN = """
#include "plugdeck.h"
PD_PLUGIN("plain", "1.0.0", "", "MIT", "Answers.")
PD_FUNCTION(int, Answer, (void))
int Answer(void) { return 8; }
"""


def replace(path: Path) -> None:
    new = path.with_name("new")
    new.write_bytes(path.read_bytes())
    new.replace(path)


def write(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\7")


def remove(path: Path) -> None:
    path.unlink()


def touch_another(path: Path) -> None:
    path.with_name("another").touch()


class Slow:
    """A plugin that has data beside it, and whose loading waits."""

    def __init__(self, path: Path, gate: Path, until: Callable[..., None]) -> None:
        self.path = path
        self._gate = gate
        self._until = until
        self.failures: list[HostError] = []

    def load_while(self, plugin: HostedPlugin, deed: Callable[[Path], None]) -> None:
        """Loads it, and does something to its file when the loader has opened it."""
        loading = Thread(target=self._load, args=(plugin,))
        loading.start()
        self._until(lambda: any(line.text == "opened" for line in plugin.log.lines()) or not loading.is_alive())
        deed(self.path)
        self._gate.touch()
        loading.join()

    def _load(self, plugin: HostedPlugin) -> None:
        try:
            plugin.start()
        except HostError as failure:
            self.failures.append(failure)


@pytest.fixture
def slow(build_plugin, tmp_path, until) -> Slow:
    folder = tmp_path / "plugins"
    folder.mkdir()
    path, gate = folder / "slow.so", folder / "slow.gate"
    path.write_bytes(build_plugin(SOURCE % gate, name="slow.so").read_bytes())
    path.with_suffix(".json").write_text("{}")
    return Slow(path, gate, until)


@pytest.fixture
def supervisor(request, patient, needs_tier) -> Iterator[Supervisor]:
    tier = getattr(request, "param", Tier.LIMITED)
    needs_tier(tier)
    with Supervisor(tier=tier, deadlines=patient) as supervisor:
        yield supervisor


def host(supervisor: Supervisor, path: Path) -> HostedPlugin:
    manifest = examine(path).manifest
    assert manifest
    return supervisor.host(path, manifest)


@pytest.mark.parametrize("supervisor", [Tier.FILTERED, Tier.LIMITED], indirect=True)
@pytest.mark.parametrize("deed", [replace, write, remove])
def test_a_file_that_changes_while_it_is_loaded_at_its_path_ends_its_process(supervisor, slow, deed):
    plugin = host(supervisor, slow.path)
    slow.load_while(plugin, deed)

    (failure,) = slow.failures
    assert "changed while it was loaded" in str(failure) and "load it again" in str(failure)
    assert (failure.outcome.ending, plugin.state, plugin.pid) == (Ending.REFUSED, PluginState.NOT_LOADED, None)
    if slow.path.exists():
        plugin.start()
        assert plugin.call("Answer") == 7


@pytest.mark.parametrize("supervisor", [Tier.FILTERED, Tier.LIMITED], indirect=True)
def test_what_happens_to_other_files_meanwhile_is_no_matter(supervisor, slow):
    plugin = host(supervisor, slow.path)
    slow.load_while(plugin, touch_another)

    assert (slow.failures, plugin.call("Answer")) == ([], 7)


def test_a_plugin_that_has_no_need_of_its_place_may_be_replaced_while_it_is_loaded(supervisor, slow):
    slow.path.with_suffix(".json").unlink()
    plugin = host(supervisor, slow.path)
    slow.load_while(plugin, replace)

    assert not plugin.is_opened_in_place
    assert (slow.failures, plugin.call("Answer")) == ([], 7)


def test_others_in_its_process_are_started_again_without_it(supervisor, slow, build_plugin, until):
    """They were in one process with code that nobody has allowed."""
    plain = build_plugin(PLAIN, name="plain.so")
    group = supervisor.group()
    other, plugin = (group.add(path, examine(path).manifest) for path in (plain, slow.path))
    other.start()
    old = other.pid
    slow.load_while(plugin, replace)
    until(lambda: other.is_loaded)

    assert (len(slow.failures), plugin.state) == (1, PluginState.NOT_LOADED)
    assert other.pid != old
    assert other.call("Answer") == 8
    plugin.start()
    assert plugin.call("Answer") == 7


def test_a_sealed_plugin_is_loaded_from_its_copy_whatever_becomes_of_the_file(
    build_plugin, needs_tier, tmp_path, until, patient
):
    needs_tier(Tier.SEALED)
    path = tmp_path / "plain.so"
    path.write_bytes(build_plugin(PLAIN, name="plain.so").read_bytes())
    path.with_suffix(".json").write_text("{}")
    with Supervisor(tier=Tier.SEALED, deadlines=patient) as supervisor:
        plugin = host(supervisor, path)
        group = plugin._group
        make = group._start_process

        def make_and_replace(*given: object) -> object:
            process = make(*given)
            replace(path)
            with path.open("ab") as file:
                file.write(os.urandom(8))
            return process

        group._start_process = make_and_replace
        plugin.start()

        assert plugin.is_opened_in_place
        assert plugin.call("Answer") == 8
