"""The worker that is kept warm: who gets it, who does not, and that it is never left behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.hosted_plugin import HostedPlugin
from plugdeck.hosting.outcome import Ending, HostError
from plugdeck.hosting.plugin_log import LogSource, PluginLog
from plugdeck.hosting.sandbox.confinement import Approval, Permissions
from plugdeck.hosting.supervisor import Supervisor

SOURCE = """
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include "plugdeck.h"
PD_PLUGIN("plain", "1.0.0", "", "MIT", "Says a word, or ends.")
PD_FUNCTION(int, Say, (int))
int Say(int number) {
  printf("%d\\n", number);
  fflush(stdout);
  if (!number) abort();
  if (number < 0) raise(SIGKILL);
  return number;
}
"""


class Warm:
    """A supervisor that keeps a spare worker, and the plugin that it hosts again and again."""

    def __init__(self, path: Path, until: Callable[..., None]) -> None:
        self.supervisor = Supervisor(deadlines=Deadlines(hello_s=600, load_s=600, call_s=600), keeps_spare=True)
        self._path, self._until = path, until
        self._manifest = examine(path).manifest

    def host(self, approval: Approval | None = None) -> HostedPlugin:
        assert self._manifest
        return self.supervisor.host(self._path, self._manifest, approval or Approval())

    def spare_pid(self) -> int:
        """The number of the spare worker, once there is one."""
        self._until(lambda: self.supervisor._supply._spare._ready)
        ready = self.supervisor._supply._spare._ready
        assert ready
        return ready[1].pid


@pytest.fixture
def warm(build_plugin, until, monkeypatch, tmp_path) -> Iterator[Warm]:
    (tmp_path / "plenty").write_text("MemAvailable: 100000000 kB\n")  # whatever this machine has left
    monkeypatch.setattr("plugdeck.hosting.spare_worker._MEMORY", tmp_path / "plenty")
    warm = Warm(build_plugin(SOURCE, name="plain.so"), until)
    yield warm
    warm.supervisor.close()


def test_the_second_plugin_gets_the_worker_that_was_made_ready_after_the_first(warm):
    first, second, third = warm.host(), warm.host(), warm.host()
    first.start()
    spare = warm.spare_pid()
    second.start()

    assert second.pid == spare != first.pid
    assert warm.spare_pid() not in {first.pid, second.pid}
    third.start()
    assert len({first.pid, second.pid, third.pid}) == 3
    assert [plugin.call("Say", place) for place, plugin in enumerate((first, second, third), 1)] == [1, 2, 3]


def test_it_can_be_made_ready_before_anything_is_loaded(warm):
    warm.supervisor.prepare()
    spare = warm.spare_pid()
    plugin = warm.host()
    plugin.start()

    assert plugin.pid == spare


def test_what_it_writes_and_how_it_ends_is_told_to_the_plugin_that_got_it(warm, until):
    warm.supervisor.prepare()
    warm.spare_pid()
    plugin = warm.host()
    plugin.start()
    with pytest.raises(HostError) as failure:
        plugin.call("Say", 0)

    assert failure.value.outcome.signal == signal.SIGABRT
    until(lambda: plugin.outcome)
    assert "0" in [line.text for line in plugin.log.lines() if line.source is LogSource.STDOUT]


def test_a_plugin_that_may_do_more_gets_a_process_of_its_own_making(warm, tmp_path):
    warm.supervisor.prepare()
    spare = warm.spare_pid()
    plugin = warm.host(Approval(Permissions(readable=(os.fspath(tmp_path),))))
    plugin.start()

    assert plugin.pid != spare == warm.spare_pid()


def test_a_spare_worker_of_another_environment_is_not_used(warm, monkeypatch):
    warm.supervisor.prepare()
    spare = warm.spare_pid()
    monkeypatch.setenv("LC_ALL", "C")
    plugin = warm.host()
    plugin.start()

    assert plugin.pid != spare


def test_a_spare_worker_that_died_is_not_used_and_is_replaced(warm, until):
    warm.supervisor.prepare()
    spare = warm.spare_pid()
    process = warm.supervisor._supply._spare._ready[1]
    os.kill(spare, signal.SIGKILL)
    until(lambda: not process.is_alive)
    plugin = warm.host()
    plugin.start()

    assert plugin.call("Say", 7) == 7
    until(lambda: (ready := warm.supervisor._supply._spare._ready) and ready[1] is not process)


def test_a_spare_worker_whose_death_nobody_noticed_is_given_back_by_whoever_wanted_it(warm, until, children):
    warm.supervisor.prepare()
    pid = warm.spare_pid()
    spare, is_busy, go_on = warm.supervisor._supply._spare, Event(), Event()
    command, process, _ = spare._ready
    busy = Thread(target=lambda: warm.supervisor._watcher.run(lambda: is_busy.set() or go_on.wait()))
    busy.start()
    try:
        until(is_busy.is_set)
        os.kill(pid, signal.SIGKILL)
        until(process.is_dead)
        assert process.is_alive  # as far as anybody knows
        assert spare.take(command, PluginLog(), lambda outcome: pytest.fail("it was nobody's")) is None
        assert not children()
    finally:
        go_on.set()
        busy.join()


def test_time_and_memory_are_counted_from_when_a_spare_worker_is_taken(warm):
    warm.supervisor.prepare()
    warm.spare_pid()
    child = warm.supervisor._supply._spare._ready[1]._child
    child._began -= 3600
    child._oom_kills -= 1
    plugin, began = warm.host(), monotonic()
    plugin.start()
    with pytest.raises(HostError) as failure:
        plugin.call("Say", -1)

    outcome = failure.value.outcome
    assert (outcome.ending, outcome.signal) == (Ending.CRASHED, signal.SIGKILL)
    assert 0 < outcome.seconds <= monotonic() - began


@pytest.mark.parametrize("is_ready", [True, False])
def test_closing_ends_the_spare_worker_also_one_that_is_being_started(warm, children, is_ready):
    for _ in range(1 if is_ready else 5):
        warm.supervisor.prepare()
        if is_ready:
            warm.spare_pid()
        warm.supervisor.close()
        assert not children()
        warm.supervisor = Supervisor(keeps_spare=True)


def test_none_is_kept_unless_it_is_asked_for(build_plugin):
    path = build_plugin(SOURCE, name="plain.so")
    with Supervisor(deadlines=Deadlines(hello_s=600, load_s=600, call_s=600)) as supervisor:
        supervisor.host(path, examine(path).manifest).start()
        supervisor.prepare()
        assert supervisor._supply._spare._thread is None


@pytest.mark.parametrize(("facts", "is_kept"), [("MemAvailable: 100000 kB\n", False), ("nothing known\n", True)])
def test_none_is_kept_where_memory_is_short(warm, monkeypatch, tmp_path, facts, is_kept):
    (tmp_path / "meminfo").write_text(facts)
    monkeypatch.setattr("plugdeck.hosting.spare_worker._MEMORY", tmp_path / "meminfo")
    warm.supervisor.prepare()
    warm.supervisor._supply._spare._thread.join()

    assert (warm.supervisor._supply._spare._ready is not None) == is_kept
