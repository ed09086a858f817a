"""Two Go plugins in one process, against what the runtime does with the second."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.together import beside
from plugdeck.compat.host import Host
from plugdeck.dialects.manifest import Dialect
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.hosts import Hosts
from plugdeck.hosting.supervisor import Supervisor

from .recipes import BARE_HOST, OTHER, OTHER_NEWER, PLAIN, V3


@pytest.fixture
def judge(workshop, ask):
    """Both verdicts, and what the runtime says, for two plugins opened one after the other by a host."""

    def both(host, *recipes):
        program = workshop.build(host)
        reports = [examine(workshop.build(recipe), Host.from_executable(program)) for recipe in recipes]
        said = ask(program, *[workshop.build(recipe) for recipe in recipes])
        return [reports[0], beside(reports[1], reports[:1])], said

    return both


def test_plugins_from_the_same_modules_live_together(judge):
    reports, said = judge(BARE_HOST, PLAIN, OTHER)
    assert [each.opened for each in said] == [report.loads for report in reports] == [True, True]


def test_same_plugin_path_is_refused_the_second_time(judge):
    reports, said = judge(BARE_HOST, PLAIN, V3)
    assert said[1].refusal.endswith("plugin already loaded")
    assert [report.loads for report in reports] == [True, False]
    assert reports[1].findings[0].id == "go.same-plugin-path"


def test_other_version_of_what_the_host_does_not_have_is_refused(judge):
    reports, said = judge(BARE_HOST, PLAIN, OTHER_NEWER)
    assert said[1].package == "example.com/shared"
    assert [report.loads for report in reports] == [True, False]
    finding = reports[1].findings[0]
    assert finding.id == "go.other-packages" and "example.com/shared" in finding.evidence


def test_c_libraries_from_go_never_share_a_process(samples, tmp_path):
    reports = [examine(shutil.copy(samples / "mirror.so", tmp_path / name)) for name in ("one.so", "two.so")]
    assert {(report.dialect, report.manifest.language_runtime) for report in reports} == {(Dialect.SDK, "Go")}
    assert all(report.loads for report in reports)
    second = beside(reports[1], reports[:1])
    assert not second.loads and second.findings[0].id == "sdk.second-runtime"


def test_c_plugins_share_a_process(samples):
    reports = [examine(samples / name) for name in ("sepia.so", "sharpen.so")]
    assert beside(reports[1], reports[:1]) is reports[1]


def test_c_libraries_from_go_get_a_process_each_when_hosted_together(samples, tmp_path):
    paths = [Path(shutil.copy(samples / "mirror.so", tmp_path / name)) for name in ("one.so", "two.so")]
    paths += [samples / "sepia.so", samples / "sharpen.so"]
    with Supervisor(deadlines=Deadlines(hello_s=600, load_s=600, call_s=600)) as supervisor:
        hosts = Hosts(supervisor, mode=HostingMode.TOGETHER)
        plugins = [hosts.host(path, examine(path).manifest) for path in paths]
        for plugin in plugins:
            plugin.start()
        one, two, sepia, sharpen = (plugin.pid for plugin in plugins)
    assert sepia == sharpen
    assert len({one, two, sepia}) == 3
