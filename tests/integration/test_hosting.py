"""Plugins in worker processes: what works, and what a plugin can see and do there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.errors import ArgumentError, CallError, PlugdeckError, SymbolNotFoundError
from plugdeck.hosting.hosted_plugin import HostedPlugin
from plugdeck.hosting.in_app import InAppPlugin
from plugdeck.hosting.launch import PlainLauncher, WorkerCommand
from plugdeck.hosting.outcome import Ending, HostError, Outcome, PluginState
from plugdeck.hosting.plugin_log import LogLevel, LogSource
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.image import Image, ImageLayout

HEAD = '#include "plugdeck.h"\n#include <stdio.h>\n#include <string.h>\n#include <unistd.h>\n'
TRANSFORM = """
PD_PLUGIN("%(name)s", "1.0.0", "", "MIT", "Mixes bytes.")
PD_IMAGE_TRANSFORM(10, "pointwise")
PD_INTEGER(amount, "Amount", 0, 255, %(amount)s, "")
int Transform(const pd_image *in, pd_image *out) {
  for (int y = 0; y < in->height; y++)
    for (int x = 0; x < in->width * 4; x++)
      out->data[y * out->stride + x] = in->data[y * in->stride + x] %(operation)s amount;
  return 0;
}
"""
TALKER = (
    HEAD
    + """
