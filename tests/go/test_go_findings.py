"""Findings about Go plugins that no ordinary pair of plugin and host brings about."""

from __future__ import annotations

import re
import shlex

import pytest

from plugdeck.binary.source import open_source
from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.report import Status
from plugdeck.compat.finding import Severity
from plugdeck.compat.host import Host
from plugdeck.dialects.go import BuildInfo, GoBuildMode, GoFile, GoModule
from plugdeck.dialects.go.causes import causes, hints
from plugdeck.dialects.go.commands import build_line, module_line
from plugdeck.dialects.go.comparison import compare
from plugdeck.dialects.go.image import GoImage
from plugdeck.dialects.go.module_data import read_module_data

from .recipes import HOST, PLAIN, QUIET, TRIMMED


def go_file(toolchain="go1.25.1", hashes=None, *, mode=GoBuildMode.PLUGIN, dependencies=(), **settings):
    """A file with these hashes of packages, as text."""
    known = {name.replace("_", "-", 1) if name.startswith("_") else name: value for name, value in settings.items()}
    main = GoModule("example.com/plug", "(devel)")
    build = BuildInfo(toolchain, "example.com/plug", main, tuple(dependencies), known)
    return GoFile(mode, build, "example.com/plug", {name: text.encode() for name, text in (hashes or {}).items()})


def changed(data, pattern, replacement):
    assert len(re.findall(pattern, data)) == 1
    return re.sub(pattern, replacement, data)


def test_plugin_that_exports_nothing(workshop):
    report = examine(workshop.build(QUIET), Host.from_executable(workshop.build(HOST)))
    assert report.status is Status.COMPATIBLE
    assert [finding.id for finding in report.findings] == ["go.exports-nothing"]
    assert report.symbols == ()


def test_plugin_without_build_information_is_judged_by_its_hashes(workshop, tmp_path):
    path = tmp_path / "plain.so"
    path.write_bytes(workshop.build(PLAIN).read_bytes().replace(b"\xff Go buildinf:", b"\xff No buildinf:"))
    report = examine(path, Host.from_executable(workshop.build(HOST)))
    assert report.loads and report.manifest.types["Version"] == "func() string"
    assert [finding.id for finding in report.findings] == ["go.build-unknown"]


def test_what_is_damaged_is_unknown_and_the_rest_is_told(workshop, tmp_path):
    original = workshop.build(PLAIN)
    with open_source(original) as source:
        image = GoImage(source)
        place = image.loads.place_of(read_module_data(image).slot, 8, "it")
    data = bytearray(original.read_bytes())
    data[place + 8] ^= 0xFF
    path = tmp_path / "plain.so"
    path.write_bytes(data)
    report = examine(path, Host.from_executable(workshop.build(HOST)))
    assert [(finding.id, finding.severity) for finding in report.findings] == [("go.partly-unknown", Severity.WARNING)]
    assert report.manifest.toolchain == workshop.version and report.manifest.symbols == ()


