"""``plugdeck diff``, ``check`` of many files, and what ``inspect`` says of a build: the real command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from plugdeck.binary import read

SOURCE = """
#include "plugdeck.h"
PD_PLUGIN("tint", "%s", "", "MIT", "")
PD_IMAGE_TRANSFORM(20, "pointwise")
PD_INTEGER(amount, "Amount", 0, %d, 2, "")
int Transform(const pd_image *in, pd_image *out) { (void)in; (void)out; return 0; }
"""


def plugdeck(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "plugdeck", *map(str, words)]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False, env=environment)


@pytest.fixture
def build(build_plugin):
    """``build("1.0.0", 10)``: a plugin of this version, whose parameter goes up to 10."""
    return lambda version, most: build_plugin(SOURCE % (version, most), name="tint.so")


def test_diff_of_a_build_that_can_replace_the_other_exits_0(build):
    done = plugdeck("diff", build("1.0.0", 10), build("1.1.0", 20))

    assert done.returncode == 0, done.stderr
    assert "can replace the old one" in done.stdout
    assert "The plugin's version was 1.0.0 and is 1.1.0." in done.stdout


def test_diff_of_a_build_that_takes_something_away_exits_1_and_says_it_first(build):
    done = plugdeck("diff", build("1.0.0", 10), build("1.1.0", 5))

    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[4] == "What callers of the old one lose:"
    assert lines[5].startswith("  The parameter amount was")


def test_diff_json_is_one_document_with_the_promised_keys(build):
    done = plugdeck("diff", "--json", build("1.0.0", 10), build("1.1.0", 5))

    document = json.loads(done.stdout)
    assert set(document) == {"old", "new", "can_replace", "summary", "gaps", "changes"}
    assert document["can_replace"] is False
    assert set(document["changes"][0]) == {"kind", "name", "effect", "old", "new", "message"}
    assert (document["changes"][0]["kind"], document["changes"][0]["effect"]) == ("parameter", "breaks")


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_diff_with_what_cannot_be_read_exits_2(build, tmp_path: Path, options):
    text = tmp_path / "text.so"
    text.write_text("not a plugin")
    for other in (text, tmp_path / "absent.so"):
        assert plugdeck("diff", *options, build("1.0.0", 10), other).returncode == 2
        assert plugdeck("diff", *options, other, build("1.0.0", 10)).returncode == 2
    assert plugdeck("diff", build("1.0.0", 10)).returncode == 2


def test_check_of_many_files_gives_a_line_each_and_a_summary(build, native, tmp_path: Path):
    text = tmp_path / "text.so"
    text.write_text("not a plugin")
    missing = native("missing-library")

    done = plugdeck("check", build("1.0.0", 10), missing, text)

    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert lines[0] == f"{build('1.0.0', 10)}: compatible (loads)"
    assert lines[1] == f"{missing}: incompatible (does not load)"
    assert lines[2].startswith("  ✗ error: ")
    assert lines[-1].startswith("3 files with Plugdeck's worker")
    assert lines[-1].endswith(": 1 compatible, 1 incompatible, 1 not-a-plugin; 1 would load")


def test_check_of_many_files_keeps_notes_to_a_check_of_one(build_plugin, build):
    library = build_plugin("int answer(void) { return 42; }", name="library.so")

    assert "plugin.no-contract" in plugdeck("check", library).stdout
    assert "plugin.no-contract" in plugdeck("check", "--json", library, library).stdout
    lines = plugdeck("check", library, build("1.0.0", 10)).stdout.splitlines()
    assert lines[0] == f"{library}: not-a-plugin (loads)"
    assert lines[1] == f"{build('1.0.0', 10)}: compatible (loads)"
    assert len(lines) == 3


def test_check_of_one_file_names_the_host_and_has_no_summary(build):
    (line,) = plugdeck("check", build("1.0.0", 10)).stdout.splitlines()
    assert "compatible with Plugdeck's worker" in line


NEEDS_MATHS = """
#include <math.h>
#include "plugdeck.h"
PD_PLUGIN("maths", "1.0.0", "", "MIT", "")
PD_FUNCTION(double, Power, (double x))
double Power(double x) { return pow(x, x); }
"""


def test_check_with_tree_shows_where_each_library_is_found(build_plugin):
    path = build_plugin(NEEDS_MATHS, name="maths.so", flags=("-Wl,--no-as-needed",))

    text = plugdeck("check", "--tree", path).stdout
    (document,) = json.loads(plugdeck("check", "--tree", "--json", path).stdout)

    assert "maths.so" in text
    assert {"libm.so.6", "libc.so.6"} <= {child["name"] for child in document["tree"]["needs"]}
    assert set(document["tree"]) == {"name", "path", "rule", "problem", "repeated", "needs"}
    assert "libm.so.6" in text


def test_check_with_tree_of_what_has_no_libraries_is_a_check(tmp_path: Path):
    (tmp_path / "text.so").write_text("not a plugin")
    done = plugdeck("check", "--tree", "--json", tmp_path / "text.so")
    assert "tree" not in json.loads(done.stdout)[0]


@pytest.fixture
def other_machine(tmp_path: Path) -> Path:
    """The tree of a machine that has the dynamic loader and the C library of this one, and nothing else."""
    elf = read(Path(sys.executable)).elf
    if elf is None or not elf.interpreter or "ld-linux" not in elf.interpreter:
        pytest.skip("this Python is not linked dynamically against glibc")
    tree = tmp_path / "board"
    candidates = [*Path("/lib").glob("*/libc.so.6"), *Path("/").glob("lib*/libc.so.6")]
    libc = next((path for path in candidates if read(path).elf.machine == elf.machine), None)
    if libc is None:
        pytest.skip("no libc.so.6 in /lib")
    for source in (Path(elf.interpreter), libc):
        target = tree / source.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    return tree


def test_check_for_another_machine_looks_into_its_tree_only(other_machine: Path, build, build_plugin):
    maths = build_plugin(NEEDS_MATHS, name="maths.so", flags=("-Wl,--no-as-needed",))

    done = plugdeck("check", "--json", build("1.0.0", 10), maths, "--sysroot", other_machine)

    plain, needing = json.loads(done.stdout)
    assert (plain["status"], plain["loads"]) == ("compatible", True)
    assert (needing["status"], needing["loads"]) == ("incompatible", False)
    assert "libm.so.6" in needing["findings"][0]["message"]
    assert done.returncode == 1


def test_inspect_tells_how_the_file_was_built(build_plugin):
    path = build_plugin(SOURCE % ("1.0.0", 3), flags=("-g", "-Wl,-z,relro", "-Wl,-z,now", "-Wl,-rpath,relative"))

    text = plugdeck("inspect", path).stdout
    built = json.loads(plugdeck("inspect", "--json", path).stdout)["build"]

    assert "how it was built" in text
    assert "is relative to the folder" in text
    assert built["hardening"]["relro"] == "full"
    assert len(built["hardening"]["search_risks"]) == 1
    assert built["debug_info"] == "included"
    assert {tool["kind"] for tool in built["toolchain"]["tools"]} >= {"compiler"}
    assert built["sizes"]["file"] == path.stat().st_size


def test_inspect_of_what_is_no_elf_file_has_no_build(tmp_path: Path):
    (tmp_path / "text.so").write_text("not a plugin")

    assert json.loads(plugdeck("inspect", "--json", tmp_path / "text.so").stdout)["build"] is None


@pytest.mark.parametrize("command", ["check", "list", "inspect", "diff"])
def test_a_sysroot_that_is_no_folder_is_a_usage_error(command, samples, tmp_path: Path):
    words = {"list": [], "diff": [samples / "invert.so"] * 2}.get(command, [samples / "invert.so"])

    done = plugdeck(command, *words, "--sysroot", tmp_path / "absent")

    assert done.returncode == 2
    assert "is not a folder" in done.stderr


@pytest.mark.parametrize("is_elsewhere", [False, True])
@pytest.mark.parametrize("command", ["check", "list", "inspect", "diff"])
def test_a_host_that_is_not_there_is_a_usage_error(command, samples, tmp_path: Path, is_elsewhere):
    words = {"list": [samples], "diff": [samples / "invert.so"] * 2}.get(command, [samples / "invert.so"])
    tree = ["--sysroot", tmp_path] if is_elsewhere else []

    done = plugdeck(command, "--json", *words, "--host", "/nowhere/at/all", *tree)

    assert done.returncode == 2
    assert not done.stdout
    assert "/nowhere/at/all cannot be read: The file does not exist. Give the program" in done.stderr


@pytest.mark.parametrize("command", ["check", "inspect", "list", "diff"])
def test_a_host_that_cannot_load_plugins_is_the_reason(command, build_plugin, samples, tmp_path: Path):
    static = build_plugin("int main(void) { return 0; }", name="static", flags=("-static",), shared=False)
    words = {"list": [samples], "diff": [samples / "invert.so"] * 2}.get(command, [samples / "invert.so"])

    done = plugdeck(command, "--json", *words, "--host", static)

    if command == "diff":
        assert not json.loads(done.stdout)["can_replace"]
        return
    document = json.loads(done.stdout)
    reports = document if isinstance(document, list) else [document]
    assert {report["status"] for report in reports} == {"incompatible"}
