"""The beginning of a worker: it confines itself, says that it is ready, and only then imports what it works with.

Until it has said so it imports as little as it can; the rest comes while the first question is on its way, or while
nobody waits. ``inspect`` with its disassembler is looked up by ``dataclasses`` and used by nothing here: it is loaded
when somebody does use it, which saves a twelfth of the start.
"""

from __future__ import annotations

import importlib.util
import os
import sys

from plugdeck.hosting import wire
from plugdeck.hosting.sandbox.confine import confine, leave_parent
from plugdeck.hosting.sandbox.orders import Orders
from plugdeck.hosting.wire import CALL_DESCRIPTOR, CRASH_DESCRIPTOR, LINE_DESCRIPTOR, Kind


def main() -> None:
    """Runs the worker; its command line is that of ``sandbox.command.worker_command``."""
    leave_parent(CRASH_DESCRIPTOR + 1)
    # Its folder is not ours, and cannot be listed once this process is confined: what the import system knows, stays.
    importlib.util.find_spec("_cffi_backend")
    confine(Orders.from_text(sys.argv[1]), LINE_DESCRIPTOR)
    os.write(CALL_DESCRIPTOR, wire.encode(Kind.HELLO, 0))
    _load_later("inspect")
    from plugdeck.hosting.worker import serve

    serve()


def _load_later(name: str) -> None:
    """Imports the module at its first use (``importlib.util.LazyLoader``)."""
    spec = importlib.util.find_spec(name)
    if spec and spec.loader:
        spec.loader = importlib.util.LazyLoader(spec.loader)
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
