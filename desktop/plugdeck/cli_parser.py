"""The command line's grammar: which words there are, and what they are turned into."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from plugdeck import __version__
from plugdeck.chain.ordering import INT_MAXIMUM, INT_MINIMUM
from plugdeck.text import visible

_AddCommand = Callable[[str, str], argparse.ArgumentParser]
"""Adds a command by its name and what it does."""

MODES = ("individually", "together", "in-app")


@dataclass(frozen=True, slots=True)
class PluginChoice:
    """``FILE`` or ``FILE@PRIORITY`` from the command line."""

    path: Path
    priority: int | None


@dataclass(frozen=True, slots=True)
class Assignment:
    """``NAME=VALUE``, or ``PLUGIN.NAME=VALUE`` for one plugin of the chain."""

    plugin: str | None
    name: str
    value: str


class _Parser(argparse.ArgumentParser):
    """Complains without letting a file name that looks like an option control the terminal."""

    def error(self, message: str) -> NoReturn:
        super().error(visible(message))


def window_parser() -> argparse.ArgumentParser:
    """The grammar of the window: files, and what to do with it."""
    parser = _Parser(
        prog="plugdeck",
        description="See what is inside a native plugin, know whether it will load, and try it safely.",
        epilog="Commands: list, inspect, check, diff, run, call, bench, install, uninstall, trust, distrust, sign, "
        "verify, keys. Each explains itself with: plugdeck COMMAND --help",
    )
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="a plugin to propose for install, a folder to open, or a picture",
    )
    parser.add_argument("--version", action="version", version=f"plugdeck {__version__}")
    parser.add_argument("--samples", action="store_true", help="open the sample plugins and load a few")
    parser.add_argument("--theme", choices=("system", "light", "dark"), help="colours for this start")
    parser.add_argument("--safe-mode", action="store_true", help="load nothing by itself; the last session stays kept")
    parser.add_argument("--screenshot", type=Path, metavar="OUT.png", help="draw the window without a screen")
    parser.add_argument("--size", type=size, metavar="WxH", help="the window's size, such as 1280x800")
    entry = parser.add_mutually_exclusive_group()
    entry.add_argument("--install-desktop", action="store_true", help="add Plugdeck to this user's desktop")
    entry.add_argument("--uninstall-desktop", action="store_true", help="remove it again")
    return parser


def command_parser(commands: dict[str, Callable[[argparse.Namespace], int]]) -> argparse.ArgumentParser:
    """The grammar of the commands; each result has its function as ``run``."""
    parser = _Parser(prog="plugdeck")
    kinds = parser.add_subparsers(required=True)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        added = kinds.add_parser(name, help=text, description=text)
        added.set_defaults(run=commands[name])
        added.add_argument("--json", action="store_true", help="print one JSON document")
        return added

    for add in (_add_looking, _add_running, _add_installing, _add_decisions, _add_signing):
        add(command)
    return parser


def _add_looking(command: _AddCommand) -> None:
    listing = command("list", "the plugins found, with status and state")
    listing.add_argument("folders", nargs="*", type=Path, metavar="DIR")
    inspect = command("inspect", "facts, manifest, symbols of one file, and how it was built")
    inspect.add_argument("file", type=Path, metavar="FILE")
    check = command("check", "whether files fit the host, and why not")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    check.add_argument("--together", action="store_true", help="judge each file in a process that has all before it")
    check.add_argument("--tree", action="store_true", help="show the libraries of each file, and where they are found")
    diff = command("diff", "what changed from one build to another, and what callers of the old one lose")
    diff.add_argument("old", type=Path, metavar="OLD")
    diff.add_argument("new", type=Path, metavar="NEW")
    for each in (listing, inspect, check, diff):
        _add_host(each)


def _add_running(command: _AddCommand) -> None:
    _add_run(command("run", "runs image transforms over a picture, lowest priority first"))
    _add_call(command("call", "calls an exported function by its declared type and prints the result"))
    bench = command("bench", "ns a call and ms a frame, in this process and in a worker")
    bench.add_argument("files", nargs="*", type=Path, metavar="FILE")
    _add_trust(bench)


def _add_installing(command: _AddCommand) -> None:
    install = command("install", "copies plugins into the plugin folder under a versioned name")
    install.add_argument("files", nargs="+", type=Path, metavar="FILE")
    command("uninstall", "moves an installed plugin to the trash").add_argument("name", metavar="NAME")


def _add_decisions(command: _AddCommand) -> None:
    trust = command("trust", "allows plugins to run, by their bytes, until they change")
    trust.add_argument("files", nargs="*", metavar="FILE", help="a plugin, or with --lift also a hash")
    what = trust.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="show what was decided so far")
    what.add_argument("--lift", action="store_true", help="end the quarantine of these plugins")
    trust.add_argument("--in-spite-of-signature", action="store_true", help="also what has a bad signature")
    _add_permissions(trust)
    distrust = command("distrust", "takes that back: they are asked about again")
    distrust.add_argument("files", nargs="+", metavar="FILE", help="a plugin, or the beginning of its hash")


def _add_signing(command: _AddCommand) -> None:
    sign = command("sign", "signs files with your key: FILE.sig lies beside each")
    sign.add_argument("files", nargs="+", type=Path, metavar="FILE")
    verify = command("verify", "whether authors whose keys you know signed these files")
    verify.add_argument("files", nargs="+", type=Path, metavar="FILE")
    keys = command("keys", "the authors whose signatures you believe, and your own key")
    acts = ("list", "new", "add", "remove")
    keys.add_argument("act", choices=acts, metavar="|".join(acts), help="what to do")
    keys.add_argument(
        "words",
        nargs="*",
        default=[],
        metavar="NAME",
        help="new NAME | add ed25519:KEY NAME | remove NAME or ed25519:KEY",
    )


def _add_trust(parser: argparse.ArgumentParser) -> None:
    """For commands that run plugins; ``cli_approval`` reads these."""
    parser.add_argument("--trust", action="store_true", help="run what was not allowed yet, this time")
    _add_permissions(parser)


def _add_permissions(parser: argparse.ArgumentParser) -> None:
    allow = parser.add_argument_group("what the plugin may do beside its job")
    allow.add_argument("--allow-read", dest="readable", action="append", type=folder, default=[], metavar="DIR")
    allow.add_argument("--allow-write", dest="writable", action="append", type=folder, default=[], metavar="DIR")
    allow.add_argument("--allow-network", dest="network", action="store_true")


def _add_host(parser: argparse.ArgumentParser) -> None:
    """What would load the files; nothing of it means Plugdeck's own worker."""
    parser.add_argument("--host", type=Path, metavar="EXE", help="the program that would load the files")
    parser.add_argument("--sysroot", type=folder, metavar="DIR", help="the tree of another machine, to answer for it")


