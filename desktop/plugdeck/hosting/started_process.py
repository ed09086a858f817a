"""Starting the process of a worker, with everything that leads from here to it and back."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from plugdeck.hosting.channel import Channel
from plugdeck.hosting.launch import Launcher, WorkerCommand
from plugdeck.hosting.outcome import Status
from plugdeck.hosting.wire import (
    CALL_DESCRIPTOR,
    CRASH_DESCRIPTOR,
    FLAG_DESCRIPTOR,
    LINE_DESCRIPTOR,
    LOG_DESCRIPTOR,
)


@dataclass(frozen=True, slots=True)
class StartedProcess:
    """A process, and our ends of its pipes and sockets: whoever has this closes them."""

    pid: int
    pidfd: int
    channel: Channel
    stdout: int
    stderr: int
    log: socket.socket
    crash: int
    line: socket.socket

    def send_signal(self, number: int) -> None:
        """To this process, and never to another one that has its number by then."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, number)

    def collect(self) -> Status | None:
        """Waits for its end, and says how it came; None when somebody else collected it.

        What it started itself ends with it: its number stays taken until it is collected, so that the group that is
        killed is its own.
        """
        try:
            os.waitid(os.P_PIDFD, self.pidfd, os.WEXITED | os.WNOWAIT)
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            ended = os.waitid(os.P_PIDFD, self.pidfd, os.WEXITED)
            return Status(ended.si_code, ended.si_status) if ended else None
        except ChildProcessError:
            return None

    def abandon(self) -> None:
        """Kills it, waits for that, and closes everything: for one that nobody can listen to."""
        self.send_signal(signal.SIGKILL)
        self.collect()
        self.channel.close()
        self.log.close()
        self.line.close()
        for descriptor in (self.stdout, self.stderr, self.crash, self.pidfd):
            os.close(descriptor)


def start_process(command: WorkerCommand, launcher: Launcher) -> StartedProcess:
    """The process; to be called on a thread that lives as long as it may, since the kernel ties it to that.

    Raises:
        OSError, PlugdeckError: it could not be started; nothing is left of it.
    """
    with ExitStack() as ours, ExitStack() as theirs:
        channel = Channel()
        ours.callback(channel.close)
        stdout, stdout_there = _pipe(ours, theirs)
        stderr, stderr_there = _pipe(ours, theirs)
        log, log_there = _sockets(ours, theirs)
        log_there.setblocking(False)
        crash, crash_there = _pipe(ours, theirs)
        os.set_blocking(crash_there, False)  # whoever announces a crash waits for nobody
        line, line_there = _sockets(ours, theirs)
        # Of what was sent before this is said, it is not known who sent it, and the worker may be quick.
        line.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        descriptors = {
            1: stdout_there,
            2: stderr_there,
            CALL_DESCRIPTOR: channel.theirs.fileno(),
            LOG_DESCRIPTOR: log_there.fileno(),
            FLAG_DESCRIPTOR: channel.flag_descriptor,
            LINE_DESCRIPTOR: line_there.fileno(),
            CRASH_DESCRIPTOR: crash_there,
        }
        pid = launcher.launch(command, descriptors)
        pidfd = _pidfd_of(pid)
        ours.pop_all()
    channel.attach(pidfd)
    return StartedProcess(pid, pidfd, channel, stdout, stderr, log, crash, line)


def _pipe(ours: ExitStack, theirs: ExitStack) -> tuple[int, int]:
    """The reading end, which is ours, and the writing end."""
    reading, writing = os.pipe2(os.O_CLOEXEC)
    ours.callback(os.close, reading)
    theirs.callback(os.close, writing)
    return reading, writing


def _sockets(ours: ExitStack, theirs: ExitStack) -> tuple[socket.socket, socket.socket]:
    """Our end of a pair for packets, and theirs."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return ours.enter_context(here), theirs.enter_context(there)


def _pidfd_of(pid: int) -> int:
    try:
        return os.pidfd_open(pid)
    except OSError:  # no descriptor is left for it: it cannot be watched, so it cannot be used
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise
