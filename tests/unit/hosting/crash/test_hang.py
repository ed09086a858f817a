"""Looking at a process that does not answer."""

import signal
import subprocess

from plugdeck.hosting.crash.hang import look_at_hang


def test_what_hangs_is_signalled_only_by_whoever_has_got_hold_of_it():
    sent = []
    with subprocess.Popen(["sleep", "600"]) as process:
        hang = look_at_hang(process.pid, lambda number: bool(sent.append(number)))
        process.terminate()
    assert sent == [signal.SIGABRT]
    assert hang.site is None
    assert process.returncode == -signal.SIGTERM
