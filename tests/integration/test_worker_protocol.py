"""Whatever a worker says is checked: impostors that speak wrongly are ended, and nobody waits for them."""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.hosting.launch import PlainLauncher, WorkerCommand
from plugdeck.hosting.outcome import Ending, HostError, PluginState
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.image import Image, ImageLayout

# A worker in which the plugin's code has taken over: it can send what it likes.
PRELUDE = """
import array, fcntl, os, socket, struct, sys, time
line, log = socket.socket(fileno=3), socket.socket(fileno=4)
HELLO, DONE, FAILED, LOAD, TRANSFORM, READ, MAP_INPUT, MAP_OUTPUT = 32, 33, 34, 1, 2, 3, 6, 7
def pack(kind, request, body=b"", magic=b"PD", version=1, length=None):
    return struct.pack("<2sBBII", magic, version, kind, request, len(body) if length is None else length) + body
def say(*arguments, **options):
    line.send(pack(*arguments, **options))
def hear():
    packet, ancillary, *_ = line.recvmsg(70000, 64)
    if not packet:
        sys.exit()
    descriptors = array.array("i")
    for _, _, data in ancillary:
        descriptors.frombytes(data)
    return packet[3], struct.unpack_from("<I", packet, 4)[0], packet[12:], descriptors
def serve(answer):
    while True:
        kind, request, body, descriptors = hear()
        if answer(kind, request, body, descriptors) is None:
            say(DONE, request, b"null" if kind in (LOAD, READ) else b"")
say(HELLO, 0)
"""
PICTURE = Image(ImageLayout.packed(64, 48), bytes(range(256)) * 48)

AS_ANSWER_TO_READ = {
    "wrong magic": "say(DONE, r, b'1', magic=b'XX')",
    "wrong version": "say(DONE, r, b'1', version=2)",
    "wrong length": "say(DONE, r, b'1', length=7)",
    "shorter than a header": "line.send(b'PD')",
    "longer than allowed": "line.send(pack(DONE, r, bytes(70000)))",
    "unknown kind": "say(99, r)",
    "a question rather than an answer": "say(LOAD, r, b'1')",
    "hello once more": "say(HELLO, r)",
    "answer to another question": "say(DONE, r + 1, b'1')",
    "no JSON": "say(DONE, r, b'{')",
    "deep JSON": "say(DONE, r, b'[' * 60000)",
    "no number": "say(DONE, r, b'\"text\"')",
    "nothing": "say(DONE, r)",
    "failure that is no JSON": "say(FAILED, r, b'nonsense')",
}


class Impostor:
    """Starts other Python code in the worker's place."""

    def __init__(self, code: str) -> None:
        self._code = code

    def launch(self, command: WorkerCommand, descriptors: Mapping[int, int]) -> int:
        arguments = (sys.executable, "-I", "-S", "-c", self._code)
        return PlainLauncher().launch(WorkerCommand(arguments, command.environment), descriptors)


@pytest.fixture
def impostor(build_plugin, patient):
    """``impostor(code)`` gives a plugin whose worker runs that code; the supervisor is ``impostor.supervisor``."""
    source = """
#include "plugdeck.h"
PD_PLUGIN("honest", "1.0.0", "", "MIT", "Honest.")
PD_IMAGE_TRANSFORM(1, "whole")
int Transform(const pd_image *in, pd_image *out) { return 0; }
"""
    path, supervisors = build_plugin(source), []

    def make(code: str, **deadlines: float):
        deadlines = {"stop_s": 1, **deadlines}
        supervisors.append(Supervisor(launcher=Impostor(code), deadlines=replace(patient, **deadlines)))
        make.supervisor = supervisors[-1]
        return make.supervisor.host(path, examine(path).manifest)

    yield make
    for supervisor in supervisors:
        supervisor.close()


def start_fails(plugin) -> HostError:
    with pytest.raises(HostError) as failure:
        plugin.start()
    assert plugin.pid is None
    return failure.value


