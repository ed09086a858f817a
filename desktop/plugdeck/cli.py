"""The command line: one thin function per command. Results go to stdout, complaints to stderr."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from plugdeck.cli_errors import complain
from plugdeck.cli_json import print_json
from plugdeck.errors import PlugdeckError
from plugdeck.text import visible

if TYPE_CHECKING:
    import argparse

    from plugdeck.compat.host_choice import HostChoice


def main(words: Sequence[str]) -> int:
    """Runs one command; ``words[0]`` is its name. Returns the exit code; raises PlugdeckError."""
    kind, *rest = words
    if kind == "check" and (code := _check_plainly(rest)) is not None:
        return code
    from plugdeck.cli_parser import command_parser

    parser = command_parser(COMMANDS)
    options = parser.parse_args(words)
    if getattr(options, "host", None) and (problem := _host_choice(options).problem()):
        parser.error(f"argument --host: {problem}. Give the program’s path.")
    run: Callable[[argparse.Namespace], int] = options.run
    return run(options)


def list_plugins(options: argparse.Namespace) -> int:
    """``plugdeck list [DIR…] [--host EXE] [--sysroot DIR]``."""
    from plugdeck.cli_list import list_folders

    return list_folders(options, _host_choice(options))


def inspect(options: argparse.Namespace) -> int:
    """``plugdeck inspect FILE [--host EXE] [--sysroot DIR]``."""
    from plugdeck.cli_inspect import inspect_file

    return inspect_file(options, _host_choice(options).host())


def check(options: argparse.Namespace) -> int:
    """``plugdeck check FILE… [--host EXE] [--sysroot DIR] [--tree] [--together]``."""
    from plugdeck.cli_check import check_files

    return check_files(
        options.files,
        _host_choice(options),
        as_json=options.json,
        with_tree=options.tree,
        together=options.together,
    )


def _check_plainly(words: Sequence[str]) -> int | None:
    """A check with no other option than a host behind the files; None where the parser has to look.

    There is little to parse, and the parser would take longer than the check. So would looking for garbage, once while
    modules are imported and once more at the end.
    """
    has_host = len(words) > 2 and words[-2] == "--host"
    names = words[:-2] if has_host else words
    if not names or any(name.startswith("-") for name in names):
        return None
    gc.disable()
    try:
        from plugdeck.cli_check import check_files
        from plugdeck.compat.host_choice import WORKER, HostChoice

        choice = HostChoice(Path(words[-1])) if has_host else WORKER
        if choice.executable and choice.problem():
            return None
        atexit.register(gc.freeze)
        return check_files([Path(name) for name in names], choice)
    finally:
        gc.enable()


def diff(options: argparse.Namespace) -> int:
    """``plugdeck diff OLD NEW [--host EXE] [--sysroot DIR]``: 0 the same interface, 1 another, 2 not comparable."""
    from plugdeck.cli_inspect import compare_files

    return compare_files(options, _host_choice(options).host())


def run(options: argparse.Namespace) -> int:
    """``plugdeck run INPUT -o OUTPUT -p FILE[@PRIORITY]…``."""
    from plugdeck.cli_run import run_chain

    if options.mode == "in-app":
        from plugdeck.cli_child import run_in_child

        return run_in_child(lambda: run_chain(options), "a plugin of this chain")
    return run_chain(options)


def call(options: argparse.Namespace) -> int:
    """``plugdeck call FILE SYMBOL [ARG…] [--every S [--count N] [--then FILE]…]``."""
    from plugdeck.cli_call import call_again_and_again, call_once, which_function

    if options.symbol is None:
        raise which_function(options.file)
    is_once = options.every is None and options.count is None and not options.then
    return call_once(options) if is_once else call_again_and_again(options)


def install(options: argparse.Namespace) -> int:
    """``plugdeck install FILE…``."""
    from plugdeck.catalogue.install import install as install_file

    done, failed = [], 0
    for path in options.files:
        try:
            installed = install_file(path)
        except PlugdeckError as error:
            complain(error)
            failed = 1
            continue
        done.append({"path": str(installed.path), "name": installed.name, "version": installed.version})
        if not options.json:
            word = "was installed already" if installed.already else "installed"
            print(f"{visible(path.name)}: {word} as {visible(str(installed.path))}")
    if options.json:
        print_json(done)
    return failed


def uninstall(options: argparse.Namespace) -> int:
    """``plugdeck uninstall NAME``."""
    from plugdeck.catalogue.installed import uninstall as uninstall_plugin

    trashed = uninstall_plugin(options.name)
    if options.json:
        print_json({"path": str(trashed.original), "trash": str(trashed.path)})
    else:
        print(f"{visible(str(trashed.original))} was moved to the trash: {visible(str(trashed.path))}")
    return 0


def bench(options: argparse.Namespace) -> int:
    """``plugdeck bench [FILE…]``."""
    from plugdeck.cli_bench import bench_files

    return bench_files(options)


def trust(options: argparse.Namespace) -> int:
    """``plugdeck trust FILE… [--allow-read DIR]…``, ``plugdeck trust --list``, ``plugdeck trust --lift FILE…``."""
    from plugdeck.cli_trust import lift, list_decisions, trust_files

    if options.list:
        return list_decisions(options)
    return lift(options) if options.lift else trust_files(options)


def distrust(options: argparse.Namespace) -> int:
    """``plugdeck distrust FILE…``."""
    from plugdeck.cli_trust import withdraw

    return withdraw(options)


def sign(options: argparse.Namespace) -> int:
    """``plugdeck sign FILE…``."""
    from plugdeck.cli_signatures import sign_files

    return sign_files(options)


def verify(options: argparse.Namespace) -> int:
    """``plugdeck verify FILE…``: 0 when authors that the user knows signed them all."""
    from plugdeck.cli_signatures import verify_files

    return verify_files(options)


def keys(options: argparse.Namespace) -> int:
    """``plugdeck keys list``, ``new NAME``, ``add KEY NAME``, ``remove NAME``."""
    from plugdeck.cli_signatures import change_keys

    return change_keys(options)


def change_desktop(*, install: bool) -> int:
    """``plugdeck --install-desktop`` and ``--uninstall-desktop``."""
    from plugdeck import desktop_entry

    changed = desktop_entry.install_desktop() if install else desktop_entry.uninstall_desktop()
    for path in changed:
        print(f"{'wrote' if install else 'removed'} {visible(str(path))}")
    return 0


def _host_choice(options: argparse.Namespace) -> HostChoice:
    from plugdeck.compat.host_choice import HostChoice

    return HostChoice(options.host, options.sysroot)


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "list": list_plugins,
    "inspect": inspect,
    "check": check,
    "diff": diff,
    "run": run,
    "call": call,
    "install": install,
    "uninstall": uninstall,
    "bench": bench,
    "trust": trust,
    "distrust": distrust,
    "sign": sign,
    "verify": verify,
    "keys": keys,
}
