"""The dynamic loader of this process: load a file, find an address. The only place that calls ``dlopen``.

``dlopen`` and ``dlsym`` are called as C functions rather than through ``ffi.dlopen``, for two reasons: a cffi
library object closes its file when it is collected, and holds the interpreter's lock while constructors run; a
constructor that sleeps would stop every Python thread.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from plugdeck.runtime import _abi
from plugdeck.runtime.memory_map import mapping_at

ffi: Any = _abi.ffi
"""cffi's view of ``plugdeck.h``: its types, and ``cast``, ``new``, ``callback``, ``from_buffer``."""

constants: Any = ffi.dlopen(None)
"""``constants.PD_RGBA8``, ``constants.PD_ABI_MAJOR``, … from the header."""

# Taken once: cffi resolves a function at its first use, which would wipe the message that dlerror is asked for.
_dlopen = constants.dlopen
_dlsym = constants.dlsym
_dlerror = constants.dlerror
_fegetenv = constants.fegetenv
_fesetenv = constants.fesetenv
_setlocale = constants.setlocale

# Bind everything now, keep its symbols to itself, and never unmap it, whoever closes it.
_FLAGS = os.RTLD_NOW | os.RTLD_LOCAL | os.RTLD_NODELETE
_LC_ALL = 6  # locale.h of glibc and musl
_FENV_BYTES = 256  # more than any fenv_t
_LOADER_TOKEN = re.compile(r"\$\{?(ORIGIN|LIB|PLATFORM)\b")  # ld.so(8), "Dynamic string tokens"


class LoaderError(Exception):
    """The loader's own words for why it refused; turned into an ``OpenError`` where the plugin is known."""


def load_library(path: Path) -> int:
    """Maps the file, runs its constructors, and returns the loader's handle. It stays until the process ends.

    The same file gives the same handle. Other Python threads run meanwhile; another ``dlopen`` waits.

    Raises:
        LoaderError: the loader refused the file, or would look somewhere else.
    """
    name = _loader_name(path)
    with unchanged_process_state():
        handle = _dlopen(name, _FLAGS)
        if not handle:
            raise LoaderError(_last_error(path))
    return _number(handle)


def existing_handle(path: Path) -> int:
    """The handle of what the loader has loaded already and would reuse for this path; 0 when it has nothing.

    Raises:
        LoaderError: as ``load_library``.
    """
    return _number(_dlopen(_loader_name(path), os.RTLD_LAZY | os.RTLD_NOLOAD))


def mapped_file(handle: int) -> Path | None:
    """The file that a loaded library's memory shows, by its name now."""
    loaded = ffi.cast("struct link_map *", handle)
    mapping = mapping_at(_number(loaded.l_ld))
    return mapping.path if mapping else None


def find_address(handle: int, name: str) -> int:
    """Where the symbol is in this process; 0 when the loader does not find it."""
    return _number(_dlsym(ffi.cast("void *", handle), os.fsencode(name)))


@contextmanager
def unchanged_process_state() -> Iterator[None]:
    """Undoes what foreign initialisers do to this thread's arithmetic and to the process's locale.

    A library linked with ``-Ofast`` flushes small numbers to zero in whatever loads it; one that calls ``setlocale``
    changes how numbers are read and written everywhere.
    """
    environment = ffi.new("char[]", _FENV_BYTES)
    locale = ffi.string(_setlocale(_LC_ALL, ffi.NULL))
    _fegetenv(environment)
    try:
        yield
    finally:
        _fesetenv(environment)
        if ffi.string(_setlocale(_LC_ALL, ffi.NULL)) != locale:
            _setlocale(_LC_ALL, locale)


def _loader_name(path: Path) -> bytes:
    if token := _LOADER_TOKEN.search(os.fspath(path)):
        raise LoaderError(f"the dynamic loader would replace {token[0]} in its path by something else")
    return os.fsencode(path)


def _number(pointer: Any) -> int:
    return int(ffi.cast("uintptr_t", pointer))


def _last_error(path: Path) -> str:
    message = _dlerror()
    if not message:
        return "the dynamic loader gave no reason"
    text = os.fsdecode(ffi.string(message))
    return text.removeprefix(f"{path}: ")
