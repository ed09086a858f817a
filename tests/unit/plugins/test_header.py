"""What ``plugdeck.h`` and ``plugdeck.rs`` write into a file, and what they refuse to compile."""

import shutil
import subprocess
from pathlib import Path

import pytest

SDK = Path(__file__).parents[3] / "plugins" / "sdk"

SOURCE = """
#include "plugdeck.h"
PD_PLUGIN("all", "1.2.3", "Ann Author", "MIT", "Everything that the header offers.")
PD_IMAGE_TRANSFORM(-5, "neighbourhood:reach")
PD_INIT()
PD_INTEGER(reach, "Reach", 0, 64, 8, "px")
PD_REAL(angle, "Angle", -180, 180, 22.5, "degrees")
PD_SWITCH(soft, "Soft", 1)
PD_CHOICE(quality, "Quality", "Low|Middle|High", 2)
PD_FUNCTION(const char *, Greet, (const char *name))
PD_VARIABLE(uint64_t, Count)
uint64_t Count = 7;
int Init(const pd_host *host) { return PD_HOST_HAS(host, plugin_path) ? 0 : 1; }
const char *Greet(const char *name) { return name; }
int Transform(const pd_image *in, pd_image *out) {
  pd_row(out, 0)[0] = pd_row(in, 0)[0];
  return 0;
}
"""
NAMES = [
    ("plugin", "all"), ("symbol", "Transform"), ("symbol", "Priority"), ("interface", "image-transform/1"),
    ("symbol", "Init"),
    ("symbol", "reach"), ("parameter", "reach"), ("symbol", "angle"), ("parameter", "angle"),
    ("symbol", "soft"), ("parameter", "soft"), ("symbol", "quality"), ("parameter", "quality"),
    ("symbol", "Greet"), ("symbol", "Count"),
]  # fmt: skip
STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror")


@pytest.mark.parametrize(
    ("language", "standard"), [("c", "c99"), ("c", "c11"), ("c", "gnu17"), ("c++", "c++11"), ("c++", "c++20")]
)
def test_header_compiles_without_a_warning_in_every_standard(build_plugin, notes, language, standard):
    path = build_plugin(SOURCE, language=language, flags=(f"-std={standard}", *STRICT))
    assert [(kind, pairs["name"]) for kind, pairs in notes(path)] == NAMES


@pytest.mark.parametrize(
    "flags", [("-O0",), ("-O3",), ("-Os", "-flto"), ("-O2", "-ffunction-sections", "-Wl,--gc-sections", "-s")]
)
def test_notes_survive_every_optimisation_in_the_order_of_the_source(build_plugin, notes, flags):
    assert [(kind, pairs["name"]) for kind, pairs in notes(build_plugin(SOURCE, flags=flags))] == NAMES


def test_plugin_note_holds_what_the_author_wrote(build_plugin, notes):
    kind, plugin = notes(build_plugin(SOURCE))[0]
    assert plugin.pop("toolchain").split()[0] in ("gcc", "clang")
    assert (kind, plugin) == (
        "plugin",
        {
            "name": "all", "version": "1.2.3", "author": "Ann Author", "licence": "MIT",
            "description": "Everything that the header offers.", "abi": "1.0", "abi-minimum": "1.0",
        },
    )  # fmt: skip


def test_symbols_carry_their_c_types(build_plugin, notes):
    types = {pairs["name"]: pairs["type"] for kind, pairs in notes(build_plugin(SOURCE)) if kind == "symbol"}
    assert types == {
        "Transform": "int(const pd_image *, pd_image *)", "Priority": "int", "Init": "int(const pd_host *)",
        "reach": "int", "angle": "double", "soft": "int", "quality": "int",
        "Greet": "const char *(const char *name)", "Count": "uint64_t",
    }  # fmt: skip


def test_parameters_carry_their_ranges(build_plugin, notes):
    parameters = {pairs["name"]: pairs for kind, pairs in notes(build_plugin(SOURCE)) if kind == "parameter"}
    assert parameters["angle"] == {
        "name": "angle", "kind": "real", "label": "Angle", "minimum": "-180", "maximum": "180", "default": "22.5",
        "unit": "degrees",
    }  # fmt: skip
    assert parameters["quality"]["choices"] == "Low|Middle|High"


def test_only_what_was_declared_is_exported(build_plugin):
    listing = subprocess.run(
        ["nm", "-D", "--defined-only", build_plugin(SOURCE)], capture_output=True, text=True, check=True
    )
    exported = {line.split()[-1] for line in listing.stdout.splitlines()}
    assert exported == {name for kind, name in NAMES if kind == "symbol"}


@pytest.mark.parametrize(
    ("definition", "complaint"),
    [
        ("void Transform(pd_image *in, pd_image *out) {}", "conflicting types"),
        ("int Transform(const pd_image *in) { return 0; }", "conflicting types"),
        ("long Priority = 1;", "conflicting types"),
    ],
)
def test_compiler_refuses_a_definition_that_differs_from_the_note(tmp_path, definition, complaint):
    source = tmp_path / "wrong.c"
    source.write_text(f'#include "plugdeck.h"\nPD_IMAGE_TRANSFORM(1, "whole")\n{definition}\n')
    done = subprocess.run(["cc", "-fsyntax-only", f"-I{SDK}", source], capture_output=True, text=True, check=False)
    assert done.returncode
    assert complaint in done.stderr


def test_plugin_without_notes_section_of_its_own_has_none(build_plugin, notes):
    assert notes(build_plugin("int nothing;")) == []


def test_rust_writes_the_same_notes_as_c(sample, notes):
    found = notes(sample("hue-rotate"))
    by_name = {(kind, pairs["name"]): pairs for kind, pairs in found}
    assert len(found) == 7
    assert by_name["symbol", "Transform"]["type"] == "int(const pd_image *, pd_image *)"
    assert by_name["symbol", "angle"] == {"name": "angle", "kind": "variable", "type": "double"}
    assert float(by_name["parameter", "angle"]["minimum"]) == -180
    assert by_name["interface", "image-transform/1"]["area"] == "pointwise"
    assert by_name["plugin", "hue-rotate"]["toolchain"] == "rustc"


@pytest.mark.skipif(not shutil.which("clang"), reason="clang is not installed")
def test_clang_writes_the_same_notes_as_gcc(tmp_path, notes):
    (tmp_path / "all.c").write_text(SOURCE)
    target = tmp_path / "all.so"
    command = ["clang", "-shared", "-fPIC", f"-I{SDK}", *STRICT, tmp_path / "all.c", "-o", target]
    subprocess.run(command, check=True)
    assert [(kind, pairs["name"]) for kind, pairs in notes(target)] == NAMES