@pytest.mark.parametrize("answer", AS_ANSWER_TO_READ)
def test_answer_that_is_none_ends_the_worker(impostor, answer):
    plugin = impostor(f"{PRELUDE}\nserve(lambda k, r, b, d: {AS_ANSWER_TO_READ[answer]} or 1 if k == READ else None)")
    plugin.start()
    pid = plugin.pid
    with pytest.raises(HostError) as failure:
        plugin.read("Priority")
    assert failure.value.outcome.ending is Ending.BROKE_PROTOCOL
    assert (plugin.state, plugin.pid) == (PluginState.CRASHED, None)
    assert not os.path.exists(f"/proc/{pid}")


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        ("import sys; sys.exit(5)", Ending.EXITED),
        ("import os; os.kill(os.getpid(), 11)", Ending.CRASHED),
        (PRELUDE.replace("say(HELLO, 0)", "say(DONE, 0)\nhear()"), Ending.BROKE_PROTOCOL),
        (PRELUDE.replace("say(HELLO, 0)", "line.send(b'hello')\nhear()"), Ending.BROKE_PROTOCOL),
        (PRELUDE.replace("say(HELLO, 0)", "line.close(); time.sleep(60)"), Ending.LOST_CONNECTION),
    ],
)
def test_worker_that_does_not_begin_as_agreed_is_ended(impostor, code, ending):
    plugin = impostor(code)
    failure = start_fails(plugin)
    assert (failure.outcome.ending, failure.outcome.during) == (ending, "starting")


def test_worker_that_never_says_hello_is_ended_at_its_deadline(impostor):
    outcome = start_fails(impostor("import time; time.sleep(60)", hello_s=0.3)).outcome
    assert (outcome.ending, outcome.deadline_s) == (Ending.TIMED_OUT, 0.3)


def test_command_that_cannot_be_started_says_why(impostor):
    class Missing:
        def launch(self, command: WorkerCommand, descriptors: Mapping[int, int]) -> int:
            return PlainLauncher().launch(WorkerCommand(("/nowhere/python",), {}), descriptors)

    plugin = impostor("")
    plugin._group._supply._launcher = Missing()
    failure = start_fails(plugin)
    assert failure.outcome.ending is Ending.NOT_STARTED
    assert "No such file or directory" in failure.outcome.sentence
    assert plugin.state is PluginState.NOT_LOADED


def test_worker_that_answers_before_it_is_asked_is_ended(impostor):
    plugin = impostor(f"{PRELUDE}\nserve(lambda k, r, b, d: say(DONE, r, b'null') or say(DONE, r, b'1') or 1)")
    plugin.start()
    with pytest.raises(HostError, match="no answer to question"):
        plugin.read("Priority")


def test_worker_that_seals_a_frame_itself_is_ended(impostor):
    answer = "fcntl.fcntl(d[0], fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL) or None if k == MAP_OUTPUT else None"
    plugin = impostor(f"{PRELUDE}\nserve(lambda k, r, b, d: {answer})")
    plugin.start()
    with impostor.supervisor.frame(PICTURE) as frame, pytest.raises(HostError, match="not its own to seal"):
        plugin.transform(frame)


TRY_EVERYTHING = """
import errno, mmap
def try_everything(descriptor):
    size = os.fstat(descriptor).st_size
    def attempt(work):
        try:
            work()
            return "done"
        except OSError as failure:
            return errno.errorcode[failure.errno]
    again = os.open(f"/proc/self/fd/{descriptor}", os.O_RDWR)
    return [
        attempt(lambda: mmap.mmap(descriptor, size, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)),
        attempt(lambda: mmap.mmap(again, size, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)),
        attempt(lambda: os.pwrite(descriptor, b"x", 0)),
        attempt(lambda: os.ftruncate(descriptor, 0)),
        attempt(lambda: os.ftruncate(again, 2 * size)),
        attempt(lambda: fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)),
        attempt(lambda: os.posix_fallocate(descriptor, 0, 2 * size)),
        attempt(lambda: mmap.mmap(descriptor, size, mmap.MAP_SHARED, mmap.PROT_READ)),
    ]
"""


