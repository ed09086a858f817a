"""The beginning of a runner's process: it confines itself as every worker does, and becomes the Go program.

All but the filter of system calls holds over that (execve(2)); the filter is the program's own first act.
"""

from __future__ import annotations

import os
import sys

from plugdeck.hosting.sandbox.confine import confine_but_calls, leave_parent
from plugdeck.hosting.sandbox.orders import Orders
from plugdeck.hosting.wire import LINE_DESCRIPTOR

# One goroutine's stack and no core file: what is told of a crash is what went wrong, not how the runtime works.
_VARIABLES = {"GOTRACEBACK": "single"}


def main() -> None:
    """Runs the program; the command line is that of ``sandbox.command.worker_command``."""
    leave_parent(LINE_DESCRIPTOR + 1)
    orders, runner = Orders.from_text(sys.argv[1]), sys.argv[2]
    program = confine_but_calls(orders, LINE_DESCRIPTOR)
    os.execve(runner, [runner, program.hex()], {**os.environ, **_VARIABLES})
