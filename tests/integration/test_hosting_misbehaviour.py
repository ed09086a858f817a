"""What a plugin can do to itself, and cannot do to anybody else."""

from __future__ import annotations

import os
import signal
from collections import Counter
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.hosted_plugin import HostedPlugin
from plugdeck.hosting.limits import Limits
from plugdeck.hosting.outcome import BETWEEN_CALLS, Ending, HostError, PluginState
from plugdeck.hosting.plugin_log import KEPT_LINES, LogLine, LogSource
from plugdeck.hosting.standing import Standing
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.image import Image, ImageLayout

LAYOUT = ImageLayout.packed(64, 48)
PICTURE = Image(LAYOUT, bytes(range(256)) * 48)

ENDINGS = {
    "segfault": (Ending.CRASHED, signal.SIGSEGV, None),
    "abort": (Ending.CRASHED, signal.SIGABRT, None),
    "overflow-stack": (Ending.CRASHED, signal.SIGSEGV, None),
    "divide-by-zero": (Ending.CRASHED, signal.SIGFPE, None),
    "illegal-instruction": (Ending.CRASHED, signal.SIGILL, None),
    "exit": (Ending.EXITED, None, 0),
    "quick-exit": (Ending.EXITED, None, 3),
    "spin": (Ending.TIMED_OUT, None, None),
    "sleep": (Ending.TIMED_OUT, None, None),
    "stop-process": (Ending.TIMED_OUT, None, None),
    "catch-segfault": (Ending.TIMED_OUT, None, None),
}
STATES = {Ending.TIMED_OUT: PluginState.TIMED_OUT}


@pytest.fixture
def supervisor(patient):
    with Supervisor(deadlines=patient) as supervisor:
        yield supervisor


@pytest.fixture
def hosted(supervisor):
    def make(path: Path, supervisor: Supervisor = supervisor) -> HostedPlugin:
        manifest = examine(path).manifest
        assert manifest
        return supervisor.host(path, manifest)

    return make


@pytest.fixture
def in_haste(patient, monkeypatch):
    """``with in_haste(plugin)``: whatever it does then, it has half a second for it; nobody else is in a hurry."""

    @contextmanager
    def hurry(plugin: HostedPlugin):
        with monkeypatch.context() as patch:
            patch.setattr(plugin, "_deadlines", replace(patient, load_s=0.5, call_s=0.5))
            yield

    return hurry


def works(plugin: HostedPlugin, supervisor: Supervisor) -> bool:
    with supervisor.frame(PICTURE) as frame, plugin.transform(frame) as result:
        return result.read() == PICTURE


@pytest.mark.parametrize("behaviour", ENDINGS)
def test_misbehaviour_in_a_call_ends_its_own_process_and_is_named(
    supervisor, hosted, native, number_of, behaviour, until, in_haste, has_ended
):
    bystander, plugin = hosted(native("misbehave")), hosted(native("misbehave"))
    bystander.start()
    plugin.start()
    pids = bystander.pid, plugin.pid
    changes = []
    plugin.on_change(lambda: changes.append(plugin.state))

    with supervisor.frame(PICTURE) as frame:
        plugin.write("behaviour", number_of(behaviour))
        ending, number, code = ENDINGS[behaviour]
        hurry = in_haste(plugin) if ending is Ending.TIMED_OUT else nullcontext()
        with hurry, pytest.raises(HostError) as failure:
            plugin.transform(frame)

    outcome = failure.value.outcome
    assert (outcome.ending, outcome.signal, outcome.exit_code) == (ending, number, code)
    assert outcome.during == "Transform"
    assert plugin.outcome == outcome
    until(lambda: changes)  # the watcher may be the one who tells
    assert changes == [plugin.state] == [STATES.get(ending, PluginState.CRASHED)]
    assert plugin.pid is None
    assert has_ended(pids[1])
    assert outcome.sentence in [line.text for line in plugin.log.lines()]

    assert works(bystander, supervisor)
    assert bystander.pid == pids[0]
    with pytest.raises(HostError) as again:
        plugin.read("Priority")
    assert again.value.outcome == outcome

    plugin.restart()
    assert works(plugin, supervisor)
    assert (plugin.state, plugin.outcome) == (PluginState.LOADED, None)