PD_PLUGIN("talker", "1.0.0", "", "MIT", "Talks.")
PD_FUNCTION(int, Say, (const char *))
PD_FUNCTION(const char *, Long, (int))
PD_FUNCTION(int, Descriptors, (void))
PD_FUNCTION(int, Parent, (void))
PD_INIT()
static const pd_host *host;
int Init(const pd_host *given) { host = given; return 0; }
int Say(const char *text) {
  printf("out %s\\n", text);
  fprintf(stderr, "err %s\\n", text);
  host->log(host, PD_LOG_ERROR, text);
  return (int)strlen(text);
}
const char *Long(int length) {
  static char text[200001];
  memset(text, 'x', sizeof text);
  text[length] = 0;
  return text;
}
int Descriptors(void) {
  int open = 0;
  for (int fd = 0; fd < 4096; fd++) open += dup2(fd, fd) == fd;
  return open;
}
int Parent(void) { return getppid(); }
"""
)


def picture(width: int = 64, height: int = 48) -> Image:
    layout = ImageLayout.packed(width, height)
    return Image(layout, (bytes(range(256)) * (layout.size_bytes // 256 + 1))[: layout.size_bytes])


@pytest.fixture
def supervisor(patient):
    with Supervisor(deadlines=patient) as supervisor:
        yield supervisor


@pytest.fixture
def mixing(build_plugin):
    def build(name: str, operation: str, amount: int) -> Path:
        return build_plugin(
            HEAD + TRANSFORM % {"name": name, "operation": operation, "amount": amount}, name=f"{name}.so"
        )

    return build


@pytest.fixture
def host(supervisor):
    def start(path: Path) -> HostedPlugin:
        manifest = examine(path).manifest
        assert manifest
        plugin = supervisor.host(path, manifest)
        plugin.start()
        return plugin

    return start


def manifests(*paths: Path) -> list:
    return [(path, examine(path).manifest) for path in paths]


def together(supervisor: Supervisor, *paths: Path) -> list[HostedPlugin]:
    group = supervisor.group()
    return [group.add(path, manifest) for path, manifest in manifests(*paths)]


def test_two_transforms_chained_give_the_bytes_of_a_direct_calculation(supervisor, host, mixing):
    plus, times, source = host(mixing("plus", "+", 3)), host(mixing("times", "*", 5)), picture(641, 359)

    with supervisor.frame(source) as frame, plus.transform(frame) as middle, times.transform(middle) as last:
        assert last.read().pixels == bytes((byte + 3) * 5 & 255 for byte in source.pixels)
        assert middle.read().pixels == bytes(byte + 3 & 255 for byte in source.pixels)
        assert frame.read() == source


def test_frames_of_a_chain_are_the_same_memory_in_both_workers(supervisor, host, mixing):
    plus, times = host(mixing("plus", "+", 3)), host(mixing("times", "*", 5))
    with (
        supervisor.frame(picture()) as frame,
        plus.transform(frame) as middle,
        times.transform(middle),
        middle.pinned() as memory,
    ):
        inode = os.fstat(memory.descriptor).st_ino
    for plugin, permissions in ((plus, "rw-s"), (times, "r--s")):
        maps = Path(f"/proc/{plugin.pid}/maps").read_text("ascii").splitlines()
        assert [line.split()[1] for line in maps if f" {inode} " in line] == [permissions]


def test_padded_rows_reach_the_plugin_as_they_are(supervisor, host, mixing):
    layout = ImageLayout(5, 3, 64)
    plus = host(mixing("plus", "+", 3))
    with supervisor.frame(Image(layout, bytes(layout.size_bytes))) as frame, plus.transform(frame) as result:
        assert result.layout == layout
        assert result.read().pixels[64 : 64 + 20] == bytes((3,)) * 20


def test_each_plugin_has_a_process_of_its_own(host, mixing):
    plus, times = host(mixing("plus", "+", 3)), host(mixing("times", "*", 5))
    assert plus.state is times.state is PluginState.LOADED
    assert len({plus.pid, times.pid, os.getpid()}) == 3


def test_plugins_hosted_together_share_one_process(supervisor, mixing):
    first, second = together(supervisor, mixing("plus", "+", 3), mixing("times", "*", 5))
    first.start()
    assert (first.state, second.state) == (PluginState.LOADED, PluginState.NOT_LOADED)
    second.start()
    assert first.pid == second.pid
    with supervisor.frame(picture()) as frame, first.transform(frame) as middle, second.transform(middle) as last:
        assert last.read().pixels == bytes((byte + 3) * 5 & 255 for byte in picture().pixels)


def test_plugins_hosted_together_end_together_and_are_started_again_together(supervisor, mixing):
    first, second = together(supervisor, mixing("plus", "+", 3), mixing("times", "*", 5))
    for plugin in (first, second):
        plugin.start()
    first.restart()
    assert first.pid == second.pid
    assert second.state is PluginState.LOADED


def test_plugin_that_kills_a_shared_process_as_it_loads_is_left_out_next_time(supervisor, mixing, native):
    good, bad = together(supervisor, mixing("plus", "+", 3), native("abort-in-constructor"))
    good.start()
    with pytest.raises(HostError, match="SIGABRT"):
        bad.start()
    good.start()
    assert good.state is PluginState.LOADED
    assert bad.state is PluginState.CRASHED


def test_variables_are_the_plugins_own(supervisor, host, mixing):
    plus = host(mixing("plus", "+", 3))
    plus.write("amount", 100)
    plus.write("Priority", -5)
    assert (plus.read("amount"), plus.read("Priority")) == (100, -5)
    with supervisor.frame(picture()) as frame, plus.transform(frame) as result:
        assert result.read().pixels[0] == 100


def test_errors_of_variables_are_what_they_are_in_this_process(host, mixing):
    plus = host(mixing("plus", "+", 3))
    with pytest.raises(SymbolNotFoundError, match="symbol Gone not found in plugin"):
        plus.read("Gone")
    with pytest.raises(ArgumentError, match="out of range for amount"):
        plus.write("amount", 256)
    with pytest.raises(PlugdeckError):
        plus.write("amount", float("nan"))
    assert plus.state is PluginState.LOADED


def test_functions_are_called_by_their_declared_type(host, build_plugin):
    talker = host(build_plugin(TALKER, name="talker.so"))
    assert talker.call("Say", "grüß") == 6
    with pytest.raises(ArgumentError):
        talker.call("Say", 7)
    with pytest.raises(SymbolNotFoundError):
        talker.call("Whisper", "x")


def test_result_that_is_too_large_is_a_sentence_and_the_plugin_stays(host, build_plugin):
    talker = host(build_plugin(TALKER, name="talker.so"))
    assert talker.call("Long", 60_000) == "x" * 60_000
    with pytest.raises(PlugdeckError, match=r"cannot be sent: 200,002 bytes are more than the 65,536"):
        talker.call("Long", 200_000)
    with pytest.raises(PlugdeckError, match="bytes are more than the 65,536"):
        talker.call("Say", "x" * 100_000)
    with pytest.raises(PlugdeckError, match="cannot be sent"):
        talker.call("Say", object())
    assert talker.call("Say", "still here") == 10


def test_output_and_log_come_with_level_and_source(host, build_plugin, until):
    talker = host(build_plugin(TALKER, name="talker.so"))
    talker.call("Say", "hi")
    expected = {
        (LogSource.STDOUT, LogLevel.INFO, "out hi"),
        (LogSource.STDERR, LogLevel.WARNING, "err hi"),
        (LogSource.PLUGIN, LogLevel.ERROR, "hi"),
    }
    until(lambda: expected <= {(line.source, line.level, line.text) for line in talker.log.lines()})


def test_worker_has_no_descriptor_of_ours(host, build_plugin):
    with open(os.devnull) as file:
        os.set_inheritable(file.fileno(), True)
        talker = host(build_plugin(TALKER, name="talker.so"))
    # The standard ones, two sockets, the flag that a call is cancelled, a crash's pipe, and the plugin's own bytes.
    assert talker.call("Descriptors") == 8


def test_worker_has_limits_and_a_session_of_its_own(host, build_plugin):
    talker = host(build_plugin(TALKER, name="talker.so"))
    limits = Path(f"/proc/{talker.pid}/limits").read_text("ascii")
    assert "Max core file size        0                    0" in limits
    assert f"Max address space         {4 << 30}           {4 << 30}" in limits
    assert os.getsid(talker.pid) == os.getpgid(talker.pid) != os.getsid(0)
    assert int(Path(f"/proc/{talker.pid}/oom_score_adj").read_text("ascii")) == 800


def test_same_plugin_may_run_many_times(supervisor, mixing):
    [(path, manifest)] = manifests(mixing("plus", "+", 3))
    plugins = [supervisor.host(path, manifest) for _ in range(5)]
    for number, plugin in enumerate(plugins):
        plugin.start()
        plugin.write("amount", number)
    assert [plugin.read("amount") for plugin in plugins] == [0, 1, 2, 3, 4]


def test_calls_from_many_threads_take_turns(supervisor, host, mixing):
    plus, failures = host(mixing("plus", "+", 3)), []

    def work(value: int) -> None:
        try:
            for _ in range(50):
                with supervisor.frame(picture(value + 1, 3)) as frame, plus.transform(frame) as result:
                    assert result.read().pixels == bytes(byte + 3 & 255 for byte in frame.read().pixels)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(value,)) for value in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_plugin_that_is_not_loaded_says_so(supervisor, mixing):
    [(path, manifest)] = manifests(mixing("plus", "+", 3))
    plugin = supervisor.host(path, manifest)
    with pytest.raises(HostError, match="Load it first"):
        plugin.read("amount")
    assert (plugin.state, plugin.pid, plugin.outcome) == (PluginState.NOT_LOADED, None, None)


def test_starting_twice_is_starting_once(host, mixing):
    plus = host(mixing("plus", "+", 3))
    pid = plus.pid
    plus.start()
    assert plus.pid == pid


def test_states_are_told_in_their_order(supervisor, mixing):
    [(path, manifest)] = manifests(mixing("plus", "+", 3))
    plugin, states = supervisor.host(path, manifest), []
    forget = plugin.on_change(lambda: states.append(plugin.state))
    plugin.start()
    plugin.stop()
    forget()
    plugin.start()
    assert states == [PluginState.LOADING, PluginState.LOADED, PluginState.NOT_LOADED]


def test_superseded_transform_returns_early(supervisor, host, build_plugin):
    source = (
        HEAD
        + """
