"""The library's face: what ``import plugdeck`` offers, and what it costs."""

import doctest
import re
import shutil
import subprocess
import sys

import pytest

import plugdeck

GREETER = """
#include "plugdeck.h"
#include <stdio.h>
PD_PLUGIN("greeter", "1.0.0", "test", "MIT", "Greets.")
PD_FUNCTION(const char *, Greet, (const char *name))
PD_FUNCTION(int, Shout, (int))
PD_VARIABLE(int, Volume)
int Volume = 2;
int Shout(int times) { return times * Volume; }
const char *Greet(const char *name) {
  static char text[64];
  snprintf(text, sizeof text, "Hello, %s!", name);
  return text;
}
"""


def run(code, folder):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_example_in_the_docstring_does_what_it_says(build_plugin, tmp_path):
    shutil.copyfile(build_plugin(GREETER), tmp_path / "greeter.so")
    example = re.search(r"::\n\n(.*?)\n\n``open``", plugdeck.__doc__, re.DOTALL)
    lines = "\n".join(line.removeprefix("    ") for line in example[1].splitlines())
    assert run(lines, tmp_path) == ["compatible greeter", "Hello, Ada!", "60"]


@pytest.mark.parametrize("name", plugdeck.__all__)
def test_every_name_of_the_face_is_there_and_documented(name):
    assert getattr(plugdeck, name).__doc__
    assert name in dir(plugdeck)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'plugdeck' has no attribute 'close'"):
        plugdeck.close  # noqa: B018
    assert not hasattr(plugdeck.Plugin, "close")


def test_importing_the_package_imports_nothing_else(tmp_path):
    code = "import sys; before = set(sys.modules); import plugdeck; print(*sorted(set(sys.modules) - before))"
    assert set(" ".join(run(code, tmp_path)).split()) <= {"plugdeck", "__future__"}


def test_examining_loads_no_native_code(build_plugin, tmp_path):
    shutil.copyfile(build_plugin(GREETER), tmp_path / "greeter.so")
    code = "import plugdeck, sys; plugdeck.examine('greeter.so'); print(*{'_cffi_backend', 'cffi'} & set(sys.modules))"
    assert run(code, tmp_path) == [""]


def test_the_docstring_has_no_doctest_that_nobody_runs():
    assert not doctest.DocTestParser().get_examples(plugdeck.__doc__)
