"""``plugdeck run``: transforms over a picture, from a file to a file."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from plugdeck.chain.batch import Batch, run_hosts
from plugdeck.chain.fitting import PRIORITY
from plugdeck.chain.settings_text import parse_value
from plugdeck.chain.transform_host import TransformHost
from plugdeck.cli_approval import approve
from plugdeck.cli_json import Json, print_json
from plugdeck.cli_parser import Assignment, PluginChoice
from plugdeck.cli_refusals import refusals_json, tell_refusals
from plugdeck.cli_reports import check_transform, loadable_report
from plugdeck.dialects.manifest import Manifest
from plugdeck.errors import PictureError, PlugdeckError
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.hosts import Hosts
from plugdeck.hosting.sandbox.confinement import Approval, Tier
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.text import visible
from plugdeck.ui.pictures import read_picture, writable_suffixes, write_picture

Chosen = tuple[PluginChoice, Manifest, Approval]


def run_chain(options: argparse.Namespace) -> int:
    """Runs the command and prints what it did. Raises PlugdeckError; then nothing is written."""
    _check_output(options.output)
    chosen = [_choose(choice, options) for choice in options.plugins]
    batch, denied = _run(options, chosen)
    layout = batch.image.layout
    if options.json:
        steps = [{"name": name, "milliseconds": round(milliseconds, 3)} for name, milliseconds in batch.milliseconds]
        print_json({"output": str(options.output), "mode": options.mode, "steps": steps, "denied": denied})
    else:
        timings = ", ".join(f"{visible(name)} {milliseconds:.1f} ms" for name, milliseconds in batch.milliseconds)
        print(f"{visible(str(options.output))}: {layout.width} × {layout.height} pixels; {timings}")
    return 0


def _choose(choice: PluginChoice, options: argparse.Namespace) -> Chosen:
    """The plugin with the user's leave to run it. Raises PlugdeckError."""
    report, manifest = loadable_report(choice.path)
    check_transform(choice.path, manifest)
    return choice, manifest, approve(report, options, Tier.LIMITED if options.mode == "in-app" else None)


def _run(options: argparse.Namespace, chosen: Sequence[Chosen]) -> tuple[Batch, list[Json]]:
    """The picture, which is written, and what was refused meanwhile."""
    image = read_picture(options.input)
    with tell_refusals() as hosted, Supervisor() as supervisor:
        hosts = _hosts(supervisor, options.mode, chosen)
        hosted.extend(hosts)
        ordered = [(_start(host, choice), host) for host, (choice, *_) in zip(hosts, chosen, strict=True)]
        _assign(hosts, options.values)
        batch = run_hosts(image, ordered, supervisor)
    write_picture(batch.image, options.output)
    return batch, refusals_json(hosted)


def _check_output(path: Path) -> None:
    """Says before the work is done what would be said after it. Raises PictureError."""
    suffixes = writable_suffixes()
    if path.suffix[1:].lower() not in suffixes:
        raise PictureError(
            f"A picture cannot be written as “{path.name}”: the ending does not name a known format.",
            remedy=f"Use one of these endings: {', '.join('.' + suffix for suffix in suffixes)}.",
        )
    if path.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        reason = "it is a folder" if path.is_dir() else f"{path.parent} is no folder that may be written"
        raise PictureError(f"{path} cannot be written: {reason}.", remedy="Choose another name or folder.")
    if any("\udc80" <= character <= "\udcff" for character in path.name):
        raise PictureError(f"{path} cannot be written: its name is no UTF-8.", remedy="Choose another name.")


def _hosts(supervisor: Supervisor, mode: str, chosen: Sequence[Chosen]) -> Sequence[TransformHost]:
    hosts = Hosts(supervisor, mode=HostingMode(mode))
    return [hosts.host(choice.path, manifest, approval) for choice, manifest, approval in chosen]


def _start(host: TransformHost, choice: PluginChoice) -> int:
    """Loads the plugin; returns the priority to run it with, which one of the same file may change for both."""
    host.start()
    if choice.priority is None:
        return int(host.read(PRIORITY))
    host.write(PRIORITY, choice.priority)
    return choice.priority


def _assign(hosts: Sequence[TransformHost], assignments: Iterable[Assignment]) -> None:
    """Writes ``--set`` values to every plugin that has the parameter; one that nobody has is an error."""
    for wanted in assignments:
        targets = [
            (host, parameter)
            for host in hosts
            for parameter in host.manifest.parameters
            if parameter.name == wanted.name and wanted.plugin in {None, host.manifest.name}
        ]
        if not targets:
            raise _unknown_parameter(wanted, hosts)
        for host, parameter in targets:
            host.write(parameter.name, parse_value(parameter, wanted.value))


def _unknown_parameter(wanted: Assignment, hosts: Sequence[TransformHost]) -> PlugdeckError:
    known = sorted({f"{host.manifest.name}.{each.name}" for host in hosts for each in host.manifest.parameters})
    name = f"{wanted.plugin}.{wanted.name}" if wanted.plugin else wanted.name
    return PlugdeckError(
        f"No plugin of this chain has the parameter {name}.",
        remedy=f"Parameters: {', '.join(known)}." if known else "None of them has parameters.",
    )