def test_kernel_refuses_a_reader_everything_but_reading(impostor):
    answer = "sys.stderr.write(' '.join(try_everything(d[0])) + '\\n') and None if k == MAP_INPUT else None"
    plugin = impostor(f"{PRELUDE}{TRY_EVERYTHING}\nserve(lambda k, r, b, d: {answer})")
    plugin.start()
    said, done = [], threading.Event()
    plugin.log.on_line(lambda line: (said.append(line.text), done.set()))
    with impostor.supervisor.frame(PICTURE) as frame:
        plugin.transform(frame).release()
        assert done.wait(30)
        assert frame.read() == PICTURE
    assert said == ["EPERM EPERM EPERM EPERM EPERM EPERM EPERM done"]


def test_producer_cannot_change_the_size_of_its_frame(impostor):
    code = f"""{PRELUDE}
def answer(k, r, b, d):
    if k == MAP_OUTPUT:
        try:
            os.ftruncate(d[0], 0)
        except PermissionError:
            sys.stderr.write("refused\\n")
serve(answer)
"""
    plugin = impostor(code)
    plugin.start()
    said, done = [], threading.Event()
    plugin.log.on_line(lambda line: (said.append(line.text), done.set()))
    with impostor.supervisor.frame(PICTURE) as frame, plugin.transform(frame) as result:
        assert done.wait(30)
        assert result.read().pixels == bytes(PICTURE.layout.size_bytes)
    assert said == ["refused"]


def test_copy_of_a_picture_is_not_changed_by_its_producer_afterwards(impostor):
    code = f"""{PRELUDE}
import mmap
kept = []
def answer(k, r, b, d):
    if k == MAP_OUTPUT:
        kept.append(mmap.mmap(d[0], 0))
    if k == READ:
        kept[0][:4] = b"evil"
        say(DONE, r, b"1")
        return 1
serve(answer)
"""
    plugin = impostor(code)
    plugin.start()
    with impostor.supervisor.frame(PICTURE) as frame, plugin.transform(frame) as result:
        shown = result.read()
        assert plugin.read("Priority") == 1
        assert result.read().pixels[:4] == b"evil"
        assert shown.pixels[:4] == bytes(4)


def test_descriptors_that_a_worker_sends_are_not_taken(impostor, descriptors):
    answer = "socket.send_fds(line, [pack(DONE, r, b'1')], [0] * 100) if k == READ else None"
    plugin = impostor(f"{PRELUDE}\nserve(lambda k, r, b, d: {answer})")
    plugin.start()
    before = Counter(descriptors())
    assert plugin.read("Priority") == 1
    assert Counter(descriptors()) - before == Counter()


def test_log_packets_of_any_kind_do_no_harm(impostor):
    code = f"""{PRELUDE}
for packet in (b"x", b"", b"\\xff\\xff\\x01slot", b"\\0\\0\\xffhigh", b"\\0\\0\\1" + b"\\xff\\0\\n" * 3, bytes(60000)):
    log.send(packet) if packet else None
serve(lambda k, r, b, d: None)
"""
    plugin = impostor(code)
    plugin.start()
    plugin.stop()
    assert [line.text for line in plugin.log.lines()][:2] == ["high", "\udcff\0\n" * 3]


def test_worker_that_is_deaf_to_stop_is_killed(impostor):
    plugin = impostor(f"{PRELUDE}\nserve(lambda k, r, b, d: None if k == LOAD else time.sleep(60))", stop_s=0.2)
    plugin.start()
    pid = plugin.pid
    plugin.stop()
    assert not os.path.exists(f"/proc/{pid}")
    assert (plugin.state, plugin.outcome) == (PluginState.NOT_LOADED, None)
