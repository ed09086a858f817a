"""What a worker does to itself before it opens a plugin; there is no way back from it."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
from array import array

from plugdeck.hosting.sandbox.capabilities import drop_capabilities
from plugdeck.hosting.sandbox.filter_program import for_process
from plugdeck.hosting.sandbox.landlock import restrict
from plugdeck.hosting.sandbox.minder import split_off
from plugdeck.hosting.sandbox.orders import Orders
from plugdeck.hosting.sandbox.packets import LISTENER, WORKER
from plugdeck.hosting.sandbox.resource_limits import set_limits
from plugdeck.hosting.sandbox.seccomp import install

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def leave_parent(first_free: int) -> None:
    """Ends this process with the thread that started it, ignores Ctrl+C, and closes descriptors from this one on."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.closerange(first_free, 1 << 30)


def confine(orders: Orders, line_descriptor: int) -> None:
    """Sets the limits, and leaves this process nothing but what its orders allow.

    Args:
        orders: from whoever started this process.
        line_descriptor: the socket on which refusals and the end are reported; it is closed here.

    Raises:
        OSError: a part of it is not possible: then no plugin may be opened.
    """
    with socket.socket(fileno=line_descriptor) as line:
        if program := _confine_but_calls(orders, line):
            listener = install(program)
            line.sendmsg([LISTENER], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [listener]))])
            os.close(listener)


def confine_but_calls(orders: Orders, line_descriptor: int) -> bytes:
    """The same but for the filter of system calls, which would not let another program be started; that is given.

    The line stays open: that program installs the filter, and hands its listener over.
    """
    line = socket.socket(fileno=line_descriptor)
    try:
        return _confine_but_calls(orders, line)
    finally:
        line.detach()


def _confine_but_calls(orders: Orders, line: socket.socket) -> bytes:
    set_limits(*orders.limits)
    os.chdir(orders.folder)
    if orders.has_minder:
        split_off(line)
    if not orders.is_restricted:
        line.send(WORKER)
        return b""
    places = {path: (device, number) for path, device, number in orders.places}
    restrict(orders.readable, orders.writable, network=orders.network, places=places)
    drop_capabilities()
    return for_process(bytes.fromhex(orders.program), os.getpid())
