"""The samples as Plugdeck sees them: all compatible, and their notes agree with their variables."""

import json
import os
import subprocess
import sys

import pytest

from plugdeck import examine
from plugdeck.dialects.manifest import ParameterKind

TRANSFORMS = {
    "brightness-contrast", "edges", "gaussian-blur", "grayscale", "hue-rotate", "invert", "mirror", "pixelate",
    "posterize", "sepia", "sharpen", "vignette",
}  # fmt: skip
OTHERS = {"greeter-en", "greeter-zh", "users"}
EVERY = sorted(TRANSFORMS | OTHERS)
# In a child process: Go's runtime would stay in this one, and take its signals.
READ = """
import ctypes, json, os, sys
library = ctypes.CDLL(sys.argv[1], mode=os.RTLD_NOW)
types = {"int": ctypes.c_int, "double": ctypes.c_double}
print(json.dumps({name: types[type].in_dll(library, name).value for name, type in json.loads(sys.argv[2]).items()}))
"""


def variables(path, types):
    """The values of a plugin's variables, given their C types, as they are when it was just opened."""
    command = [sys.executable, "-I", "-c", READ, os.fspath(path), json.dumps(types)]
    return json.loads(subprocess.run(command, capture_output=True, timeout=30, check=True).stdout)


@pytest.mark.parametrize("name", EVERY)
def test_sample_is_compatible_without_a_single_finding(sample, name):
    report = examine(sample(name))
    assert (report.status, report.findings) == ("compatible", ())
    assert report.name == name
    assert report.manifest.is_transform is (name in TRANSFORMS)


@pytest.mark.parametrize("name", EVERY)
def test_sample_says_who_made_it_and_what_it_does(sample, name):
    manifest = examine(sample(name)).manifest
    assert (manifest.author, manifest.licence, manifest.abi) == ("The Plugdeck authors", "MIT", (1, 0))
    assert manifest.description.endswith(".")
    assert manifest.toolchain


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
def test_defaults_in_the_notes_are_those_of_the_variables(sample, name):
    parameters = examine(sample(name)).manifest.parameters
    types = {each.name: "double" if each.kind is ParameterKind.REAL else "int" for each in parameters}
    assert variables(sample(name), types) == {each.name: each.default for each in parameters}


def test_no_two_transforms_have_the_same_priority(sample):
    priorities = [variables(sample(name), {"Priority": "int"})["Priority"] for name in TRANSFORMS]
    assert len(set(priorities)) == len(TRANSFORMS)


def test_greeters_have_the_same_symbols_of_the_same_types(sample):
    english, chinese = (examine(sample(f"greeter-{language}")).manifest for language in ("en", "zh"))
    assert english.symbols == chinese.symbols
    assert english.types["Greet"] == "const char *(const char *name)"
