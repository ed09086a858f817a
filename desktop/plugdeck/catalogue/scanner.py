"""The scanner's process: a request on stdin, lines of JSON on stdout, until all is said or the reader is gone.

Request: ``{"folders": […], "recursive": bool}``. Lines, each with any of: ``total``, ``problems``, ``reports``, and in
the last one ``ended``.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from typing import Any

from plugdeck.catalogue.folder_scan import scan_folders
from plugdeck.catalogue.listing import Listing
from plugdeck.catalogue.report_json import report_to_json

_BATCH_S = 0.04
_BATCH_REPORTS = 250


def main() -> None:
    """Does one scan; ends quietly when nobody listens any more."""
    gc.disable()  # thousands of long-lived values and no cycles: collecting costs a fifth of the time
    request = json.loads(sys.stdin.buffer.read())
    try:
        _scan(request["folders"], request["recursive"])
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the last flush cannot fail either


def _scan(folders: list[str], recursive: bool) -> None:
    listing = Listing(folders, recursive=recursive)
    _write({"total": len(listing), "problems": listing.problems})
    batch: list[Any] = []
    began = time.monotonic()
    for report in scan_folders(listing):
        batch.append(report_to_json(report))
        if len(batch) >= _BATCH_REPORTS or time.monotonic() - began > _BATCH_S:
            _write({"reports": batch})
            batch, began = [], time.monotonic()
    _write({"reports": batch, "ended": True})


def _write(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message, separators=(",", ":")) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
