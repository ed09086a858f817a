"""Folders that a worker may reach, and nothing beside them (landlock(7)); by raw system calls, since glibc has none.

It holds without any privilege and also where no namespace can be made. It does not cover ``stat``, UDP, and sockets
with a path: the filter of system calls does.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

# The three calls have the same numbers on every machine (asm-generic/unistd.h).
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_CREATE_RULESET_VERSION, _RULE_PATH_BENEATH = 1, 1
_PR_SET_NO_NEW_PRIVS = 38

# linux/landlock.h: LANDLOCK_ACCESS_FS_*
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REFER, _TRUNCATE, _IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
_FIRST_RIGHTS = (1 << 13) - 1
_ADDED_BY_ABI = {2: _REFER, 3: _TRUNCATE, 5: _IOCTL_DEVICE}
_MAKE_DEVICES = (1 << 6) | (1 << 11)  # LANDLOCK_ACCESS_FS_MAKE_CHAR, LANDLOCK_ACCESS_FS_MAKE_BLOCK
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_TCP = 0b11  # LANDLOCK_ACCESS_NET_BIND_TCP, LANDLOCK_ACCESS_NET_CONNECT_TCP; ABI 4
_SCOPES = 0b11  # LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, LANDLOCK_SCOPE_SIGNAL; ABI 6
_ABI_OF_TCP, _ABI_OF_SCOPES = 4, 6


def landlock_abi() -> int:
    """The version that the kernel has; 0 for none, or when it is switched off."""
    version: int = _libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _CREATE_RULESET_VERSION)
    return max(0, version)


class Taken(NamedTuple):
    """What a process no longer has, but for what it is allowed; bits of ``linux/landlock.h``."""

    files: int
    tcp: int = 0
    scopes: int = 0

    @classmethod
    def by_kernel(cls, abi: int, *, network: bool = False) -> Taken:
        """All that a kernel of this version can take; TCP stays with ``network``."""
        files = _FIRST_RIGHTS | sum(right for since, right in _ADDED_BY_ABI.items() if since <= abi)
        tcp = _TCP if abi >= _ABI_OF_TCP and not network else 0
        return cls(files, tcp, _SCOPES if abi >= _ABI_OF_SCOPES else 0)


def restrict(
    readable: Sequence[str],
    writable: Sequence[str] = (),
    *,
    network: bool = False,
    taken: Taken | None = None,
    places: Mapping[str, tuple[int, int]] | None = None,
) -> int:
    """Leaves this thread, and those it starts, only these folders and files. There is no way back.

    Args:
        readable: may be read, and code in them mapped; those that are not there are left out.
        writable: may be read, and files in them made, written and removed.
        network: whether TCP stays open.
        taken: what is taken away; all that the kernel can by default.
        places: the device and number of what is to lie at some of these paths.

    Returns:
        The version that was used; 0 when nothing is restricted, since the kernel cannot.

    Raises:
        OSError: the kernel can, and refused; or something else lies at one of the places.
    """
    abi = landlock_abi()
    if not abi:
        return 0
    taken = taken or Taken.by_kernel(abi, network=network)
    ruleset = _new_ruleset(abi, taken)
    try:
        for path in readable:
            _allow(ruleset, path, taken.files & (_EXECUTE | _READ_FILE | _READ_DIR), places or {})
        for path in writable:
            _allow(ruleset, path, taken.files & ~_MAKE_DEVICES, places or {})
        _checked(_libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _checked(_libc().syscall(_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)
    return abi


def _new_ruleset(abi: int, taken: Taken) -> int:
    """A descriptor; ``struct landlock_ruleset_attr`` has grown with the versions."""
    fields = [taken.files]
    if abi >= _ABI_OF_TCP:
        fields.append(taken.tcp)
    if abi >= _ABI_OF_SCOPES:
        fields.append(taken.scopes)
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    return _checked(_libc().syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0))


def _allow(ruleset: int, path: str, rights: int, places: Mapping[str, tuple[int, int]]) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            found = os.fstat(descriptor)
            if places.get(path, (found.st_dev, found.st_ino)) != (found.st_dev, found.st_ino):
                raise OSError(errno.ESTALE, "Something else was put there while the plugin was started", path)
            if not stat.S_ISDIR(found.st_mode):
                rights &= _OF_FILES
            beneath = struct.pack("=Qi", rights, descriptor)  # struct landlock_path_beneath_attr, packed
            _checked(_libc().syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, beneath, 0))
        finally:
            os.close(descriptor)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock refused: {os.strerror(code) if code else errno.errorcode.get(code, 'unknown')}")
    return result