def _add_call(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    symbol = parser.add_argument("symbol", metavar="SYMBOL")
    symbol.required = False  # without one, the command says which there are; as nargs="?" it could not follow options
    parser.add_argument("arguments", nargs="*", default=[], metavar="ARG")
    again = parser.add_argument_group("calling again and again")
    again.add_argument("--every", type=seconds, metavar="S", help="call once in so many seconds")
    again.add_argument("--count", type=count, metavar="N", help="of each plugin so many calls; without it until Ctrl+C")
    again.add_argument("--then", action="append", type=Path, default=[], metavar="FILE", help="who takes over next")
    _add_trust(parser)


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", type=Path, metavar="INPUT", help="a picture")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUTPUT", help="the picture to write")
    parser.add_argument(
        "-p", "--plugin", dest="plugins", action="append", type=plugin_choice, required=True, metavar="FILE[@PRIORITY]"
    )
    parser.add_argument(
        "--set", dest="values", action="append", type=assignment, default=[], metavar="[PLUGIN.]NAME=VALUE"
    )
    parser.add_argument("--mode", choices=MODES, default=MODES[0], help="a process each, one for all, or this one")
    _add_trust(parser)


def folder(text: str) -> Path:
    """A folder that exists."""
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is not a folder")
    return path


def seconds(text: str) -> float:
    """A time between a millisecond and a day."""
    try:
        given = float(text)
    except ValueError:
        given = 0.0
    if not 0.001 <= given <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds between 0.001 and 86400")
    return given


def count(text: str) -> int:
    """A whole number from 1."""
    if not re.fullmatch(r"0*[1-9][0-9]{0,8}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def size(text: str) -> tuple[int, int]:
    """``1280x800`` as numbers of pixels."""
    match = re.fullmatch(r"([0-9]{2,5})[x×]([0-9]{2,5})", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 1280x800")
    return int(match[1]), int(match[2])


def plugin_choice(text: str) -> PluginChoice:
    """``blur.so@20``: the file, and the priority after the last ``@`` if that is a number."""
    name, _, number = text.rpartition("@")
    if not name or not re.fullmatch(r"[+-]?[0-9]+", number):
        return PluginChoice(Path(text), None)
    if len(number) > 11 or not INT_MINIMUM <= int(number) <= INT_MAXIMUM:
        raise argparse.ArgumentTypeError(f"the priority {number} does not fit an int")
    return PluginChoice(Path(name), int(number))


def assignment(text: str) -> Assignment:
    """``radius=4`` or ``gaussian-blur.radius=4``."""
    left, equals, value = text.partition("=")
    plugin, dot, name = left.rpartition(".")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return Assignment(plugin if dot else None, name, value)
