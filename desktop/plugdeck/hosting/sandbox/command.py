"""The command that starts a worker in its confinement."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from plugdeck import paths
from plugdeck.hosting.launch import WorkerCommand
from plugdeck.hosting.limits import Limits
from plugdeck.hosting.sandbox.bubblewrap import bubblewrap_arguments
from plugdeck.hosting.sandbox.call_filter import CallFilter
from plugdeck.hosting.sandbox.confinement import Confinement, Tier
from plugdeck.hosting.sandbox.environment import TEMPORARY_FOLDER, loader_paths, worker_environment
from plugdeck.hosting.sandbox.offer import offer
from plugdeck.hosting.sandbox.orders import Orders
from plugdeck.hosting.sandbox.system_calls import system_calls
from plugdeck.hosting.sandbox.visible import (
    DEVICES,
    FACTS_OF_MACHINE,
    SYSTEM_FILES,
    SYSTEM_FOLDERS,
    cffi_file,
    interpreter_path,
    worker_files,
)
from plugdeck.hosting.wire import CRASH_DESCRIPTOR

_FIRST_DESCRIPTOR = CRASH_DESCRIPTOR + 1
_START = "import gc, sys; gc.disable()"  # nothing that imports make is ever garbage; the worker enables it again


def worker_command(limits: Limits, confinement: Confinement, copies: Mapping[str, int]) -> WorkerCommand:
    """The command that starts a worker: this interpreter, isolated, with only what it needs.

    Without ``site`` (``-S``) and ``runpy`` a worker is ready 5 ms earlier, and nothing that happens to be installed
    runs in it.

    Args:
        limits: what it may use.
        confinement: how it is confined.
        copies: descriptors of the bytes that are to lie at these paths; only for the best tier.
    """
    module = "go_runner.start" if confinement.runner else "worker_start"
    code = f"{_START}; sys.path += {_module_folders()!r}; from plugdeck.hosting.{module} import main; main()"
    environment = worker_environment(confinement.tier)
    orders = _orders(limits, confinement, environment, copies).to_text()
    python = (interpreter_path(), "-I", "-S", "-c", code, orders, confinement.runner)
    if confinement.tier is not Tier.SEALED:
        return WorkerCommand(python, environment)
    numbers = {path: _FIRST_DESCRIPTOR + place for place, path in enumerate(copies)}
    wrapped = bubblewrap_arguments(offer().bubblewrap, confinement, loader_paths(environment), numbers)
    return WorkerCommand((*wrapped, *python), environment, {numbers[path]: copies[path] for path in copies})


def _orders(
    limits: Limits, confinement: Confinement, environment: Mapping[str, str], copies: Mapping[str, int]
) -> Orders:
    """Each path that may be another's is among what is allowed, also below one that is: there it is compared."""
    permissions, calls = confinement.permissions, system_calls()
    placed = {name for path in copies for name in (path, os.path.realpath(path))}
    places = tuple(place for place in confinement.places if place.path not in placed)
    numbers = (limits.address_space_bytes, limits.open_files, limits.file_bytes)
    if confinement.tier is Tier.LIMITED or calls is None:
        return Orders(numbers, folder=confinement.folder, has_minder=True)
    program = CallFilter(calls, network=permissions.network).program().hex()
    if confinement.tier is Tier.SEALED:
        writable = (TEMPORARY_FOLDER, *DEVICES, *permissions.writable)
        readable = ("/", *(place.path for place in places))
        return Orders(
            numbers, readable, writable, permissions.network, places, program, confinement.folder, has_minder=True
        )
    needed = (*confinement.needed, *confinement.placed)
    own = (*worker_files(), *loader_paths(environment), *needed, *permissions.readable)
    readable = (*SYSTEM_FOLDERS, *SYSTEM_FILES, *FACTS_OF_MACHINE, *own)
    writable = (*DEVICES, *permissions.writable)
    return Orders(numbers, readable, writable, permissions.network, places, program, confinement.folder)


def _module_folders() -> list[str]:
    """Where our package is, and cffi's compiled part, which a worker imports and this process need not."""
    folders = [os.fspath(Path(paths.__file__).resolve().parent.parent)]
    if cffi := cffi_file():
        folders.append(os.fspath(Path(cffi).parent))
    return list(dict.fromkeys(folders))
