"""What a verdict on a Go plugin says: the root first, every package, and commands that really mend it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.report import Status
from plugdeck.compat.finding import Severity
from plugdeck.compat.host import Host
from plugdeck.dialects.go import read_go_file
from plugdeck.dialects.manifest import Dialect

from .recipes import (
    EXTERNAL,
    HOST,
    NEWER_HOST,
    PLAIN,
    SPECIAL_HOST,
    STATIC_HOST,
    TRIMMED,
    TRIMMED_HOST,
    TRIMMED_REPLACED_HOST,
    V3,
    WITHOUT_CGO,
    Recipe,
)


def judged(workshop, plugin, host):
    return examine(workshop.build(plugin), Host.from_executable(workshop.build(host)), symbols=False)


def errors(report):
    return [finding for finding in report.findings if finding.severity is Severity.ERROR]


def test_fitting_plugin_is_compatible_and_says_what_it_is(workshop):
    report = judged(workshop, PLAIN, HOST)
    assert (report.status, report.loads, report.findings) == (Status.COMPATIBLE, True, ())
    manifest = report.manifest
    assert (manifest.dialect, manifest.name) == (Dialect.GO, "plain")
    assert manifest.toolchain == workshop.version
    assert manifest.types == {"Priority": "int", "Version": "func() string", "Length": "func() int"}


def test_trimpath_is_the_root_of_every_difference(workshop):
    report = judged(workshop, TRIMMED, HOST)
    first, *others = errors(report)
    shared = set(read_go_file(workshop.build(TRIMMED)).hashes) & set(read_go_file(workshop.build(HOST)).hashes)
    assert first.id == "go.trimpath"
    assert f"all {len(shared)} shared packages differ for this reason" in first.message
    assert shared <= set(" ".join(first.evidence).replace(",", " ").split())
    assert others == []


def test_several_causes_are_all_told_with_the_root_first(workshop):
    found = errors(judged(workshop, TRIMMED, NEWER_HOST))
    assert [finding.id for finding in found] == ["go.trimpath", "go.module-version"]
    assert "has example.com/shared v1.0.0, the host v1.1.0" in found[1].message


def test_module_sums_are_shown_side_by_side(workshop):
    finding = errors(judged(workshop, PLAIN, NEWER_HOST))[0]
    assert finding.id == "go.module-version"
    assert any(line.startswith("plugin: example.com/shared v1.0.0 h1:") for line in finding.evidence)
    assert any(line.startswith("host:   example.com/shared v1.1.0 h1:") for line in finding.evidence)


def test_build_tags_explain_what_modules_do_not(workshop):
    finding = errors(judged(workshop, PLAIN, SPECIAL_HOST))[0]
    assert finding.id == "go.tags"
    assert "-tags: (none) for the plugin, special for the host" in finding.evidence


def test_other_source_of_the_same_version_is_told(workshop):
    """A folder that replaces the module says nothing of its contents."""
    changed = Recipe("replaced-changed", "other", ("-tags=special",), shared="./local")
    host = Recipe("host-replaced-special", "host", ("-tags=special",), shared="./local")
    assert judged(workshop, changed, host).loads


def mend(workshop, folder, recipe, remedy):
    """Types in the commands of a remedy, in a copy of the plugin's folder; the plugin that they build."""
    workshop.lay_out(recipe, folder)
    line = remedy[remedy.index(": ") + 2 :]
    done = subprocess.run(
        ["sh", "-ec", line],
        cwd=folder / recipe.folder,
        env={**workshop.environment(), "PATH": f"{workshop.go.parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{line}\n{done.stderr}"
    return folder / recipe.folder / f"{recipe.folder}.so"


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("plugin", "host"),
    (
        (PLAIN, TRIMMED_HOST),
        (TRIMMED, HOST),
        (PLAIN, NEWER_HOST),
        (PLAIN, SPECIAL_HOST),
        (TRIMMED, TRIMMED_REPLACED_HOST),
    ),
    ids=lambda recipe: recipe.name,
)
def test_remedies_mend_it(workshop, ask, tmp_path, plugin, host):
    remedy = errors(judged(workshop, plugin, host))[0].remedy
    mended = mend(workshop, tmp_path, plugin, remedy)
    program = workshop.build(host)
    assert examine(mended, Host.from_executable(program)).loads, remedy
    assert ask(program, mended)[0].opened


def test_host_without_cgo_and_static_host_cannot_open_any(workshop):
    for recipe, words in ((WITHOUT_CGO, "built without cgo"), (STATIC_HOST, "linked statically")):
        found = {finding.id: finding for finding in judged(workshop, PLAIN, recipe).findings}
        assert words in found["go.host-without-plugins"].message


def test_program_that_does_not_use_the_package_plugin_cannot_open_any(workshop):
    report = judged(workshop, PLAIN, EXTERNAL)
    finding = next(finding for finding in report.findings if finding.id == "go.host-without-plugins")
    assert "does not use the package “plugin”" in finding.message and not report.loads


def test_host_that_is_not_go_cannot_open_any(workshop):
    report = examine(workshop.build(PLAIN), Host.from_executable(workshop_python()), symbols=False)
    assert not report.loads
    assert {"go.host-not-go"} <= {finding.id for finding in report.findings}


def workshop_python():
    from pathlib import Path

    program = Path("/usr/bin/env")
    return program if program.exists() else Path(sys.executable).resolve()


@pytest.mark.skipif("'amd64' not in __import__('platform').machine().replace('x86_64', 'amd64')")
def test_newer_processor_level_is_a_warning_since_nothing_checks_it(workshop, ask):
    report = judged(workshop, V3, HOST)
    assert report.loads and ask(workshop.build(HOST), workshop.build(V3))[0].opened
    assert [(finding.id, finding.severity) for finding in report.findings] == [("go.processor-level", Severity.WARNING)]


@pytest.mark.timeout(900)
def test_folder_of_modules_is_the_root_when_paths_are_not_trimmed(workshop, ask, tmp_path):
    elsewhere = type(workshop)(workshop.goroot, tmp_path)
    plugin, host = elsewhere.build(PLAIN), workshop.build(HOST)
    assert ask(host, plugin)[0].package == "example.com/shared"
    finding = errors(examine(plugin, Host.from_executable(host)))[0]
    assert finding.id == "go.source-folders"
    assert str(tmp_path) in finding.message and "-trimpath" in finding.remedy


@pytest.mark.timeout(900)
def test_trimmed_paths_say_no_folder(workshop, ask, tmp_path):
    plugin, host = type(workshop)(workshop.goroot, tmp_path).build(TRIMMED), workshop.build(TRIMMED_HOST)
    assert ask(host, plugin)[0].opened
    assert examine(plugin, Host.from_executable(host)).loads
