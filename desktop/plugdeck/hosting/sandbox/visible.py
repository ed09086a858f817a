"""What a confined worker sees of this machine: enough to run Python and to link, and nothing of the user's."""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from plugdeck import paths

SYSTEM_FOLDERS = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store",
)  # fmt: skip
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime")
"""For the loader's search, Debian's links between libraries, and the time zone."""
FACTS_OF_MACHINE = ("/proc/cpuinfo", "/proc/meminfo", "/proc/self", "/sys/devices/system/cpu")
"""What runtimes ask to size themselves: how many cores, how much memory, their own mappings."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


@cache
def worker_files() -> tuple[str, ...]:
    """This interpreter with its library, our package, and the compiled part of cffi."""
    prefix = os.path.realpath(sys.base_prefix)
    interpreter = () if prefix in {"/", "/usr"} else (prefix,)
    cffi = cffi_file()
    package = os.fspath(Path(paths.__file__).resolve().parent)
    return (*interpreter, interpreter_path(), package, *((cffi,) if cffi else ()))


@cache
def cffi_file() -> str | None:
    """The compiled part of cffi, which a worker imports and this process need not."""
    found = find_spec("_cffi_backend")
    return os.path.realpath(found.origin) if found and found.origin else None


def interpreter_path() -> str:
    """This interpreter itself, past the links of a virtual environment, whose settings a worker does not need."""
    return os.path.realpath(sys.executable)
