"""Nothing is left behind: no process, descriptor, thread or memory, however often and however it ends."""

from __future__ import annotations

import errno
import os
import resource
import select
import signal
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.hosting.launch import PlainLauncher, WorkerCommand
from plugdeck.hosting.outcome import Ending, HostError, PluginState
from plugdeck.hosting.sandbox.confinement import Tier
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.image import Image, ImageLayout

# Answers everything, and starts five times faster than a worker that can open plugins.
QUICK = """
import socket, struct
line = socket.socket(fileno=3)
def say(kind, request, body):
    line.send(struct.pack("<2sBBII", b"PD", 1, kind, request, len(body)) + body)
say(32, 0, b"")
while (packet := line.recv(70000)) and packet[3] != 9:
    if packet[3] != 8:
        say(33, struct.unpack_from("<I", packet, 4)[0], b"7" if packet[3] in (1, 3) else b"")
"""


class Quick:
    """Starts ``QUICK`` in the worker's place."""

    def launch(self, command: WorkerCommand, descriptors: Mapping[int, int]) -> int:
        return PlainLauncher().launch(
            WorkerCommand((sys.executable, "-I", "-S", "-c", QUICK), command.environment), descriptors
        )


def picture(width: int, height: int = 48) -> Image:
    layout = ImageLayout.packed(width, height)
    return Image(layout, bytes(layout.size_bytes))


@pytest.fixture
def held(children, descriptors):
    """``held()``: what this process has: descriptors by what they lead to, children, threads, frames mapped."""

    def count() -> Counter[str]:
        maps = Path("/proc/self/maps").read_text("utf-8", "replace")
        return Counter(
            [
                *(link.partition(":[")[0] for link in descriptors()),
                *(f"child {pid}" for pid in children()),
                *(f"thread {thread.ident}" for thread in threading.enumerate()),
                *["frame mapped"] * maps.count("plugdeck-frame"),
            ]
        )

    return count


@pytest.fixture
def untouched(held):
    """Fails the test when it leaves something behind. Less may be there after it: tests before may have ended late."""
    before = held()
    yield
    assert held() - before == Counter()


@pytest.fixture
def misbehave(native):
    path = native("misbehave")
    return path, examine(path).manifest


def test_two_hundred_starts_and_stops_leave_nothing(misbehave, patient, held, untouched):
    with Supervisor(deadlines=patient, launcher=Quick()) as supervisor:
        plugin = supervisor.host(*misbehave)
        plugin.start()
        plugin.stop()
        idle = held()
        for _ in range(200):
            plugin.start()
            plugin.stop()
        assert held() - idle == Counter()


@pytest.mark.parametrize("behaviour", ["segfault", "quick-exit", "close-descriptors"])
def test_ends_of_every_kind_leave_nothing(misbehave, patient, held, untouched, behaviour, number_of):
    with Supervisor(deadlines=patient) as supervisor, supervisor.frame(picture(64)) as frame:
        plugin = supervisor.host(*misbehave)
        idle = held()
        for _ in range(10):
            plugin.restart()
            plugin.transform(frame).release()
            plugin.write("behaviour", number_of(behaviour))
            with pytest.raises(HostError):
                plugin.transform(frame)
            assert held() - idle == Counter()


class Full:
    """An epoll that takes some more descriptors, and then, once, none: as many as a user may watch (ENOSPC)."""

    def __init__(self, epoll: select.epoll, room: int) -> None:
        self._epoll = epoll
        self._room = room

    def __getattr__(self, name: str) -> object:
        return getattr(self._epoll, name)

    def register(self, descriptor: int, events: int) -> None:
        self._room -= 1
        if self._room == -1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._epoll.register(descriptor, events)


@pytest.mark.parametrize("room", range(6))
def test_a_process_that_cannot_be_listened_to_leaves_nothing(misbehave, patient, held, untouched, monkeypatch, room):
    with Supervisor(deadlines=patient) as supervisor:
        plugin, watcher, idle = supervisor.host(*misbehave), supervisor._watcher, held()
        watched = dict(watcher._handlers)
        monkeypatch.setattr(watcher, "_epoll", Full(watcher._epoll, room))
        with pytest.raises(HostError, match="No space left on device") as failure:
            plugin.start()
        assert failure.value.outcome.ending is Ending.NOT_STARTED
        assert held() - idle == Counter()
        assert watcher._handlers == watched
        plugin.start()
        assert plugin.is_loaded


def test_plugins_that_are_refused_leave_nothing(native, patient, untouched):
    path = native("missing-library")
    with Supervisor(deadlines=patient) as supervisor:
        plugin = supervisor.host(path, examine(path).manifest)
        for _ in range(10):
            with pytest.raises(HostError):
                plugin.start()


