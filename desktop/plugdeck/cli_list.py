"""``plugdeck list``: the plugins of some folders."""

from __future__ import annotations

import argparse

from plugdeck import cli_json, cli_text, paths
from plugdeck.catalogue.scan import scan_now
from plugdeck.compat.host_choice import HostChoice
from plugdeck.compat.sysroot import Sysroot
from plugdeck.errors import PlugdeckError
from plugdeck.text import visible


def list_folders(options: argparse.Namespace, choice: HostChoice) -> int:
    """Prints a line for each plugin, judged for the chosen host. Raises PlugdeckError."""
    folders, tree = options.folders or [paths.plugin_folder()], Sysroot.at(choice.sysroot)
    there = [folder for folder in folders if tree.place_of(folder).is_dir()]
    for folder in folders if options.folders else ():
        if folder not in there:
            raise PlugdeckError(f"{folder} is not a folder.", remedy="Name a folder that holds .so files.")
    reports = list(scan_now(there, host=choice))
    if options.json:
        cli_json.print_json([cli_json.row_json(report) for report in reports])
    elif reports:
        print(cli_text.table(reports))
    else:
        print(f"No plugins in {', '.join(visible(str(folder)) for folder in folders)}.")
        print("Install one with: plugdeck install FILE.so")
    return 0
