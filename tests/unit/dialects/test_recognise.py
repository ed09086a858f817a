"""Which contract a file speaks, from real plugins, libraries and other files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from plugdeck.binary import read
from plugdeck.binary.facts import SymbolKind
from plugdeck.compat.finding import Finding, Severity
from plugdeck.dialects.manifest import Area, DeclaredSymbol, Dialect, Manifest, Parameter, ParameterKind
from plugdeck.dialects.recognise import recognise

WHOLE = """
#include "plugdeck.h"
PD_PLUGIN("tint", "1.2.3-rc.1+build.5", "Ä. Author", "MIT", "Tints; a \\"quoted\\" word, = signs too.")
PD_IMAGE_TRANSFORM(20, "neighbourhood:radius")
PD_INTEGER(count, "Count", -5, 5, 0, "")
PD_REAL(radius, "Radius", 0.5, 1e1, 2.0f, "px")
PD_SWITCH(smooth, "Smooth", 1)
PD_CHOICE(quality, "Quality", "Low|Middle|High", 2)
PD_FUNCTION(const char *, Greet, (const char *name))
PD_VARIABLE(double, Ratio)
PD_INIT()
double Ratio = 0.5;
int Init(const pd_host *host) { (void)host; return 0; }
int Transform(const pd_image *in, pd_image *out) { (void)in; (void)out; return 0; }
const char *Greet(const char *name) { return name; }
"""


def recognised(path: Path, *, symbols: bool = True) -> tuple[Manifest, tuple[Finding, ...]]:
    manifest, findings = recognise(read(path, symbols=symbols))
    assert manifest is not None
    return manifest, findings


@pytest.fixture
def whole(build_plugin: Callable[..., Path]) -> Path:
    return build_plugin(WHOLE, name="tint.so")


def test_plugin_describes_itself(whole: Path) -> None:
    manifest, findings = recognised(whole)
    assert findings == ()
    assert manifest.dialect is Dialect.SDK
    assert (manifest.name, manifest.version) == ("tint", "1.2.3-rc.1+build.5")
    assert (manifest.author, manifest.licence) == ("Ä. Author", "MIT")
    assert manifest.description == 'Tints; a "quoted" word, = signs too.'
    assert (manifest.abi_minimum, manifest.abi) == ((1, 0), (1, 0))
    assert manifest.toolchain.split()[0] in {"gcc", "clang"}
    assert manifest.is_transform
    assert (manifest.area, manifest.area_radius) == (Area.NEIGHBOURHOOD, "radius")


def test_symbols_have_their_declared_types(whole: Path) -> None:
    manifest, _findings = recognised(whole)
    declared = {symbol.name: symbol for symbol in manifest.symbols}
    assert declared["Transform"].c_type == "int(const pd_image *, pd_image *)"
    assert declared["Greet"] == DeclaredSymbol("Greet", SymbolKind.FUNCTION, "const char *(const char *name)")
    assert declared["Ratio"] == DeclaredSymbol("Ratio", SymbolKind.VARIABLE, "double")
    assert set(declared) >= {"Priority", "Init", "count", "radius", "smooth", "quality"}
    assert manifest.types["Priority"] == "int"


def test_parameters_are_read(whole: Path) -> None:
    manifest, _findings = recognised(whole)
    assert manifest.parameters == (
        Parameter("count", "Count", ParameterKind.INTEGER, -5, 5, 0),
        Parameter("radius", "Radius", ParameterKind.REAL, 0.5, 10, 2, "px"),
        Parameter("smooth", "Smooth", ParameterKind.SWITCH, 0, 1, 1),
        Parameter("quality", "Quality", ParameterKind.CHOICE, 0, 2, 2, "", ("Low", "Middle", "High")),
    )


def test_manifest_is_the_same_without_symbols(whole: Path) -> None:
    assert recognised(whole, symbols=False) == recognised(whole)


def test_stripped_plugin_describes_itself(build_plugin: Callable[..., Path]) -> None:
    flags = ["-s", "-Wl,--gc-sections", "-ffunction-sections", "-fdata-sections"]
    manifest, findings = recognised(build_plugin(WHOLE, flags=flags))
    assert findings == ()
    assert len(manifest.parameters) == 4


def test_plugin_in_cpp_describes_itself(build_plugin: Callable[..., Path]) -> None:
    manifest, findings = recognised(build_plugin(WHOLE, language="c++"))
    assert findings == ()
    assert manifest.name == "tint"


def test_library_without_notes_can_only_be_inspected(build_plugin: Callable[..., Path]) -> None:
    manifest, findings = recognised(build_plugin("int f(void) { return 1; }", flags=["-Wl,-soname,libf.so.3"]))
    assert (manifest.dialect, manifest.name) == (Dialect.LIBRARY, "libf.so.3")
    assert [(finding.id, finding.severity) for finding in findings] == [("plugin.no-contract", Severity.INFO)]
    assert "a Go host would die on it; here it can only be inspected" in findings[0].message
    assert not findings[0].stops_load


def test_library_without_soname_is_named_by_its_file(build_plugin: Callable[..., Path], tmp_path: Path) -> None:
    path = tmp_path / "a\u202eb\n.so"
    path.write_bytes(build_plugin("int g(void) { return 1; }").read_bytes())
    manifest, _findings = recognised(path)
    assert manifest.name == "a⟨U+202E⟩b␊.so"


def test_program_speaks_no_dialect(build_plugin: Callable[..., Path]) -> None:
    program = build_plugin("int main(void) { return 0; }", name="program", flags=["-no-pie", "-pie", "-fPIE"])
    assert recognise(read(program)) == (None, ())


@pytest.mark.parametrize("data", [b"", b"#!/bin/sh\n", b"MZ", bytes(100)])
def test_other_file_speaks_no_dialect(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.so"
    path.write_bytes(data)
    assert recognise(read(path)) == (None, ())


SYMBOL_DEFECTS = [
    pytest.param(
        "PD_FUNCTION(int, Missing, (void))",
        "-Wl,-z,lazy",
        "sdk.symbol-missing",
        "declares the function Missing, but does not export it",
        id="declared and not defined",
    ),
    pytest.param(
        'PD_NOTE(lie, PD_NOTE_SYMBOL, "name=data\\0kind=function\\0type=int(void)\\0") PD_EXPORT int data = 1;',
        "-O1",
        "sdk.symbol-kind",
        "declares data as a function, but exports it as a variable",
        id="variable declared as a function",
    ),
    pytest.param(
        'PD_NOTE(lie, PD_NOTE_SYMBOL, "name=each\\0kind=variable\\0type=int\\0") PD_EXPORT __thread int each = 1;',
        "-O1",
        "sdk.symbol-kind",
        "declares each as a variable, but exports it as a thread-local variable",
        id="thread-local variable",
    ),
]


@pytest.mark.parametrize(("source", "flag", "finding_id", "words"), SYMBOL_DEFECTS)
def test_symbol_that_is_not_as_declared_is_found(
    build_plugin: Callable[..., Path], source: str, flag: str, finding_id: str, words: str
) -> None:
    text = f'#include "plugdeck.h"\nPD_PLUGIN("x", "1.0.0", "a", "MIT", "d")\n{source}\n'
    path = build_plugin(text, flags=[flag])
    _manifest, findings = recognised(path)
    assert [(finding.id, finding.severity) for finding in findings] == [(finding_id, Severity.ERROR)]
    assert words in findings[0].message
    assert findings[0].remedy
    assert recognised(path, symbols=False)[1] == ()
