"""Root's rights, given up by a worker (capabilities(7)): as root, it would otherwise be let past most refusals."""

from __future__ import annotations

import ctypes
import errno
import os
import struct

_PR_CAPBSET_DROP, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 24, 47, 4
_VERSION_3 = 0x2008_0522  # _LINUX_CAPABILITY_VERSION_3
_MOST = 64


def drop_capabilities() -> None:
    """Takes every capability from this thread and those it starts, for good.

    Raises:
        OSError: the kernel refused.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(_MOST):
        if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) and ctypes.get_errno() in {errno.EINVAL, errno.EPERM}:
            break  # the last that this kernel knows was the one before; or there are none to drop
    libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = struct.pack("=Ii", _VERSION_3, 0)
    if libc.capset(header, bytes(24)):
        code = ctypes.get_errno()
        raise OSError(code, f"capabilities cannot be dropped: {os.strerror(code)}")
