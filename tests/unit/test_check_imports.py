"""A check of one file is to take no time: it imports nothing that only other commands need."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

CODE = """
import sys
from plugdeck.__main__ import main
code = main(["check", sys.argv[1]])
print(code, *sorted({"argparse", "json", "sqlite3", "cffi", "_cffi_backend", "platformdirs"} & set(sys.modules)))
"""


def test_check_of_one_file_imports_no_parser_no_database_and_no_native_code(build_plugin: Callable[..., Path]):
    plugin = build_plugin('#include <stdio.h>\nint Call(void) { return puts("called"); }')
    done = subprocess.run(
        [sys.executable, "-c", CODE, os.fspath(plugin)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "0"
