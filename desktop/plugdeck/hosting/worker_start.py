"""The beginning of a worker: it confines itself, says that it is ready, and only then imports what it works with.

Until it has said so it imports as little as it can; the rest comes while the first question is on its way, or while
nobody waits.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

from plugdeck.hosting import wire
from plugdeck.hosting.sandbox.confine import confine, leave_parent
from plugdeck.hosting.sandbox.orders import Orders
from plugdeck.hosting.wire import CALL_DESCRIPTOR, CRASH_DESCRIPTOR, LINE_DESCRIPTOR, Kind


def main() -> None:
    """Runs the worker; its command line is that of ``sandbox.command.worker_command``."""
    leave_parent(CRASH_DESCRIPTOR + 1)
    # Its folder is not ours, and cannot be listed once this process is confined: what the import system knows, stays.
    find_spec("_cffi_backend")
    confine(Orders.from_text(sys.argv[1]), LINE_DESCRIPTOR)
    os.write(CALL_DESCRIPTOR, wire.encode(Kind.HELLO, 0))
    from plugdeck.hosting.worker import serve

    serve()
