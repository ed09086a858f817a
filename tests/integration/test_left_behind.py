"""With the user's own rights a plugin can start processes that detach themselves: they end with its own."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
import termios
from dataclasses import replace
from threading import Thread

import psutil
import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.hosting.launch import PlainLauncher
from plugdeck.hosting.outcome import Ending, HostError
from plugdeck.hosting.sandbox.confinement import Tier
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.hosting.wire import LINE_DESCRIPTOR

SOURCE = """
#include "plugdeck.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
PD_PLUGIN("leaver", "1.0.0", "", "MIT", "Leaves processes behind.")
PD_FUNCTION(int, Detach, (int))
PD_FUNCTION(int, StopParent, (void))
PD_FUNCTION(int, SignalGroup, (int))
PD_FUNCTION(int, Crash, (void))

static void detach(void) {
  if (fork()) _exit(0);
  setsid();
}

/* The number of a process whose parent is one that was left, too; they stop themselves when they are told to. */
int Detach(int stopped) {
  int line[2], told = 0;
  if (pipe(line)) return 0;
  const int child = fork();
  if (!child) {
    signal(SIGTERM, SIG_IGN);
    detach();
    if (!fork()) {
      setsid();
      const int own = getpid();
      if (write(line[1], &own, sizeof own) < 0) _exit(1);
    }
    close(line[1]);
    for (;;) stopped ? raise(SIGSTOP) : pause();
  }
  close(line[1]);
  waitpid(child, 0, 0);
  if (read(line[0], &told, sizeof told) < 0) told = 0;
  close(line[0]);
  return told;
}

int StopParent(void) { return kill(getppid(), SIGSTOP); }
int SignalGroup(int number) { return kill(0, number); }
int Crash(void) { return *(volatile int *)0; }
"""
ONE_THAT_DIES = """
import os, sys
from pathlib import Path
from plugdeck.catalogue.examine import examine
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.sandbox.confinement import Tier
from plugdeck.hosting.supervisor import Supervisor
path = Path(sys.argv[1])
patient = Deadlines(hello_s=600, load_s=600, call_s=600)
plugin = Supervisor(tier=Tier.LIMITED, deadlines=patient).host(path, examine(path).manifest)
plugin.start()
print(plugin.pid, plugin.call("Detach", 0), plugin.call("Detach", 1), flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.fixture(scope="module")
def path(build_plugin):
    return build_plugin(SOURCE, name="leaver.so")


@pytest.fixture
def plugin(path, patient):
    with Supervisor(deadlines=replace(patient, stop_s=0.2), tier=Tier.LIMITED) as supervisor:
        plugin = supervisor.host(path, examine(path).manifest)
        plugin.start()
        yield plugin


def detach(plugin, *, stopped):
    left = psutil.Process(plugin.call("Detach", int(stopped)))
    return [left.pid, left.ppid()]


@pytest.mark.parametrize("stopped", [False, True])
def test_what_detached_itself_ends_with_its_plugin(plugin, until, has_ended, stopped):
    left = detach(plugin, stopped=stopped) + detach(plugin, stopped=stopped)
    assert not any(has_ended(pid) for pid in left)
    plugin.stop()
    until(lambda: all(has_ended(pid) for pid in left))


@pytest.mark.parametrize(
    ("call", "number"),
    [(("Crash",), signal.SIGSEGV), *((("SignalGroup", each), each) for each in (signal.SIGTERM, signal.SIGHUP))],
)
def test_how_the_plugin_ended_is_told_beside(plugin, until, has_ended, call, number):
    left = detach(plugin, stopped=False)
    with pytest.raises(HostError) as failure:
        plugin.call(*call)
    assert (failure.value.outcome.ending, failure.value.outcome.signal) == (Ending.CRASHED, number)
    until(lambda: all(has_ended(pid) for pid in left))


class NoDescriptors:
    """``os``, in a process that may open nothing more."""

    def __getattr__(self, name):
        return getattr(os, name)

    def pidfd_open(self, pid):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def test_a_worker_that_could_not_be_got_hold_of_is_ended_by_the_one_that_minds_it(
    path, patient, monkeypatch, until, has_ended
):
    monkeypatch.setattr("plugdeck.hosting.sandbox.line.os", NoDescriptors())
    with Supervisor(deadlines=patient, tier=Tier.LIMITED) as supervisor:
        plugin = supervisor.host(path, examine(path).manifest)
        plugin.start()
        pids = [plugin.pid, *detach(plugin, stopped=True)]
        assert plugin.call("StopParent") == 0
        plugin._group.process.abandon()
        until(lambda: all(has_ended(pid) for pid in pids))


def test_who_awaits_the_end_of_a_worker_keeps_nobody_from_ending_it(plugin, until, monkeypatch):
    monkeypatch.setattr("plugdeck.hosting.child_process._BURIED_MS", 600_000)
    process = plugin._group.process
    waiting = Thread(target=process._child.bury, args=("nothing",))
    waiting.start()
    until(process._child._burying.locked)
    process.abandon()
    waiting.join()
    assert not process.is_alive


def test_who_stops_the_one_that_minds_it_is_ended_all_the_same(plugin, until, has_ended):
    left = detach(plugin, stopped=True)
    assert plugin.call("StopParent") == 0
    plugin.stop()
    until(lambda: all(has_ended(pid) for pid in left))


def test_what_detached_itself_ends_with_the_process_that_started_its_plugin(path, until, has_ended):
    done = subprocess.run([sys.executable, "-c", ONE_THAT_DIES, path], capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == 3
    until(lambda: all(has_ended(pid) for pid in pids))


class Slow:
    """A launcher that is kept from its work until the worker has said who it is."""

    def __init__(self, until):
        self._until = until

    def launch(self, command, descriptors):
        pid = PlainLauncher().launch(command, descriptors)
        line = descriptors[LINE_DESCRIPTOR]
        self._until(lambda: any(fcntl.ioctl(line, termios.TIOCOUTQ, bytes(4))))  # what nobody has read yet
        return pid


def test_the_worker_is_known_from_its_minder_however_late_its_word_is_read(path, patient, until):
    with Supervisor(deadlines=patient, launcher=Slow(until), tier=Tier.LIMITED) as supervisor:
        plugin = supervisor.host(path, examine(path).manifest)
        plugin.start()
        minder = psutil.Process(plugin.pid).parent()
        assert minder and minder.ppid() == os.getpid()
