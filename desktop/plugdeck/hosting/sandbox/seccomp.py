"""Installing a filter of system calls; for workers, since there is no way back (seccomp(2))."""

from __future__ import annotations

import ctypes
import os

# linux/seccomp.h
_SET_MODE_FILTER, _FLAG_TSYNC, _FLAG_NEW_LISTENER, _FLAG_TSYNC_ESRCH = 1, 1 << 0, 1 << 3, 1 << 4
_PR_SET_NO_NEW_PRIVS = 38  # linux/prctl.h
_SECCOMP = {"x86_64": 317, "aarch64": 277}


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


def install(program: bytes) -> int:
    """Puts the filter over all threads of this process, for good.

    Args:
        program: as ``for_process`` gives it.

    Returns:
        The descriptor from which refusals are read (seccomp_unotify(2)).

    Raises:
        OSError: the kernel has no filters, or another one forbids it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs cannot be set")
    steps = ctypes.create_string_buffer(program, len(program))
    prepared = _Program(len(program) // 8, ctypes.addressof(steps))
    flags = _FLAG_TSYNC | _FLAG_NEW_LISTENER | _FLAG_TSYNC_ESRCH
    number = _SECCOMP[os.uname().machine]
    result: int = libc.syscall(number, _SET_MODE_FILTER, ctypes.c_ulong(flags), ctypes.byref(prepared))
    if result < 0:
        raise OSError(ctypes.get_errno(), "the filter of system calls cannot be installed")
    return result
