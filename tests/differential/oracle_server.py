"""Runs in a worker's interpreter (see ``oracle.py``): paths come in on standard input, answers go out as JSON."""

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
from pathlib import Path

from plugdeck.hosting.sandbox.orders import Orders
from plugdeck.hosting.sandbox.resource_limits import set_limits
from plugdeck.runtime.native import LoaderError, load_library

DEADLINE_S = 20


def load(path, writer):
    """In the child: tells what the loader said, and ends without destructors."""
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    try:
        load_library(Path(path))
        said = "loads"
    except LoaderError as error:
        said = str(error)
    os.write(writer, said.encode(errors="replace")[:1000])
    os._exit(0)


def ask(path):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        load(path, writer)
    os.close(writer)
    watched = os.pidfd_open(child)
    ended = select.select([watched], [], [], DEADLINE_S)[0]
    os.close(watched)
    for group in (os.kill, os.killpg):
        with contextlib.suppress(ProcessLookupError):
            group(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.set_blocking(reader, False)
    try:
        said = os.read(reader, 1000).decode(errors="replace")
    except BlockingIOError:
        said = ""
    os.close(reader)
    return said or (f"ended with {status}" if ended else "hangs")


ctypes.CDLL(None)  # as the worker's main does
set_limits(*Orders.from_text(sys.argv[1]).limits)
print(json.dumps([ask(path) for path in json.load(sys.stdin)]))
