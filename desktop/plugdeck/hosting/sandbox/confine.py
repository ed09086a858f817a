"""What a worker does to itself before it opens a plugin; there is no way back from it."""

from __future__ import annotations

import os
import socket
from array import array

from plugdeck.hosting.limits import Limits
from plugdeck.hosting.sandbox.call_filter import for_process
from plugdeck.hosting.sandbox.capabilities import drop_capabilities
from plugdeck.hosting.sandbox.confinement import Orders
from plugdeck.hosting.sandbox.landlock import restrict
from plugdeck.hosting.sandbox.minder import split_off
from plugdeck.hosting.sandbox.packets import LISTENER
from plugdeck.hosting.sandbox.seccomp import install


def confine(orders: Orders, line_descriptor: int) -> None:
    """Sets the limits, and leaves this process nothing but what its orders allow.

    Args:
        orders: from whoever started this process.
        line_descriptor: the socket on which refusals and the end are reported; it is closed here.

    Raises:
        OSError: a part of it is not possible: then no plugin may be opened.
    """
    Limits(*orders.limits).apply()
    os.chdir(orders.folder)
    with socket.socket(fileno=line_descriptor) as line:
        if orders.has_minder:
            split_off(line)
        if orders.is_restricted:
            restrict(orders.readable, orders.writable, network=orders.network)
            drop_capabilities()
            listener = install(for_process(bytes.fromhex(orders.program), os.getpid()))
            line.sendmsg([LISTENER], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [listener]))])
            os.close(listener)