@pytest.mark.parametrize("moment", ["in-constructor", "in-init"])
@pytest.mark.parametrize("behaviour", ["segfault", "abort", "exit", "quick-exit", "spin", "sleep"])
def test_misbehaviour_while_loading_ends_its_process_and_is_named(hosted, native, behaviour, moment, in_haste):
    plugin = hosted(native(f"{behaviour}-{moment}"))
    ending, number, code = ENDINGS[behaviour]
    for _ in range(2):
        hurry = in_haste(plugin) if ending is Ending.TIMED_OUT else nullcontext()
        with hurry, pytest.raises(HostError) as failure:
            plugin.start()
        outcome = failure.value.outcome
        assert (outcome.ending, outcome.signal, outcome.exit_code) == (ending, number, code)
        assert outcome.during == "loading"
        assert plugin.state is STATES.get(ending, PluginState.CRASHED)
        assert plugin.pid is None


def test_init_that_fails_is_a_refusal_with_the_plugins_words(hosted, native):
    plugin = hosted(native("fail-in-init"))
    with pytest.raises(HostError, match=r"Refused while loading: Init .* returned error 42: the moon is in the wrong"):
        plugin.start()
    assert plugin.outcome.ending is Ending.REFUSED
    assert (plugin.state, plugin.pid) == (PluginState.NOT_LOADED, None)


def test_library_that_is_missing_is_a_refusal_with_the_loaders_words(hosted, native):
    plugin = hosted(native("missing-library"))
    with pytest.raises(HostError, match=r"Refused while loading: libplugdeck-gone\.so\.1"):
        plugin.start()
    assert plugin.outcome.ending is Ending.REFUSED


@pytest.mark.parametrize("behaviour", ["write-input", "overrun-output", "underrun-output"])
def test_plugin_that_writes_where_it_must_not_crashes_and_spoils_nothing(supervisor, hosted, native, behaviour):
    plugin = hosted(native(f"{behaviour}-in-call"))
    plugin.start()
    layout = ImageLayout.packed(64, 64)  # exactly four pages: the next byte is not the frame's
    picture = Image(layout, bytes(range(256)) * 64)
    with supervisor.frame(picture) as frame:
        with pytest.raises(HostError) as failure:
            plugin.transform(frame)
        wrote_output = behaviour != "write-input"
        assert failure.value.outcome.ending is (Ending.DAMAGED_OUTPUT if wrote_output else Ending.CRASHED)
        assert "wrote" in failure.value.outcome.sentence
        assert frame.read() == picture


def test_plugin_that_closes_every_descriptor_is_ended(supervisor, hosted, native):
    plugin = hosted(native("close-descriptors-in-call"))
    plugin.start()
    with supervisor.frame(PICTURE) as frame, pytest.raises(HostError) as failure:
        plugin.transform(frame)
    assert failure.value.outcome.ending is Ending.LOST_CONNECTION
    assert (plugin.state, plugin.pid) == (PluginState.CRASHED, None)


def test_memory_is_limited(native, patient):
    path = native("exhaust-memory-in-call")
    with Supervisor(deadlines=patient, limits=Limits(address_space_bytes=1 << 29)) as supervisor:
        manifest = examine(path).manifest
        assert manifest
        plugin = supervisor.host(path, manifest)
        plugin.start()
        with supervisor.frame(PICTURE) as frame, pytest.raises(HostError, match="SIGABRT"):
            plugin.transform(frame)


def test_megabyte_of_output_is_bounded_and_harms_nobody(supervisor, hosted, native):
    plugin = hosted(native("flood-output-in-call"))
    plugin.start()
    assert works(plugin, supervisor)
    plugin.stop()
    lines = plugin.log.lines()
    assert {LogSource.STDOUT, LogSource.STDERR} <= {line.source for line in lines}
    assert all(line.text.startswith("\udcff\0xxx") for line in lines if line.source is not LogSource.HOST)
    assert any("bytes of std" in line.text and "left out" in line.text for line in lines)
    assert sum(len(line.text) for line in lines) < 1_000_000


def test_hundred_thousand_log_lines_are_bounded_and_each_that_was_left_out_is_counted(supervisor, hosted, native):
    plugin, said = hosted(native("flood-log-in-call")), Counter()
    plugin.log.on_line(lambda line: said.update({line.source: 1 if line.source is LogSource.PLUGIN else missing(line)}))
    plugin.start()
    assert works(plugin, supervisor)
    plugin.stop()
    assert 0 < len(plugin.log.lines()) <= KEPT_LINES
    assert said[LogSource.PLUGIN] + said[LogSource.HOST] == 100_000
    assert said[LogSource.HOST] > 90_000


