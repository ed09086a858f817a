"""``plugdeck check``: the verdict on each file as soon as it is known, and a summary of many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from plugdeck import cli_json, cli_text
from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.report import Report, Status

if TYPE_CHECKING:
    from plugdeck.compat.host import Host
    from plugdeck.compat.host_choice import HostChoice
    from plugdeck.compat.tree import Dependency

    _Checked = tuple[Report, Dependency | None]
    _Verdicts = list[tuple[Status, bool]]

_REFUSED = {Status.INCOMPATIBLE, Status.UNREADABLE}


def check_files(
    paths: Sequence[Path],
    choice: HostChoice,
    *,
    as_json: bool = False,
    with_tree: bool = False,
    together: bool = False,
) -> int:
    """Prints the verdicts, each with the tree of libraries when asked for; 1 when a file does not fit or
    load, else 0. With ``together`` each file is judged in a process that has all before it.
    """
    host = choice.host()
    checked = _examined(paths, host, with_tree)
    if together:
        checked = _beside_each_other(checked)
    if as_json:
        verdicts = _print_json(checked, host)
    else:
        verdicts = _print_text(checked, host, are_many=len(paths) > 1, together=together)
    return 1 if any(status in _REFUSED or not loads for status, loads in verdicts) else 0


def _examined(paths: Sequence[Path], host: Host, with_tree: bool) -> Iterator[_Checked]:
    for path in paths:
        report = examine(path, host, symbols=with_tree)  # a tree says which library's symbols are missing
        yield report, _tree(report, host) if with_tree else None


def _beside_each_other(checked: Iterator[_Checked]) -> Iterator[_Checked]:
    from plugdeck.catalogue.together import beside

    earlier: list[Report] = []
    for report, tree in checked:
        yield beside(report, earlier), tree
        earlier.append(report)


def _tree(report: Report, host: Host) -> Dependency | None:
    from plugdeck.compat.tree import dependency_tree

    return dependency_tree(report.facts, host) if report.facts else None


def _print_text(checked: Iterator[_Checked], host: Host, *, are_many: bool, together: bool) -> _Verdicts:
    """One file gets its host's name; of many, each is a line with its reasons, and the last line counts them."""
    verdicts = []
    for report, tree in checked:
        print(cli_text.brief_verdict_text(report) if are_many else cli_text.verdict_text(report, host.name))
        if tree:
            from plugdeck.compat.tree_text import tree_lines

            print("\n".join(f"    {line}" for line in tree_lines(tree)))
        verdicts.append((report.status, report.loads))
    if are_many:
        print(cli_text.summary_text(verdicts, host.name, together=together))
    return verdicts


def _print_json(checked: Iterator[_Checked], host: Host) -> _Verdicts:
    rows, verdicts = [], []
    for report, tree in checked:
        row = {**cli_json.check_json(report), "host": host.name}
        rows.append(row | ({"tree": cli_json.tree_json(tree)} if tree else {}))
        verdicts.append((report.status, report.loads))
    cli_json.print_json(rows)
    return verdicts
