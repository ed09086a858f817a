"""The generated module says what ``plugdeck.h`` says."""

import re
import subprocess

import pytest

from plugdeck import paths
from plugdeck.runtime import _abi, abi
from plugdeck.runtime.native import constants, ffi

STRUCTS = ("pd_image", "pd_host")


def test_the_committed_module_is_what_generating_gives(tmp_path, capsys):
    abi.write_module(tmp_path / "_abi.py")
    capsys.readouterr()
    committed = abi.Path(_abi.__file__).read_text(encoding="utf-8")
    assert (tmp_path / "_abi.py").read_text(encoding="utf-8") == committed, "run: python -m plugdeck.runtime.abi"


def test_every_type_of_the_header_is_declared():
    header = paths.shipped("plugins", "sdk", "plugdeck.h").read_text(encoding="utf-8")
    assert set(re.findall(r"^typedef struct (\w+)", header, re.MULTILINE)) == set(STRUCTS)
    for name in re.findall(r"\b(PD_[A-Z0-9_]+) = \d+", header):
        assert hasattr(constants, name), name
    assert constants.PD_ABI_MAJOR == 1


@pytest.mark.parametrize("compiler", ["gcc", "g++"])
def test_sizes_and_offsets_are_those_of_the_compiler(compiler, tmp_path):
    lines = [f'printf("{name} %zu\\n", sizeof({name}));' for name in STRUCTS]
    for name in STRUCTS:
        lines += [
            f'printf("{name}.{field} %zu\\n", offsetof({name}, {field}));' for field, _ in ffi.typeof(name).fields
        ]
    source = tmp_path / ("layout.c" if compiler == "gcc" else "layout.cpp")
    body = "\n".join(lines)
    source.write_text(f'#include <stdio.h>\n#include "plugdeck.h"\nint main(void) {{ {body} return 0; }}\n')
    program = tmp_path / "layout"
    header = paths.shipped("plugins", "sdk")
    subprocess.run([compiler, f"-I{header}", source, "-o", program], check=True, timeout=60)
    said = subprocess.run([program], capture_output=True, text=True, check=True, timeout=10).stdout.split()
    expected = dict(zip(said[::2], map(int, said[1::2]), strict=True))
    ours = {name: ffi.sizeof(name) for name in STRUCTS}
    for name in STRUCTS:
        ours |= {f"{name}.{field}": ffi.offsetof(name, field) for field, _ in ffi.typeof(name).fields}
    assert ours == expected
