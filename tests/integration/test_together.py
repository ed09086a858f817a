"""Plugins in one process: who ended it is moved out, the others start again by themselves, and nobody is framed."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.hosting import wire
from plugdeck.hosting.conversation import Conversation
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.hosted_plugin import HostedPlugin
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.hosts import Hosts
from plugdeck.hosting.outcome import Ending, HostError, PluginState
from plugdeck.hosting.sandbox.confinement import NO_APPROVAL_NEEDED, Approval, Permissions, Tier
from plugdeck.hosting.standing import LOADING
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.hosting.wire import Kind
from plugdeck.hosting.worker_group import WorkerGroup

SOURCE = """
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <stdio.h>
#include "plugdeck.h"
PD_PLUGIN("%(name)s", "1.0.0", "", "MIT", "Ends its process on command.")
PD_INTEGER(amount, "Amount", 0, 255, 1, "")
PD_FUNCTION(int, Do, (const char *))
static void *end(void *given) { abort(); return given; }
/* Writes a note into every page of shared memory that can be written, unless it is -1; what the last one held. */
static int64_t note(int64_t other) {
  char line[512];
  int64_t held = -1;
  FILE *maps = fopen("/proc/self/maps", "r");
  while (maps && fgets(line, sizeof line, maps)) {
    unsigned long from, to;
    char rights[5];
    if (sscanf(line, "%%lx-%%lx %%4s", &from, &to, rights) == 3 && !strcmp(rights, "rw-s")) {
      uint32_t here = (uint32_t)other;
      held = *(uint32_t *)from;
      if (other >= 0) memcpy((void *)from, &here, sizeof here);
    }
  }
  if (maps) fclose(maps);
  return held;
}
static int64_t noted_at_load;
__attribute__((constructor)) static void load(void) { noted_at_load = note(-1); }
int Do(const char *what) {
  pthread_t thread;
  if (!strcmp(what, "crash")) abort();
  if (!strcmp(what, "exit")) _exit(0);
  if (!strcmp(what, "frame-first")) note(1), abort();
  if (!strcmp(what, "scribble")) note(0xFFFFFFFF), abort();
  if (!strcmp(what, "noted")) return (int)note(-1);
  if (!strcmp(what, "noted-at-load")) return (int)noted_at_load;
  if (!strcmp(what, "thread")) pthread_create(&thread, 0, end, 0), pause();
  return 7;
}
%(more)s
"""
WAIT = 'while (access("%s", F_OK)) usleep(1000);'
DIES_LOADING = "#include <stdlib.h>\n__attribute__((constructor)) static void die(void) { abort(); }"


@pytest.fixture
def hosts(request) -> Iterator[Hosts]:
    deadlines = Deadlines(hello_s=600, load_s=600, call_s=600)
    with Supervisor(deadlines=deadlines, tier=getattr(request, "param", None)) as supervisor:
        yield Hosts(supervisor, mode=HostingMode.TOGETHER)


@pytest.fixture
def host(hosts, build_plugin) -> Callable[..., HostedPlugin]:
    """``host("first")``: a plugin in the shared process, not started."""

    def host(name: str, more: str = "", approval: Approval = NO_APPROVAL_NEEDED) -> HostedPlugin:
        path: Path = build_plugin(SOURCE % {"name": name, "more": more}, name=f"{name}.so", flags=["-lpthread"])
        manifest = examine(path).manifest
        assert manifest
        made = hosts.host(path, manifest, approval)
        assert isinstance(made, HostedPlugin)
        return made

    return host


@pytest.fixture
def three(host) -> tuple[HostedPlugin, ...]:
    plugins = host("first"), host("second"), host("third")
    for plugin in plugins:
        plugin.start()
    assert len({plugin.pid for plugin in plugins}) == 1
    return plugins


@pytest.mark.parametrize(("deed", "ending"), [("crash", Ending.CRASHED), ("exit", Ending.EXITED)])
def test_the_one_that_ended_the_process_is_named_and_the_others_start_again_by_themselves(three, until, deed, ending):
    first, second, third = three
    old = first.pid
    with pytest.raises(HostError, match="second"):
        second.call("Do", deed)

    assert (second.state, second.outcome.ending) == (PluginState.CRASHED, ending)
    until(lambda: first.is_loaded and third.is_loaded)
    assert first.pid == third.pid != old
    assert (first.outcome, third.outcome, second.pid and second.is_loaded) == (None, None, False)
    assert (first.call("Do", ""), third.call("Do", "")) == (7, 7)


def test_the_one_that_crashed_has_a_process_of_its_own_from_then_on(three, until):
    first, second, third = three
    with pytest.raises(HostError):
        second.call("Do", "crash")
    until(lambda: first.is_loaded and third.is_loaded)
    second.start()
    shared = first.pid

    assert second.pid != shared == third.pid
    with pytest.raises(HostError):
        second.call("Do", "crash")
    second.start()
    assert (first.pid, third.pid) == (shared, shared)
    assert {first.state, second.state, third.state} == {PluginState.LOADED}


def test_what_was_set_is_set_again_for_those_who_had_no_part_in_it(three, until):
    first, second, _ = three
    first.write("amount", 42)
    second.write("amount", 43)
    with pytest.raises(HostError):
        second.call("Do", "crash")
    until(lambda: first.is_loaded)
    second.start()

    assert (first.read("amount"), second.read("amount")) == (42, 1)


def test_a_plugin_that_dies_as_it_is_loaded_leaves_the_others_running(host, until):
    first, second, bad = host("first"), host("second"), host("bad", DIES_LOADING)
    first.start()
    with pytest.raises(HostError, match="SIGABRT"):
        bad.start()
    until(lambda: first.is_loaded)
    second.start()
    with pytest.raises(HostError, match="SIGABRT"):
        bad.start()

    assert first.pid == second.pid
    assert (first.state, second.state, bad.state) == (PluginState.LOADED, PluginState.LOADED, PluginState.CRASHED)


def test_the_worker_notes_which_plugin_it_enters_constructors_among_them(three):
    for place, plugin in enumerate(three, 1):
        assert (plugin.call("Do", "noted"), plugin.call("Do", "noted-at-load")) == (place, place)


@pytest.mark.parametrize(("deed", "says"), [("frame-first", "noted first"), ("scribble", "")])
def test_a_plugin_cannot_put_its_end_on_another_one(three, until, deed, says):
    first, second, third = three
    with pytest.raises(HostError):
        second.call("Do", deed)
    until(lambda: first.is_loaded and third.is_loaded)

    assert second.state is PluginState.CRASHED
    assert says in second.outcome.sentence
    assert ("noted" in second.outcome.sentence) == bool(says)


def test_an_end_between_calls_is_nobodys_and_all_get_processes_of_their_own(three, until):
    os.kill(three[0].pid, signal.SIGKILL)
    until(lambda: all(plugin.outcome for plugin in three))
    for plugin in three:
        assert "not known" in plugin.outcome.sentence
        plugin.start()

    assert len({plugin.pid for plugin in three}) == 3


def test_taking_one_out_ends_the_process_and_starts_the_others_again(three, until):
    first, second, third = three
    old = first.pid
    second.stop()
    until(lambda: first.is_loaded and third.is_loaded and first.pid != old)

    assert (second.state, second.outcome) == (PluginState.NOT_LOADED, None)
    assert (first.call("Do", ""), third.call("Do", "")) == (7, 7)
    second.start()
    assert second.pid == first.pid


@pytest.mark.parametrize("hosts", [Tier.LIMITED], indirect=True)  # where a gate can be seen to open
def test_a_plugin_that_is_being_loaded_while_another_is_taken_out_is_loaded_all_the_same(host, until, tmp_path):
    gate = tmp_path / "gate"
    waiting = f"#include <unistd.h>\n__attribute__((constructor)) static void wait(void) {{ {WAIT % gate} }}"
    first, second, slow = host("first"), host("second"), host("slow", waiting)
    for plugin in (first, second):
        plugin.start()
    loading = Thread(target=slow.start)
    loading.start()
    until(lambda: slow.state is PluginState.LOADING)
    first.stop()
    gate.touch()
    loading.join()

    until(lambda: second.is_loaded)
    assert (first.state, slow.state) == (PluginState.NOT_LOADED, PluginState.LOADED)
    assert second.pid == slow.pid


def test_one_that_waits_to_be_started_again_can_be_stopped(three, monkeypatch):
    first, second, _ = three
    monkeypatch.setattr(second._group, "_start_others", lambda: None)
    first.stop()
    assert second.state is PluginState.LOADING
    second.stop()
    assert second.state is PluginState.NOT_LOADED


def test_stopping_all_side_by_side_leaves_none_running(three, until, children):
    threads = [Thread(target=plugin.stop) for plugin in three]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    until(lambda: not children())
    assert {plugin.state for plugin in three} == {PluginState.NOT_LOADED}


def test_a_mode_may_be_chosen_for_each_plugin(hosts, host, build_plugin):
    path = build_plugin(SOURCE % {"name": "alone", "more": ""}, name="alone.so", flags=["-lpthread"])
    alone = hosts.host(path, examine(path).manifest, mode=HostingMode.INDIVIDUALLY)
    first, second = host("first"), host("second")
    for plugin in (alone, first, second):
        plugin.start()

    assert first.pid == second.pid != alone.pid


def test_one_alone_goes_on_in_another_process_when_the_next_one_has_to_see_more(hosts, host, build_plugin, tmp_path):
    first, path = host("first"), tmp_path / "placed.so"
    path.write_bytes(build_plugin(SOURCE % {"name": "placed", "more": ""}, name="placed.so").read_bytes())
    path.with_suffix(".json").write_text("{}")
    second = hosts.host(path, examine(path).manifest)
    first.start()
    old = first.pid
    second.start()

    assert first.pid == second.pid != old
    assert (first.call("Do", ""), second.call("Do", "")) == (7, 7)


NETWORK = Approval(Permissions(network=True))


def test_only_those_that_are_allowed_the_same_share_a_process(host):
    plain, other = host("plain"), host("other")
    networked, second = host("networked", approval=NETWORK), host("second", approval=NETWORK)
    for plugin in (plain, networked, other, second):
        plugin.start()

    assert plain.pid == other.pid != networked.pid == second.pid
    with pytest.raises(HostError):
        networked.call("Do", "crash")
    assert (plain.call("Do", ""), other.call("Do", "")) == (7, 7)


def test_one_that_is_allowed_something_else_moves_to_others_that_are_when_it_is_started(three, host, until):
    first, second, third = three
    networked = host("networked", approval=NETWORK)
    networked.start()
    old = first.pid
    second.approval = NETWORK
    second.start()
    until(lambda: first.is_loaded and third.is_loaded and first.pid != old)

    assert first.pid == third.pid != second.pid == networked.pid
    second.approval = NO_APPROVAL_NEEDED
    second.start()
    assert second.pid == first.pid
    until(lambda: networked.is_loaded)
    assert networked.pid != second.pid


def test_nobody_is_loaded_again_with_permissions_that_were_taken_from_him(three, until):
    first, second, third = three
    second.approval = NETWORK
    with pytest.raises(HostError):
        third.call("Do", "crash")
    until(lambda: first.is_loaded and second.state is PluginState.NOT_LOADED)

    assert "allowed has changed" in second.outcome.sentence and "Start it again" in second.outcome.sentence
    second.start()
    assert second.pid != first.pid


def test_taking_out_one_that_is_not_loaded_leaves_the_others_running(three, host):
    refused = host("refused", "PD_INIT()\nint Init(const pd_host *host) { return 1; }")
    with pytest.raises(HostError, match="Init"):
        refused.start()
    pid = three[0].pid
    for plugin in (refused, host("never-started")):
        plugin.stop()

    assert {plugin.pid for plugin in three} == {pid}
    assert {plugin.call("Do", "") for plugin in three} == {7}


def test_one_that_has_left_is_not_taken_for_the_one_that_has_its_number_in_its_old_process(three, until):
    """Numbers are of a process: the first plugin of the one is not the first of the other."""
    first, second, third = three
    group = first._group
    with pytest.raises(HostError):
        second.call("Do", "crash")
    until(lambda: first.is_loaded and third.is_loaded)
    second.start()
    group.at_work = second  # as a call leaves it that has come back late
    assert second.slot == first.slot
    pid = first.pid
    with pytest.raises(HostError), group.process.session("Transform") as process:
        os.kill(pid, signal.SIGKILL)
        process.ask(Kind.READ, wire.pack_json([first.slot, "amount"]), during="Transform")

    for plugin in (first, third):
        assert "not known" in plugin.outcome.sentence


def test_one_that_is_stopped_on_its_way_to_another_process_leaves_its_old_one_as_it_is(host, until, monkeypatch):
    first, second = host("first"), host("second")
    for plugin in (first, second):
        plugin.start()
    with pytest.raises(HostError):
        second.call("Do", "crash")
    until(lambda: first.is_loaded)
    group, pid = first._group, first.pid
    home_of = group.home_of

    def home_and_stop(plugin: HostedPlugin) -> WorkerGroup:
        found: WorkerGroup = home_of(plugin)
        assert plugin.slot == first.slot
        plugin.stop()
        return found

    monkeypatch.setattr(group, "home_of", home_and_stop)
    second.start()

    assert (first.state, first.pid, group._members.has(first)) == (PluginState.LOADED, pid, True)
    assert second.is_loaded and second.pid != pid


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def placed(build_plugin, tmp_path) -> Path:
    """A plugin that is opened at its own place, since it has data there."""
    path = tmp_path / "placed.so"
    path.write_bytes(build_plugin(SOURCE % {"name": "placed", "more": ""}, name="placed.so").read_bytes())
    path.with_suffix(".json").write_text("{}")
    return path


def test_new_bytes_that_were_allowed_are_loaded_although_the_process_has_a_copy_of_others(hosts, host, placed):
    first, manifest, old = host("first"), examine(placed).manifest, placed.read_bytes()
    first.start()
    refused = hosts.host(placed, manifest, Approval(sha256="0" * 64))
    with pytest.raises(HostError, match="you allowed"):
        refused.start()
    assert first.is_loaded
    new = placed.with_name("new")
    new.write_bytes(old + b"\0")
    new.replace(placed)
    allowed = hosts.host(placed, manifest, Approval(sha256=sha256(placed)))
    allowed.start()

    assert allowed.call("Do", "") == first.call("Do", "") == 7
    assert first.pid == allowed.pid


def test_a_copy_that_is_handed_to_a_process_is_what_counts_whatever_becomes_of_the_file(
    hosts, host, placed, needs_tier
):
    """The second one of the same bytes finds the copy there."""
    needs_tier(Tier.SEALED)
    approval = Approval(sha256=sha256(placed))
    plugins = [hosts.host(placed, examine(placed).manifest, approval) for _ in range(2)]
    plugins[0].start()
    placed.unlink()
    plugins[1].is_opened_in_place = True

    assert plugins[1].load_into(plugins[0]._group.process) is None
    assert plugins[1].call("Do", "") == 7


@pytest.mark.parametrize("deed", ["Do", LOADING])
def test_who_was_called_before_is_not_taken_for_whom_the_process_died_under(three, host, until, monkeypatch, deed):
    first, second, third = three
    late = host("late") if deed == LOADING else second
    third.call("Do", "")
    process = third._group.process

    def die(talk: Conversation, activity: str) -> None:
        """Dies as soon as it is said to be at work, and is seen to be dead."""
        vars(talk)["activity"] = activity
        if activity == deed and process.is_alive:
            os.kill(process.pid, signal.SIGKILL)
            until(lambda: not process.is_alive)

    activity = property(lambda talk: vars(talk)["activity"], die)
    monkeypatch.setattr(Conversation, "activity", activity, raising=False)
    with pytest.raises(HostError):
        late.start() if deed == LOADING else late.call("Do", "")
    until(lambda: first.is_loaded and third.is_loaded)

    assert late.state is PluginState.CRASHED
    assert third.outcome is None
