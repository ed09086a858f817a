"""Makes ``_abi.py``: the C types of ``plugdeck.h`` in the form that cffi reads without parsing C at run time.

Run ``python -m plugdeck.runtime.abi`` after a change to the header's types; a test compares the result with the
committed file, and another compares every size and offset with what a C compiler says. Parsing these declarations
on every start would cost about 28 ms; the generated module costs nothing, and needs neither cffi's Python part nor
pycparser.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from cffi import FFI

from plugdeck import paths

_MODULE = "plugdeck.runtime._abi"
_MARKER = "# Generated from plugins/sdk/plugdeck.h by `python -m plugdeck.runtime.abi`. Do not edit.\n"
_TYPE = re.compile(r"^(?:typedef struct \w+ \{.*?^\} \w+;|enum \{[^}]*\};)", re.MULTILINE | re.DOTALL)
_CONSTANT = re.compile(r"^#define PD_ABI_\w+ \d+$", re.MULTILINE)

# What opening needs of the C library: dlfcn.h, fenv.h, locale.h, and of link.h what a handle points to. The type
# fenv_t differs from machine to machine, so it is only passed as a pointer.
_C_LIBRARY = """
void *dlopen(const char *filename, int flags);
void *dlsym(void *handle, const char *symbol);
char *dlerror(void);
int fegetenv(void *environment);
int fesetenv(const void *environment);
char *setlocale(int category, const char *locale);
struct link_map { uintptr_t l_addr; char *l_name; void *l_ld; struct link_map *l_next, *l_prev; };
"""


def declarations(header: str) -> str:
    """The types and constants of ``plugdeck.h``, and the C library's functions, as C text for cffi."""
    found = [*_CONSTANT.findall(header), *_TYPE.findall(header)]
    return "\n".join(found) + _C_LIBRARY


def write_module(target: Path) -> None:
    """Writes the generated module to ``target``."""
    header = paths.shipped("plugins", "sdk", "plugdeck.h").read_text(encoding="utf-8")
    ffi = FFI()
    ffi.set_source(_MODULE, None)
    ffi.cdef(declarations(header))
    ffi.emit_python_code(str(target))
    target.write_text(_MARKER + target.read_text(encoding="utf-8"), encoding="utf-8")


if __name__ == "__main__":
    write_module(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("_abi.py"))
