"""The worker: a process that opens plugins and does with them what its supervisor asks for, one thing after another.

Begun by ``worker_start``, which has confined it. Nothing in it is trusted once a plugin is open: the plugin's code can
do whatever this process can.
"""

from __future__ import annotations

import ctypes
import gc
import mmap
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from plugdeck.dialects.sdk.bind import BoundTransform
from plugdeck.errors import PlugdeckError
from plugdeck.hosting import failures, wire
from plugdeck.hosting.crash.parking import parked_crashes
from plugdeck.hosting.guarded_memory import GuardedMemory
from plugdeck.hosting.log_writer import LogWriter
from plugdeck.hosting.plugin_opening import open_transform
from plugdeck.hosting.waiting import comes_at_once
from plugdeck.hosting.wire import (
    CALL_DESCRIPTOR,
    CRASH_DESCRIPTOR,
    FLAG_DESCRIPTOR,
    LOG_DESCRIPTOR,
    Kind,
    Message,
)
from plugdeck.hosting.work_mark import WorkMark
from plugdeck.image import ImageLayout, PixelFormat

_IOLBF = 1  # stdio.h


class Worker:
    """The plugins of this process, by slot, and the frames that it has mapped, by number."""

    def __init__(self, channel: socket.socket, log: socket.socket, flag: mmap.mmap) -> None:
        self._channel = channel
        self._log = LogWriter(log)
        self._flag = flag
        self._plugins: dict[int, BoundTransform] = {}
        self._mark = WorkMark()
        self._inputs: dict[int, GuardedMemory] = {}
        self._outputs: dict[int, GuardedMemory] = {}
        self._answers: dict[Kind, Callable[[Message], bytes]] = {
            Kind.TRANSFORM: self._transform,
            Kind.READ: self._read,
            Kind.WRITE: self._write,
            Kind.CALL: self._call,
            Kind.LOAD: self._load,
            Kind.MAP_INPUT: self._map_input,
            Kind.MAP_OUTPUT: self._map_output,
            Kind.MARK: self._take_mark,
        }

    def run(self) -> None:
        """Answers until it is asked to stop or the supervisor is gone."""
        packets = select.poll()
        packets.register(self._channel, select.POLLIN)
        while (message := wire.receive_with_descriptors(self._channel)) is not None:
            if message.kind is Kind.STOP:
                self._log.finish()
                return
            if message.kind is Kind.UNMAP:
                self._unmap(wire.unpack_unmap(message.body))
            else:
                self._channel.send(self._answer(message))
                comes_at_once(packets)

    def _answer(self, message: Message) -> bytes:
        try:
            return wire.encode(Kind.DONE, message.request, self._answers[message.kind](message))
        except wire.WireError as failure:
            described = failures.describe(PlugdeckError(f"The result cannot be sent: {failure}."))
        except Exception as failure:  # noqa: BLE001 - whatever went wrong, the supervisor is told and the worker goes on
            described = failures.describe(failure)
        finally:
            self._mark.leave()
            self._log.tell_left_out()
        return wire.encode(Kind.FAILED, message.request, wire.pack_json(described))

    def _load(self, message: Message) -> bytes:
        slot, text, expected = _fields(message, 3)
        path = Path(text)
        # The descriptor stays open: the loader goes by names, and its number must not come to mean another file.
        file = f"/proc/self/fd/{message.descriptors[0]}" if message.descriptors else path
        log = partial(self._log.write, slot)
        self._mark.enter(slot)
        self._plugins[slot] = open_transform(file, path, expected, log=log, cancelled=self._is_cancelled)
        return b"null"

    def _transform(self, message: Message) -> bytes:
        request = wire.unpack_transform(message.body)
        pixel_format = PixelFormat(request.pixel_format)
        layout = ImageLayout(request.width, request.height, request.stride_bytes, pixel_format)
        source, target = self._inputs[request.source], self._outputs[request.target]
        target.mark_end(layout.size_bytes)
        self._plugin(request.slot).transform(source.pixels, target.pixels, layout, request.scale)
        return b""

    def _read(self, message: Message) -> bytes:
        slot, name = _fields(message, 2)
        return wire.pack_json(self._plugin(slot).read(name))

    def _write(self, message: Message) -> bytes:
        slot, name, value = _fields(message, 3)
        self._plugin(slot).write(name, value)
        return b"null"

    def _call(self, message: Message) -> bytes:
        slot, name, arguments = _fields(message, 3)
        return wire.pack_json(self._plugin(slot).call(name, *arguments))

    def _plugin(self, slot: int) -> BoundTransform:
        """The plugin that is called next."""
        self._mark.enter(slot)
        return self._plugins[slot]

    def _take_mark(self, message: Message) -> bytes:
        (descriptor,) = message.descriptors
        try:
            self._mark = WorkMark(descriptor)
        finally:
            os.close(descriptor)
        return b""

    def _map_input(self, message: Message) -> bytes:
        return self._map(message, self._inputs, writable=False)

    def _map_output(self, message: Message) -> bytes:
        return self._map(message, self._outputs, writable=True)

    def _map(self, message: Message, mapped: dict[int, GuardedMemory], *, writable: bool) -> bytes:
        number, size_bytes = wire.unpack_map(message.body)
        (descriptor,) = message.descriptors
        try:
            mapped[number] = GuardedMemory(descriptor, size_bytes, writable=writable)
        finally:
            os.close(descriptor)
        return b""

    def _unmap(self, number: int) -> None:
        for mapped in (self._inputs, self._outputs):
            if memory := mapped.pop(number, None):
                memory.unmap()

    def _is_cancelled(self) -> bool:
        return bool(self._flag[0])


def serve() -> None:
    """Runs the worker, which is confined and has said that it is ready.

    One that has lost its connection says so in its last words. Where these would not be heard either, it stands still:
    whoever started it sees that a process which is not about to end has closed its end.
    """
    # Lines come as they are written, not when four kilobytes have gathered.
    libc = ctypes.CDLL(None)
    libc.setvbuf(ctypes.c_void_p.in_dll(libc, "stdout"), None, _IOLBF, ctypes.c_size_t(0))
    channel, log = socket.socket(fileno=CALL_DESCRIPTOR), socket.socket(fileno=LOG_DESCRIPTOR)
    flag = mmap.mmap(FLAG_DESCRIPTOR, mmap.PAGESIZE, mmap.MAP_SHARED, mmap.PROT_READ)
    os.close(FLAG_DESCRIPTOR)
    for descriptor in (channel, log):
        descriptor.set_inheritable(False)
    words = os.fstat(sys.stderr.fileno())
    gc.freeze()
    gc.enable()
    try:
        with parked_crashes(CRASH_DESCRIPTOR):
            Worker(channel, log, flag).run()
    except (OSError, wire.WireError) as failure:
        if not _leads_to(sys.stderr.fileno(), words):
            os.kill(os.getpid(), signal.SIGSTOP)
        sys.stderr.write(f"{wire.LOST_WORDS} {failure}\n")
        sys.exit(wire.LOST_CONNECTION)


def _leads_to(descriptor: int, there: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), there)
    except OSError:
        return False


def _fields(message: Message, count: int) -> tuple[Any, ...]:
    """The values of a JSON array of this length. Raises WireError."""
    values = wire.unpack_json(message.body)
    if not isinstance(values, list) or len(values) != count:
        raise wire.WireError(f"{count} values are needed")
    return tuple(values)
