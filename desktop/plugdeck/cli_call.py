"""``plugdeck call``: a function of a plugin, once, or again and again while other plugins take its place."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue

from plugdeck import cli_json, cli_text
from plugdeck.chain.callable_names import callable_names
from plugdeck.chain.calling import Beat, Callee, Calling
from plugdeck.cli_approval import approve
from plugdeck.cli_errors import tell
from plugdeck.cli_json import print_json
from plugdeck.cli_refusals import refusals_json, tell_refusals
from plugdeck.cli_reports import loadable_report
from plugdeck.errors import PlugdeckError, SymbolNotFoundError
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.text import visible

_MOST_LISTED = 20


def call_once(options: argparse.Namespace) -> int:
    """Calls and prints the result. Raises PlugdeckError."""
    callee = _callee(options.file, options)
    with tell_refusals() as hosted, Supervisor() as supervisor:
        host = supervisor.host(*callee)
        hosted.append(host)
        host.start()
        try:
            result = host.call(options.symbol, *options.arguments)
        except SymbolNotFoundError as error:
            lists = f"{_inspection(options.file)} lists what it has."
            raise SymbolNotFoundError(error.symbol, error.plugin, remedy=f"{error.remedy} {lists}".strip()) from error
    if options.json:
        answer = {"symbol": options.symbol, "result": cli_json.result_json(result)}
        print_json({"path": str(options.file), **answer, "denied": refusals_json(hosted)})
    else:
        print(cli_text.result_text(result))
    return 0


def which_function(path: Path) -> PlugdeckError:
    """The answer to a command that names no function: which there are. Raises PlugdeckError as other commands do."""
    _, manifest = loadable_report(path)
    functions = callable_names(path, manifest)
    asked = f"Which function of {manifest.name} is to be called?"
    if not functions:
        return PlugdeckError(f"{asked} It declares none.", remedy=f"{_inspection(path)} lists its symbols.")
    listed = [f"{name}: {type_}" if type_ else name for name, type_ in functions[:_MOST_LISTED]]
    listed += [f"and {len(functions) - _MOST_LISTED} more"] if len(functions) > _MOST_LISTED else []
    call = shlex.join(["plugdeck", "call", str(path), functions[0][0]])
    return PlugdeckError(f"{asked} It has {'; '.join(listed)}.", remedy=f"Name one: {call} ARG…")


def call_again_and_again(options: argparse.Namespace) -> int:
    """Calls once a period and prints each result; 1 if a call had none, or a plugin could not take over.

    Each plugin answers ``--count`` calls, then the next one of ``--then`` is asked to take over; the last one goes on
    until Ctrl+C, unless there is a count.
    """
    callees = [_callee(path, options) for path in (options.file, *options.then)]
    count = options.count or (1 if options.then else None)
    with Supervisor() as supervisor:
        run = _Run(supervisor, callees, options)
        try:
            return run.go_on(count)
        finally:
            run.calling.close()


class _Run:
    """Prints on the thread of the command what the calling thread brings."""

    def __init__(self, supervisor: Supervisor, callees: Sequence[Callee], options: argparse.Namespace) -> None:
        self._news: SimpleQueue[Beat | str] = SimpleQueue()
        self._waiting = list(callees[1:])
        self._as_json = options.json
        self._failed = False
        self.calling = Calling(
            supervisor,
            callees[0],
            options.symbol,
            options.arguments,
            period_s=options.every or 1.0,
            on_beat=self._news.put,
        )

    def go_on(self, count: int | None) -> int:
        """Waits for results until all plugins had their calls; the exit code."""
        answered, turn = 0, 0
        while True:
            news = self._news.get()
            if isinstance(news, str):
                self._failed = True
                tell(news)
                answered = 0  # the one before it goes on, and has its calls once more
                continue
            self._print(news)
            answered, turn = (answered + 1 if news.turn == turn else 1), news.turn
            if answered == count:
                if not self._waiting:
                    return 1 if self._failed else 0
                self._swap(self._waiting.pop(0))

    def _swap(self, callee: Callee) -> None:
        name = callee.manifest.name
        self.calling.swap(
            callee, lambda why: self._news.put(f"{name} did not take over, the one before goes on: {why}")
        )

    def _print(self, beat: Beat) -> None:
        self._failed |= bool(beat.error)
        if self._as_json:
            row = {"number": beat.number, "plugin": beat.plugin, "milliseconds": round(beat.milliseconds, 3)}
            row |= {"error": beat.error} if beat.error else {"result": cli_json.result_json(beat.answer)}
            print(json.dumps(row), flush=True)
        elif beat.error:
            tell(f"{beat.number} {beat.plugin}: {beat.error}")
        else:
            print(f"{beat.number} {visible(beat.plugin)}: {cli_text.result_text(beat.answer)}", flush=True)


def _inspection(path: Path) -> str:
    return f"plugdeck inspect {shlex.quote(str(path))}"


def _callee(path: Path, options: argparse.Namespace) -> Callee:
    report, manifest = loadable_report(path)
    return Callee(path, manifest, approve(report, options))