def test_runner_that_is_not_built_yet_is_no_reason_against_it(workshop, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    report = examine(workshop.build(TRIMMED))
    assert report.loads
    assert [finding.id for finding in report.findings] == ["go.runner-not-built"]
    assert workshop.version in report.findings[0].evidence[0]


def test_other_release_with_the_same_packages_is_a_warning():
    comparison = compare(go_file("go1.25.1", {"os": "1"}), go_file("go1.25.2", {"os": "1"}))
    (finding,) = hints(comparison)
    assert (finding.id, finding.severity, finding.stops_load) == ("go.toolchain", Severity.WARNING, False)
    assert "GOTOOLCHAIN=go1.25.2 go build" in finding.remedy


def test_other_release_is_the_root_and_experiments_come_after_it():
    plugin, host = go_file("go1.25.1 X:arenas", {"os": "1"}), go_file("go1.25.2", {"os": "2"})
    assert [finding.id for finding in causes(compare(plugin, host))] == ["go.toolchain", "go.experiment"]
    dashed = go_file("go1.25.2-X:arenas", {"os": "1"})
    assert [finding.id for finding in causes(compare(dashed, host))] == ["go.experiment"]


@pytest.mark.parametrize(("plugin", "host"), (("go1.21.1", "go1.25.1"), ("go1.27.0", "go1.26.0")))
def test_releases_with_other_records_are_said_to_end_the_host(plugin, host):
    first = next(causes(compare(go_file(plugin, {"os": "1"}), go_file(host, {"os": "1"}))))
    assert first.id == "go.toolchain" and "no plugin module data" in first.evidence[0]


@pytest.mark.parametrize("setting", ("_race", "_msan", "_asan", "_trimpath"))
def test_switches_are_roots_on_either_side(setting):
    name = setting.replace("_", "-")
    with_, without = go_file(hashes={"os": "1"}, **{setting: "true"}), go_file(hashes={"os": "2"})
    added, taken = next(causes(compare(without, with_))), next(causes(compare(with_, without)))
    assert added.id == taken.id == f"go.{name[1:]}"
    assert f"-buildmode=plugin {name} example.com/plug" in added.remedy
    assert name not in taken.remedy


def test_cgo_and_its_flags_are_told():
    plugin, host = go_file(hashes={"os/user": "1"}, CGO_CFLAGS="-O3"), go_file(hashes={"os/user": "2"})
    assert [finding.id for finding in causes(compare(plugin, host))] == ["go.cgo-flags"]


def test_compiler_flags_are_a_root_where_they_are_for_every_package():
    plugin, host = go_file(hashes={"os": "1"}, _gcflags="all=-N -l"), go_file(hashes={"os": "2"})
    assert [finding.id for finding in causes(compare(plugin, host))] == ["go.compiler-flags"]


def test_source_that_differs_without_a_word_is_told_with_its_revisions():
    hashes = {"example.com/plug/api": "1"}, {"example.com/plug/api": "2"}
    plugin = go_file(hashes=hashes[0])
    plugin.build.settings["vcs.revision"] = "a" * 40
    host = go_file(hashes=hashes[1], mode=GoBuildMode.PROGRAM)
    host.build.settings["vcs.revision"] = "b" * 40
    (finding,) = causes(compare(plugin, host))
    assert finding.id == "go.source" and "aaaaaaaaaaaa" in finding.message and "bbbbbbbbbbbb" in finding.message


def test_packages_that_follow_from_others_come_last():
    modules = GoModule("example.com/b", "v1.0.0"), GoModule("example.com/b", "v1.1.0")
    plugin = go_file(hashes={"example.com/b/x": "1", "example.com/plug/api": "1"}, dependencies=modules[:1])
    host = go_file(hashes={"example.com/b/x": "2", "example.com/plug/api": "2"}, dependencies=modules[1:])
    found = list(causes(compare(plugin, host)))
    assert [finding.id for finding in found] == ["go.module-version", "go.source"]
    assert "go get example.com/b@v1.1.0" in found[0].remedy


def test_thousands_of_modules_make_no_thousands_of_findings():
    names = [f"example.com/m{number}" for number in range(3000)]
    files = [
        go_file(hashes=dict.fromkeys(names, text), dependencies=[GoModule(name, f"v{text}.0.0") for name in names])
        for text in ("1", "2")
    ]
    found = list(causes(compare(*files)))
    assert len(found) < 100 and all(finding.stops_load for finding in found)


@pytest.mark.parametrize("word", ("-toolexec=/tmp/x", "; rm -rf x", "$(x)", "a b", "", "x\ny"))
def test_names_of_files_never_become_options_or_commands(word):
    module = GoModule(word, "v1.0.0")
    assert module_line(module, module) == ""
    assert module_line(GoModule("a", word), module) == ""
    assert module_line(GoModule("a", "v1", "", GoModule(word, "v1")), module) == ""
    plugin, host = go_file(), go_file()
    plugin = plugin._replace(build=plugin.build._replace(package=word))
    host.build.settings.update({"-tags": word, "GOAMD64": word})
    host = host._replace(build=host.build._replace(toolchain=word))
    words = shlex.split(build_line(plugin, host))
    assert words[:3] == ["go", "build", "-buildmode=plugin"] and word not in words
    assert all(each.startswith("-tags=") for each in words[3:])


def test_replacements_of_the_host_are_taken_over():
    replaced = GoModule("a.b/c", "v1.0.0", "", GoModule("d.e/f", "v2.0.0"))
    folder = GoModule("a.b/c", "v1.0.0", "", GoModule("../c", "(devel)"))
    plain = GoModule("a.b/c", "v1.0.0")
    assert module_line(replaced, plain) == "go mod edit -replace=a.b/c=d.e/f@v2.0.0"
    assert module_line(folder, plain) == "go mod edit -replace=a.b/c=../c"
    assert module_line(plain, folder) == "go mod edit -dropreplace=a.b/c && go get a.b/c@v1.0.0"