PD_PLUGIN("patient", "1.0.0", "", "MIT", "Works until nobody wants the result.")
PD_IMAGE_TRANSFORM(1, "whole")
PD_INIT()
static const pd_host *host;
int Init(const pd_host *given) { host = given; return 0; }
int Transform(const pd_image *in, pd_image *out) {
  while (!host->cancelled(host)) usleep(1000);
  return 0;
}
"""
    )
    patient = host(build_plugin(source, name="patient.so"))
    asked = []
    with supervisor.frame(picture()) as frame:
        patient.transform(frame, cancelled=lambda: asked.append(1) is None and len(asked) > 3).release()
        assert len(asked) > 3
        patient.transform(frame, cancelled=lambda: True).release()
    assert patient.state is PluginState.LOADED


def test_error_of_the_callers_own_callback_ends_the_call_and_the_process(supervisor, host, native, until):
    plugin = host(native("sleep-in-call"))

    def fail() -> bool:
        raise KeyboardInterrupt

    with supervisor.frame(picture()) as frame, pytest.raises(KeyboardInterrupt):
        plugin.transform(frame, cancelled=fail)
    until(lambda: plugin.state is PluginState.NOT_LOADED)
    plugin.start()
    assert plugin.read("Calls") == 0


def test_replaced_file_is_refused_when_it_says_something_else(supervisor, mixing, tmp_path):
    path = tmp_path / "plugin.so"
    shutil.copy(mixing("plus", "+", 3), path)
    plugin = supervisor.host(path, examine(path).manifest)
    plugin.start()
    other = tmp_path / "new.so"
    shutil.copy(mixing("times", "*", 5), other)
    other.rename(path)
    assert plugin.read("amount") == 3  # what is loaded stays what it is
    with pytest.raises(HostError, match="the file has changed since it was read"):
        plugin.restart()
    assert plugin.outcome.ending is Ending.REFUSED
    assert (plugin.state, plugin.pid) == (PluginState.NOT_LOADED, None)


@pytest.mark.parametrize("harm", ["delete", "truncate", "empty", "folder"])
def test_file_that_came_to_harm_after_it_was_listed_is_refused_in_words(supervisor, mixing, tmp_path, harm):
    path = tmp_path / "plugin.so"
    shutil.copy(mixing("plus", "+", 3), path)
    plugin = supervisor.host(path, examine(path).manifest)
    match harm:
        case "delete":
            path.unlink()
        case "truncate":
            os.truncate(path, 3000)
        case "empty":
            os.truncate(path, 0)
        case "folder":
            path.unlink()
            path.mkdir()
    with pytest.raises(HostError) as refused:
        plugin.start()
    assert refused.value.outcome.ending is Ending.REFUSED
    assert plugin.state is PluginState.NOT_LOADED
    assert "Traceback" not in str(refused.value)


def test_stop_during_a_call_ends_it_and_waits_for_nothing(supervisor, host, build_plugin, until):
    source = (
        HEAD
        + """
