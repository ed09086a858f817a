"""How a command ends: what went wrong becomes a sentence and an exit code, never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from plugdeck.errors import PlugdeckError
from plugdeck.text import visible

INTERRUPTED = 130
"""The exit code after Ctrl+C, as shells give it: 128 and the number of SIGINT."""


def tell(sentence: str) -> None:
    """Prints on stderr what a person should know, whatever becomes of the command."""
    print(f"plugdeck: {visible(sentence)}", file=sys.stderr)


_LAST_WORDS = 5
"""Lines of a dead plugin's standard error; the cause stands in the last ones."""


def complain(error: PlugdeckError) -> None:
    """Prints an error and its remedy for a person, and what a plugin that is gone wrote last."""
    tell(str(error))
    outcome = getattr(error, "outcome", None)  # a HostError has one; its module is slow to import, and seldom needed
    for line in outcome.stderr_tail.splitlines()[-_LAST_WORDS:] if outcome else ():
        print(f"  it wrote: {visible(line)}", file=sys.stderr)
    if error.remedy:
        print(f"  {visible(error.remedy)}", file=sys.stderr)


def exit_code_of(work: Callable[[], int]) -> int:
    """Runs ``work``; its exit code, or the one for what it raised, which is told on stderr."""
    _spell_what_the_terminal_lacks()
    try:
        code = work()
        if sys.stdout:  # there is none when it was closed
            sys.stdout.flush()  # at exit it would be too late to tell of a full disk
    except PlugdeckError as error:
        complain(error)
        return 1
    except BrokenPipeError:  # the reader of our output, such as `head`, went away
        _drop_output()
        return 1
    except MemoryError:
        complain(PlugdeckError("There is not enough memory for this.", remedy="Use a smaller picture, or fewer files."))
        return 1
    except OSError as error:
        _drop_output()
        where = f"{error.filename}: " if error.filename else ""
        complain(PlugdeckError(f"The system refused to go on: {where}{error.strerror or error}."))
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _spell_what_the_terminal_lacks() -> None:
    """A character that the output's encoding does not have is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _drop_output() -> None:
    """What is still buffered cannot be written, and must not be tried again at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
