"""The filter of a worker's system calls: a classic BPF program (seccomp(2)), which ``seccomp`` installs.

What a plugin of pictures has no use for is refused, and all else allowed: the runtimes of Go, OpenMP and C++ use
more of the kernel than any list of ours would foresee. A refused call fails with EPERM, never kills: many libraries try
something, and go on without it.

Considered and not taken: libseccomp through one of its bindings, which would be one more system library for 150
instructions whose tests are the system calls themselves.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plugdeck.hosting.sandbox.filter_program import OWN_PID
from plugdeck.hosting.sandbox.system_calls import SystemCalls

# linux/bpf_common.h, linux/filter.h
_LOAD, _JUMP_EQUAL, _JUMP_ABOVE, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
# linux/seccomp.h
_RET_KILL_PROCESS, _RET_ERRNO, _RET_USER_NOTIFY, _RET_ALLOW = 0x8000_0000, 0x0005_0000, 0x7FC0_0000, 0x7FFF_0000
# struct seccomp_data: nr, arch, instruction_pointer, args[6]; the low half of an argument comes first
_NUMBER, _MACHINE, _ARGUMENTS = 0, 4, 16
_X32 = 0x4000_0000
_CLONE_THREAD = 0x0001_0000
_TERMINAL_INPUTS = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
_INTERNET = (2, 10)  # AF_INET, AF_INET6
_NETLINK = 16  # AF_NETLINK: which interfaces there are, for getaddrinfo(3)

_ITSELF = (0, OWN_PID)
_PROCESS_PRIORITY, _PROCESS_IO_PRIORITY = 0, 1  # PRIO_PROCESS, IOPRIO_WHO_PROCESS: not the user's or a group's
_Step = tuple[int, int, int, int]
"""``struct sock_filter``: operation, jumps if true and if false, value."""

_REFUSAL: _Step = (_RETURN, 0, 0, _RET_USER_NOTIFY)
"""Whoever has the listener answers, with EPERM: see ``refusals``."""


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls are refused; ``program`` says it to the kernel."""

    calls: SystemCalls
    network: bool = False
    """Whether internet sockets may be opened."""

    def program(self) -> bytes:
        """The instructions (``struct sock_filter[]``), which ``filter_program.for_process`` makes ready."""
        numbers = self.calls.numbers
        steps = list(self._machine_steps())
        itself = self._unless_equal(0, _ITSELF)
        special = {
            "clone": self._unless_bits(0, _CLONE_THREAD),
            "clone3": [(_RETURN, 0, 0, _RET_ERRNO | errno.ENOSYS)],  # its flags are in memory; glibc then uses clone
            "kill": self._unless_equal(0, (OWN_PID,)),
            "tgkill": self._unless_equal(0, (OWN_PID,)),
            "rt_tgsigqueueinfo": self._unless_equal(0, (OWN_PID,)),
            "prlimit64": itself,
            "sched_setparam": itself,
            "sched_setscheduler": itself,
            "sched_setaffinity": itself,
            "sched_setattr": itself,
            "setpriority": self._unless_first(_PROCESS_PRIORITY, self._unless_equal(1, _ITSELF)),
            "ioprio_set": self._unless_first(_PROCESS_IO_PRIORITY, self._unless_equal(1, _ITSELF)),
            "prctl": self._if_equal(0, (_SET_PARENT_DEATH_SIGNAL,)),
            "ioctl": self._if_equal(1, _TERMINAL_INPUTS),
            "socket": self._unless_equal(0, (*_INTERNET, _NETLINK)) if self.network else [_REFUSAL],
        }
        for name, number in numbers.items():
            answer = special.get(name, [_REFUSAL])
            steps += [(_JUMP_EQUAL, 0, len(answer), number), *answer]
        return _assemble([*steps, (_RETURN, 0, 0, _RET_ALLOW)])

    def _machine_steps(self) -> Iterable[_Step]:
        """Another machine's numbering would mean other calls: programs for it are not run here."""
        yield (_LOAD, 0, 0, _MACHINE)
        yield (_JUMP_EQUAL, 1, 0, self.calls.audit_machine)
        yield (_RETURN, 0, 0, _RET_KILL_PROCESS)
        yield (_LOAD, 0, 0, _NUMBER)
        if self.calls.has_x32:
            yield (_JUMP_ABOVE, 0, 1, _X32)
            yield (_RETURN, 0, 0, _RET_ERRNO | errno.ENOSYS)

    def _unless_equal(self, argument: int, allowed: Sequence[int]) -> list[_Step]:
        """Refuses unless the argument is one of these."""
        checks = [(_JUMP_EQUAL, len(allowed) - place, 0, value) for place, value in enumerate(allowed)]
        return [_load_argument(argument), *checks, _REFUSAL, (_RETURN, 0, 0, _RET_ALLOW)]

    def _unless_first(self, allowed: int, then: list[_Step]) -> list[_Step]:
        """Refuses unless the first argument is this one, and goes on with what is to be asked then."""
        return [_load_argument(0), (_JUMP_EQUAL, 1, 0, allowed), _REFUSAL, *then]

    def _if_equal(self, argument: int, refused: Sequence[int]) -> list[_Step]:
        """Refuses when the argument is one of these."""
        checks = [(_JUMP_EQUAL, len(refused) - place, 0, value) for place, value in enumerate(refused)]
        return [_load_argument(argument), *checks, (_RETURN, 0, 0, _RET_ALLOW), _REFUSAL]

    def _unless_bits(self, argument: int, bits: int) -> list[_Step]:
        return [_load_argument(argument), (_JUMP_BITS, 1, 0, bits), _REFUSAL, (_RETURN, 0, 0, _RET_ALLOW)]


def _load_argument(argument: int) -> _Step:
    return (_LOAD, 0, 0, _ARGUMENTS + 8 * argument)


def _assemble(steps: Sequence[_Step]) -> bytes:
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
