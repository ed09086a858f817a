"""Looking through folders for plugins: at once in this process, or in another one that can be cancelled."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread
from typing import IO, Any

from plugdeck.binary.facts import FileIdentity
from plugdeck.catalogue.report import Report
from plugdeck.catalogue.report_json import report_from_json
from plugdeck.compat.host_choice import WORKER, HostChoice
from plugdeck.hosting.outcome import signal_name
from plugdeck.paths import module_command
from plugdeck.text import visible

_STDERR_TAIL_BYTES = 2000


@dataclass(frozen=True, slots=True)
class ScanSummary:
    """How a scan ended."""

    found: int
    """How many files were reported."""
    cancelled: bool = False
    error: str = ""
    """Sentences on what could not be looked at, each with what to do; empty when all went well."""
    seconds: float = 0.0


def scan_now(folders: Sequence[Path], *, recursive: bool = False, host: HostChoice = WORKER) -> Iterator[Report]:
    """Reports on every candidate of these folders for this host, in order, made in this process through the cache.

    Folders that cannot be read give nothing: use ``Scan`` where the reason matters.
    """
    from plugdeck.catalogue.folder_scan import scan_folders
    from plugdeck.catalogue.listing import Listing
    from plugdeck.compat.sysroot import Sysroot

    listing = Listing([os.fspath(folder) for folder in folders], recursive=recursive, tree=Sysroot.at(host.sysroot))
    yield from scan_folders(listing, host)


@dataclass(frozen=True, slots=True)
class _News:
    """One line from the scanner."""

    total: int | None
    problems: list[str]
    reports: list[Report]
    has_ended: bool


class Scan:
    """One look through folders, in a process of its own.

    The callbacks come on one thread that is the scan's own, ``on_finished`` once and last, also after ``cancel``.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        on_reports: Callable[[list[Report]], None],
        on_progress: Callable[[int, int], None],
        on_finished: Callable[[ScanSummary], None],
        *,
        recursive: bool = False,
        host: HostChoice = WORKER,
    ) -> None:
        self._request = {
            "folders": [os.path.abspath(folder) for folder in folders],
            "recursive": recursive,
            "host": host.to_json(),
        }
        self._on_reports = on_reports
        self._on_progress = on_progress
        self._on_finished = on_finished
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._cancelled = False
        self._done = self._total = 0
        self._problems: list[str] = []
        self._has_ended = False

    def start(self) -> None:
        """Begins; returns at once. A scan is started once."""
        Thread(target=self._run, name="scan", daemon=True).start()

    def cancel(self) -> None:
        """Ends the scan soon; what was found stays found. May be called at any time, on any thread."""
        with self._lock:
            self._cancelled = True
            if self._process:
                self._process.kill()

    def _run(self) -> None:
        began = time.monotonic()
        try:
            with tempfile.TemporaryFile() as stderr:
                self._follow(stderr)
        except OSError as error:
            self._problems.append(f"The scan could not be started: {error.strerror or error}. Try again.")
        summary = ScanSummary(self._done, self._cancelled, " ".join(self._problems), time.monotonic() - began)
        self._on_finished(summary)

    def _follow(self, stderr: IO[bytes]) -> None:
        process = self._spawn(stderr)
        if process is None:
            return
        assert process.stdout
        try:
            with process.stdout:
                for line in process.stdout:
                    self._take(_parse_line(line))
        except _StrangeLineError:
            self._problems.append("The scan ended early: its process wrote something unexpected. Scan again.")
            self._has_ended = True
        finally:
            process.kill()
            code = process.wait()
        if not self._has_ended and not self._cancelled:
            self._problems.append(self._why_early(code, stderr))

    def _spawn(self, stderr: IO[bytes]) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._cancelled:
                return None
            self._process = process = subprocess.Popen(
                module_command("plugdeck.catalogue.scanner"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        assert process.stdin
        try:
            with process.stdin:
                process.stdin.write(json.dumps(self._request).encode("ascii"))
        except BrokenPipeError:
            pass  # it died before it listened: that is told when its output ends
        return process

    def _take(self, news: _News) -> None:
        if self._cancelled:
            return
        self._total = self._total if news.total is None else news.total
        self._problems += news.problems
        self._has_ended = news.has_ended
        if news.reports:
            self._done += len(news.reports)
            self._on_reports(news.reports)
        self._on_progress(self._done, self._total)

    def _why_early(self, code: int, stderr: IO[bytes]) -> str:
        how = f"died of {signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
        stderr.seek(max(0, stderr.seek(0, os.SEEK_END) - _STDERR_TAIL_BYTES))
        last = stderr.read().decode(errors="replace").strip().rpartition("\n")[2]
        said = f" ({visible(last, 200)})" if last else ""
        where = f"after {self._done} of {self._total} files" if self._total else "before it found a file"
        return f"The scan ended early, {where}: its process {how}{said}. Scan again; what was found is shown."


class _StrangeLineError(ValueError):
    """A line that the scanner never writes."""


def _parse_line(line: bytes) -> _News:
    try:
        message: dict[str, Any] = json.loads(line)
        return _News(
            message.get("total"),
            list(message.get("problems", ())),
            [_parse_report(*data) for data in message.get("reports", ())],
            bool(message.get("ended")),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _StrangeLineError from error


def _parse_report(path: str, numbers: list[int], data: Any) -> Report:
    return report_from_json(data, Path(path), FileIdentity(*numbers) if numbers else None)