PD_PLUGIN("sleeper", "1.0.0", "", "MIT", "Says when it sleeps.")
PD_IMAGE_TRANSFORM(1, "whole")
int Transform(const pd_image *in, pd_image *out) { puts("asleep"); pause(); return 0; }
"""
    )
    plugin, raised = host(build_plugin(source, name="sleeper.so")), []

    def work() -> None:
        with supervisor.frame(picture()) as frame, pytest.raises(HostError) as failure:
            plugin.transform(frame)
        raised.append(failure.value.outcome.ending)

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: any(line.text == "asleep" for line in plugin.log.lines()))
    plugin.stop()
    thread.join()
    assert raised == [Ending.STOPPED]
    assert (plugin.state, plugin.outcome) == (PluginState.NOT_LOADED, None)


def test_stop_while_a_plugin_hangs_in_loading_ends_it_and_waits_for_nothing(supervisor, native, until):
    path = native("sleep-in-constructor")
    plugin = supervisor.host(path, examine(path).manifest)
    failures = []

    def work() -> None:
        with pytest.raises(HostError) as failure:
            plugin.start()
        failures.append(failure.value.outcome.ending)

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: plugin.pid)
    plugin.stop()
    thread.join()
    assert failures == [Ending.STOPPED]
    assert plugin.state is PluginState.NOT_LOADED


class Held:
    """A launcher that starts nothing until it may."""

    def __init__(self) -> None:
        self.is_asked, self.may_go_on = threading.Event(), threading.Event()

    def launch(self, command: WorkerCommand, descriptors: Mapping[int, int]) -> int:
        self.is_asked.set()
        self.may_go_on.wait()
        return PlainLauncher().launch(command, descriptors)


def test_stop_while_the_process_is_being_made_does_not_wait_for_the_plugin_to_load(native, patient, until):
    path, failures = native("sleep-in-constructor"), []
    with Supervisor(deadlines=patient, launcher=(launcher := Held())) as supervisor:
        plugin = supervisor.host(path, examine(path).manifest)

        def start() -> None:
            with pytest.raises(HostError) as failure:
                plugin.start()
            failures.append(failure.value.outcome.ending)

        starting, stopping = threading.Thread(target=start), threading.Thread(target=plugin.stop)
        starting.start()
        launcher.is_asked.wait()
        stopping.start()
        until(lambda: plugin._group._stopping)
        launcher.may_go_on.set()
        for thread in (starting, stopping):
            thread.join()
    assert failures == [Ending.STOPPED]
    assert (plugin.state, plugin.outcome, plugin.pid) == (PluginState.NOT_LOADED, None, None)


def test_plugin_that_hangs_while_its_process_ends_is_killed_after_the_deadline(native, patient, has_ended):
    path = native("sleep-in-destructor")
    with Supervisor(deadlines=replace(patient, stop_s=0.2)) as supervisor:
        plugin = supervisor.host(path, examine(path).manifest)
        plugin.start()
        pid = plugin.pid
        began = time.monotonic()
        plugin.stop()
        assert time.monotonic() - began > 0.15
        assert has_ended(pid)


def test_one_that_is_called_while_it_ends_says_how_it_ended(mixing, patient):
    with Supervisor(deadlines=patient) as supervisor:
        [(path, manifest)] = manifests(mixing("plus", "+", 3))
        plugin = supervisor.host(path, manifest)
        plugin.start()
        plugin._group.process._child.condemn(Outcome(Ending.FLOODED, ""))  # its end is seen to a moment later
        with pytest.raises(HostError) as failed:
            plugin.read("Priority")
        assert failed.value.outcome.ending is Ending.FLOODED


def test_closed_supervisor_starts_nothing(mixing):
    supervisor = Supervisor()
    [(path, manifest)] = manifests(mixing("plus", "+", 3))
    plugin = supervisor.host(path, manifest)
    supervisor.close()
    supervisor.close()
    with pytest.raises(HostError, match="closing"):
        plugin.start()


def test_process_ends_with_the_process_that_started_it(mixing, until, has_ended):
    code = (
        "import os, sys; from pathlib import Path; from plugdeck.catalogue.examine import examine;"
        "from plugdeck.hosting.deadlines import Deadlines; from plugdeck.hosting.supervisor import Supervisor;"
        "path = Path(sys.argv[1]); patient = Deadlines(hello_s=600, load_s=600, call_s=600);"
        "plugin = Supervisor(deadlines=patient).host(path, examine(path).manifest); plugin.start();"
        "print(plugin.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    command = [sys.executable, "-c", code, mixing("plus", "+", 3)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    until(lambda: has_ended(int(done.stdout)))


def test_a_process_that_was_told_to_end_is_gone_before_the_next_one_starts(patient, mixing, has_ended):
    """Otherwise its end would be taken for that of the next one, and nobody would close its sockets."""
    [(path, manifest)] = manifests(mixing("plus", "+", 3))
    with Supervisor(deadlines=replace(patient, stop_s=0)) as supervisor:
        plugin = supervisor.host(path, manifest)
        plugin.start()
        before = plugin.pid
        os.kill(before, signal.SIGSTOP)  # so that it does not end when it is told
        plugin._group.begin_stop()  # as another thread's stop does first
        plugin.start()

        assert has_ended(before)
        assert plugin.pid != before
        assert plugin.read("amount") == 3


def test_in_app_plugin_does_the_same_in_this_process(supervisor, mixing):
    [(path, manifest)] = manifests(mixing("plus", "+", 3))
    plugin = InAppPlugin(path, manifest, supervisor)
    plugin.start()
    with supervisor.frame(picture()) as frame, plugin.transform(frame) as result:
        assert result.read().pixels == bytes(byte + 3 & 255 for byte in picture().pixels)
    plugin.write("amount", 9)
    assert plugin.read("amount") == 9
    assert plugin.state is PluginState.LOADED
    plugin.restart()
    assert plugin.read("amount") == 9
    plugin.stop()
    with pytest.raises(HostError, match="Load it first"):
        plugin.read("amount")


def test_error_that_a_plugin_returns_leaves_it_loaded(supervisor, host, native):
    plugin = host(native("fail-in-call"))
    with supervisor.frame(picture()) as frame:
        for _ in range(3):
            with pytest.raises(CallError, match="returned error 42: the moon is in the wrong place"):
                plugin.transform(frame)
    assert (plugin.state, plugin.outcome) == (PluginState.LOADED, None)
