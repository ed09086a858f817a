"""How often the kernel ended a process for want of memory: evidence where a worker was killed, and not by us."""

from __future__ import annotations

import re

from plugdeck.hosting.crash.process_view import read_text

_COUNT = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)


def oom_kills() -> int:
    """Since the system was started, in all groups of processes (``/proc/vmstat``); 0 where nobody counts."""
    found = _COUNT.search(read_text("/proc/vmstat"))
    return int(found[1]) if found else 0