def missing(line: LogLine) -> int:
    """How many lines Plugdeck says were left out."""
    count, _, words = line.text.partition(" ")
    assert words in {"log lines were left out.", "log line was left out."}
    return int(count.replace(",", ""))


def test_plugin_that_takes_all_address_space_learns_that_there_is_no_room_in_a_sentence(
    supervisor, hosted, native, number_of
):
    plugin = hosted(native("misbehave"))
    plugin.start()
    plugin.call("Do", number_of("reserve-all"))
    layout = ImageLayout.packed(512, 512)
    with supervisor.frame(Image(layout, bytes(layout.size_bytes))) as frame, pytest.raises(PlugdeckError) as failure:
        plugin.transform(frame)
    assert str(failure.value) == "Its process has no room for another picture: Cannot allocate memory."
    assert failure.value.remedy
    assert plugin.is_loaded


def test_last_words_on_standard_error_are_part_of_the_outcome(supervisor, hosted, build_plugin):
    source = """
#include "plugdeck.h"
#include <stdio.h>
#include <stdlib.h>
PD_PLUGIN("last-words", "1.0.0", "", "MIT", "Says why it dies.")
PD_IMAGE_TRANSFORM(1, "whole")
int Transform(const pd_image *in, pd_image *out) { fputs("first\\ncannot go on", stderr); abort(); }
"""
    plugin = hosted(build_plugin(source, name="last-words.so"))
    plugin.start()
    with supervisor.frame(PICTURE) as frame, pytest.raises(HostError) as failure:
        plugin.transform(frame)
    assert failure.value.outcome.stderr_tail == "first\ncannot go on"
    assert "cannot go on" in [line.text for line in plugin.log.lines()]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_death_between_calls_is_noticed_and_told(supervisor, hosted, native, number, until):
    plugin, told = hosted(native("misbehave")), []
    plugin.start()
    forget = plugin.on_change(lambda: told.append(plugin.state))
    os.kill(plugin.pid, number)
    until(lambda: told == [PluginState.CRASHED])
    forget()
    assert (plugin.outcome.signal, plugin.outcome.during) == (number, BETWEEN_CALLS)
    plugin.start()
    assert works(plugin, supervisor)


def test_an_end_that_comes_as_soon_as_it_is_loaded_is_told_after_that(hosted, native, monkeypatch, until):
    plugin, become_loaded = hosted(native("misbehave")), Standing.become_loaded
    was_free = []

    def die(standing: Standing) -> None:
        process = plugin._group.process
        os.kill(process.pid, signal.SIGKILL)
        until(lambda: process._child._outcome)  # the watcher knows
        looking = Thread(target=lambda: was_free.append(process._turn.acquire(blocking=False)))
        looking.start()
        looking.join()
        become_loaded(standing)

    monkeypatch.setattr(Standing, "become_loaded", die)
    plugin.start()
    until(lambda: plugin.state is PluginState.CRASHED)
    assert was_free == [False]  # else it could be told of at any moment, and be taken for alive after that


def test_crash_of_a_thread_between_calls_is_noticed(supervisor, hosted, native, until):
    plugin = hosted(native("crash-later-in-call"))
    plugin.start()
    assert works(plugin, supervisor)
    with suppress(HostError):  # should the machine be so busy that the crash overtakes the answer
        plugin.write("behaviour", 0)
    until(lambda: plugin.state is PluginState.CRASHED)
    assert plugin.outcome.signal == signal.SIGSEGV


@pytest.mark.parametrize("behaviour", ["segfault", "abort", "exit", "spin"])
def test_misbehaviour_while_its_process_ends_is_nobodys_concern(hosted, native, behaviour, patient):
    with Supervisor(deadlines=replace(patient, stop_s=0.2)) as supervisor:
        plugin = hosted(native(f"{behaviour}-in-destructor"), supervisor)
        plugin.start()
        plugin.stop()
        assert (plugin.state, plugin.outcome, plugin.pid) == (PluginState.NOT_LOADED, None, None)
        plugin.start()
        assert works(plugin, supervisor)
