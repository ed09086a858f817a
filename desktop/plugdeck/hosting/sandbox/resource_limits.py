"""Setting the limits of a worker, by itself (setrlimit(2)); how much they are says ``limits.Limits``."""

from __future__ import annotations

import os
import resource
from contextlib import suppress

# A worker that uses up the memory is ended by the kernel before the window is (proc(5), oom_score_adj).
_OOM_SCORE = b"800"


def set_limits(address_space_bytes: int, open_files: int, file_bytes: int) -> None:
    """Sets the limits of this process; a lower one that is set already stays."""
    wanted = {
        resource.RLIMIT_AS: address_space_bytes,
        resource.RLIMIT_NOFILE: open_files,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in wanted.items():
        hard = resource.getrlimit(kind)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (bound, bound))
    with suppress(OSError):
        score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(score, _OOM_SCORE)
        os.close(score)