def test_thousand_transforms_of_changing_sizes_leave_little_and_then_nothing(
    misbehave, patient, descriptors, untouched
):
    with Supervisor(deadlines=patient) as supervisor:
        first, second = supervisor.host(*misbehave), supervisor.host(*misbehave)
        first.start()
        second.start()
        for number in range(1000):
            with (
                supervisor.frame(picture(16 + number % 50 * 40)) as frame,
                first.transform(frame) as middle,
                second.transform(middle) as last,
            ):
                assert last.layout == frame.layout
        assert sum("plugdeck-frame" in path for path in descriptors()) <= 2 * 3 * 5 + 4
        for plugin in (first, second):
            maps = Path(f"/proc/{plugin.pid}/maps").read_text("ascii")
            assert maps.count("plugdeck-frame") <= 2 * 5 + 1
            assert len(descriptors(plugin.pid)) == 8


def test_frames_that_outlive_their_supervisor_can_be_read_and_released(misbehave, patient, untouched):
    with Supervisor(deadlines=patient) as supervisor:
        plugin = supervisor.host(*misbehave)
        plugin.start()
        frame = supervisor.frame(picture(64))
        result = plugin.transform(frame)
    assert frame.read() == result.read() == picture(64)
    frame.release()
    result.release()


def test_closing_while_plugins_start_hang_and_work_leaves_nothing(misbehave, native, patient, untouched):
    hanging = native("sleep-in-constructor")
    supervisor = Supervisor(deadlines=replace(patient, stop_s=1))
    plugins = [supervisor.host(*misbehave) for _ in range(6)]
    plugins += [supervisor.host(hanging, examine(hanging).manifest) for _ in range(3)]

    def work(plugin) -> None:
        try:
            plugin.start()
            for _ in range(100):
                with supervisor.frame(picture(64)) as frame:
                    plugin.transform(frame).release()
        except HostError:
            return

    with ThreadPoolExecutor(len(plugins)) as pool:
        for plugin in plugins:
            pool.submit(work, plugin)
        supervisor.close()
    assert all(plugin.pid is None for plugin in plugins)


def test_three_hundred_workers_run_at_once_and_all_end(misbehave, patient, untouched):
    with Supervisor(deadlines=patient, launcher=Quick()) as supervisor:
        plugins = [supervisor.host(*misbehave) for _ in range(300)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda plugin: plugin.start(), plugins))
        assert len({plugin.pid for plugin in plugins}) == 300
        with supervisor.frame(picture(64)) as frame:
            for plugin in plugins:
                plugin.transform(frame).release()
        os.kill(plugins[7].pid, 9)
        for plugin in plugins[8:12]:
            assert plugin.read("Calls") == 7
    assert {plugin.state for plugin in plugins} <= {PluginState.NOT_LOADED, PluginState.CRASHED}


def test_running_out_of_descriptors_is_a_sentence_and_leaves_nothing(misbehave, patient, untouched):
    with Supervisor(deadlines=patient) as supervisor:
        plugin = supervisor.host(*misbehave)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        used = len(os.listdir("/proc/self/fd")) - 1
        for spare in range(16):
            resource.setrlimit(resource.RLIMIT_NOFILE, (used + spare, hard))
            try:
                plugin.start()
                plugin.stop()
            except HostError as failure:
                assert "Too many open files" in str(failure) or "There is no memory" in str(failure)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        plugin.start()
        assert plugin.state is PluginState.LOADED


def test_releasing_hundreds_of_frames_at_once_does_not_choke_an_idle_worker(misbehave, patient, until, untouched):
    with Supervisor(deadlines=patient) as supervisor:
        plugin = supervisor.host(*misbehave)
        plugin.start()
        frames = [supervisor.frame(picture(16 + number)) for number in range(600)]
        for frame in frames:
            plugin.transform(frame).release()
        os.kill(plugin.pid, signal.SIGSTOP)
        for frame in frames:
            frame.release()
        os.kill(plugin.pid, signal.SIGCONT)
        assert plugin.read("Calls") == 600
        mappings = Path(f"/proc/{plugin.pid}/maps")
        # What the socket had no room for goes ahead of the calls that follow.
        until(lambda: plugin.read("Calls") and mappings.read_text("ascii").count("plugdeck-frame") <= 2 * 5 + 1)


def test_processes_that_a_plugin_started_end_with_its_own(build_plugin, patient, until, has_ended, untouched):
    source = """
#include "plugdeck.h"
#include <unistd.h>
PD_PLUGIN("parent", "1.0.0", "", "MIT", "Has a child.")
PD_FUNCTION(int, Fork, (void))
int Fork(void) { int child = fork(); if (!child) for (;;) pause(); return child; }
"""
    path = build_plugin(source, name="parent.so")
    with Supervisor(deadlines=patient, tier=Tier.LIMITED) as supervisor:  # only there can it start one
        plugin = supervisor.host(path, examine(path).manifest)
        plugin.start()
        child = plugin.call("Fork")
        assert not has_ended(child)
        plugin.stop()
        until(lambda: has_ended(child))
