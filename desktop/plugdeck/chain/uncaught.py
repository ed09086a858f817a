"""What nobody foresaw, on a thread that has to go on: told as an uncaught exception is, and survived."""

from __future__ import annotations

import sys
import threading


def tell_uncaught() -> None:
    """Tells of the exception that is being handled as if it had ended this thread."""
    threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))
