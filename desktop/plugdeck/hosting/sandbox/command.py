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
from plugdeck.hosting.sandbox.confinement import Confinement, Orders, Tier
from plugdeck.hosting.sandbox.offer import offer
from plugdeck.hosting.sandbox.system_calls import system_calls
from plugdeck.hosting.sandbox.visible import (
    DEVICES,
    FACTS_OF_MACHINE,
    SYSTEM_FILES,
    SYSTEM_FOLDERS,
    cffi_file,
    interpreter_path,
    loader_paths,
    worker_files,
)

_KEPT_VARIABLES = (
    "LANG", "LANGUAGE", "TZ", "OMP_NUM_THREADS", "GOMAXPROCS",
    "LD_LIBRARY_PATH", "LD_PRELOAD", "GLIBC_TUNABLES", "ASAN_OPTIONS",  # the verdict counts these
)  # fmt: skip
_TEMPORARY = "/tmp"


def worker_command(limits: Limits, confinement: Confinement) -> WorkerCommand:
    """The command that starts a worker: this interpreter, isolated, with only what it needs.

    Without ``site`` (``-S``) and ``runpy`` a worker is ready 5 ms earlier, and nothing that happens to be installed
    runs in it.
    """
    code = f"import sys; sys.path += {_module_folders()!r}; from plugdeck.hosting.worker import main; main()"
    environment = _environment(confinement.tier)
    python = (interpreter_path(), "-I", "-S", "-c", code, _orders(limits, confinement, environment).to_text())
    if confinement.tier is not Tier.SEALED:
        return WorkerCommand(python, environment)
    wrapped = bubblewrap_arguments(offer().bubblewrap, confinement, loader_paths(environment))
    return WorkerCommand((*wrapped, *python), environment)


def _orders(limits: Limits, confinement: Confinement, environment: Mapping[str, str]) -> Orders:
    permissions, calls = confinement.permissions, system_calls()
    numbers = (limits.address_space_bytes, limits.open_files, limits.file_bytes)
    if confinement.tier is Tier.LIMITED or calls is None:
        return Orders(numbers)
    program = CallFilter(calls, network=permissions.network).program().hex()
    if confinement.tier is Tier.SEALED:
        writable = (_TEMPORARY, *DEVICES, *permissions.writable)
        return Orders(numbers, ("/",), writable, permissions.network, program, has_minder=True)
    own = (*worker_files(), *loader_paths(environment), *confinement.needed, *permissions.readable)
    readable = (*SYSTEM_FOLDERS, *SYSTEM_FILES, *FACTS_OF_MACHINE, *own)
    return Orders(numbers, readable, (*DEVICES, *permissions.writable), permissions.network, program)


def _module_folders() -> list[str]:
    """Where our package is, and cffi's compiled part, which a worker imports and this process need not."""
    folders = [os.fspath(Path(paths.__file__).resolve().parent.parent)]
    if cffi := cffi_file():
        folders.append(os.fspath(Path(cffi).parent))
    return list(dict.fromkeys(folders))


def _environment(tier: Tier) -> dict[str, str]:
    """What says how to print and where to link, and nothing else: variables hold passwords and sockets' names."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT_VARIABLES or name.startswith("LC_")}
    temporary = {"HOME": _TEMPORARY, "TMPDIR": _TEMPORARY} if tier is Tier.SEALED else {}
    return {**kept, "PATH": "/usr/bin:/bin", **temporary}
