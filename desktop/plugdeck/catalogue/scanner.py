"""The scanner's process: a request on stdin, lines of JSON on stdout, until all is said or the reader is gone.

A long list is shared with a second process, which writes lines of its own between those of the first.

Request: ``{"folders": […], "recursive": bool, "host": {…}}``, the host as ``HostChoice`` gives it. Lines, each with any
of: ``total``, ``problems``, ``reports``, and in the last one ``ended``. A report is its path, the numbers of the file's
identity, and what ``report_json`` makes of it.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from plugdeck.catalogue.folder_scan import make_cache, scan_bodies
from plugdeck.catalogue.listing import Listing
from plugdeck.catalogue.sharing import Helper, Sharing
from plugdeck.catalogue.verdict_cache import KeptReport
from plugdeck.compat.host_choice import HostChoice
from plugdeck.compat.sysroot import Sysroot

_BATCH_S = 0.04
_BATCH_REPORTS = 250


def main() -> None:
    """Does one scan; ends quietly when nobody listens any more."""
    gc.disable()  # thousands of long-lived values and no cycles: collecting costs a fifth of the time
    request = json.loads(sys.stdin.buffer.read())
    try:
        _scan(request)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the last flush cannot fail either


def _scan(request: dict[str, Any]) -> None:
    choice = HostChoice.from_json(request["host"])
    listing = Listing(request["folders"], recursive=request["recursive"], tree=Sysroot.at(choice.sysroot))
    _write(json.dumps({"total": len(listing), "problems": listing.problems}))
    sharing = Sharing(list(listing.paths()))
    if not sharing.is_worthwhile:
        _report(sharing, choice)
    else:
        make_cache(choice)  # while there is but one process that could
        scanner = os.getpid()
        helper = Helper(lambda: _report(sharing, choice, is_wanted=lambda: os.getppid() == scanner))
        _report(sharing, choice)
        helper.wait()
    _write('{"ended":true}')


def _report(sharing: Sharing, choice: HostChoice, is_wanted: Callable[[], bool] = lambda: True) -> None:
    """Writes reports until there is no file left, or nobody wants them."""
    batch: list[KeptReport] = []
    began = time.monotonic()
    for report in scan_bodies(sharing.mine(), choice):
        if not is_wanted():
            return
        batch.append(report)
        if len(batch) >= _BATCH_REPORTS or time.monotonic() - began > _BATCH_S:
            with sharing.turn():
                _write(f'{{"reports":{_joined(batch)}}}')
            batch, began = [], time.monotonic()
    with sharing.turn():
        _write(f'{{"reports":{_joined(batch)}}}')


def _joined(batch: Sequence[KeptReport]) -> str:
    """An array of them: the bodies are JSON already."""
    return f"[{','.join(f'[{json.dumps(each.path)},{list(each.numbers)},{each.body}]' for each in batch)}]"


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
