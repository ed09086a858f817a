"""What a verdict says of folders that somebody else could put a library into."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from plugdeck.binary import read
from plugdeck.catalogue.examine import examine
from plugdeck.compat.dependencies import Dependencies, numbers_at
from plugdeck.compat.finding import Severity
from plugdeck.compat.host import Host
from plugdeck.compat.rpath_findings import place_in
from plugdeck.compat.sysroot import Sysroot

SOURCE = "int answer(void) { return 42; }"


@pytest.mark.parametrize("path", ["relative", "/usr/lib::/lib"])
def test_unsafe_search_folder_is_a_warning_with_a_remedy_and_loads(build_plugin: Callable[..., Path], path: str):
    report = examine(build_plugin(SOURCE, flags=(f"-Wl,-rpath,{path}",)))
    (finding,) = [finding for finding in report.findings if finding.id == "search.unsafe-folder"]
    assert finding.severity is Severity.WARNING
    assert "$ORIGIN" in finding.remedy
    assert len(finding.evidence) == 1
    assert report.loads


def test_folder_of_everybody_is_named_as_evidence(build_plugin: Callable[..., Path], tmp_path: Path):
    tmp_path.chmod(0o777)
    report = examine(build_plugin(SOURCE, flags=(f"-Wl,-rpath,{tmp_path}:$ORIGIN",)))
    (finding,) = [finding for finding in report.findings if finding.id == "search.unsafe-folder"]
    assert str(tmp_path) in finding.evidence[0]


def test_origin_of_a_linked_plugin_is_that_of_the_link_also_for_what_is_kept(
    build_plugin: Callable[..., Path], tmp_path: Path
):
    link = tmp_path / "open/plugin.so"
    link.parent.mkdir()
    link.parent.chmod(0o755)
    link.symlink_to(build_plugin(SOURCE, flags=("-Wl,-rpath,$ORIGIN/libs",)))
    assert "search.unsafe-folder" not in [finding.id for finding in examine(link).findings]
    link.parent.chmod(0o777)
    assert "search.unsafe-folder" in [finding.id for finding in examine(link).findings]
    places = Dependencies(Host.default(), numbers_at).of(read(link), is_refused=False)
    assert {f"{tmp_path}/open/libs", f"{tmp_path}/open"} <= places.keys()


def test_folders_are_those_of_the_tree_and_of_the_file_wherever_it_is(tmp_path: Path):
    place = place_in(Sysroot(f"{tmp_path}/tree"))
    (tmp_path / "tree/real").mkdir(parents=True)
    (tmp_path / "tree/link").symlink_to("/real")
    assert place("", "/link/libs") == f"{tmp_path}/tree/real/libs"
    assert place(f"{tmp_path}/tree/link", "/libs") == f"{tmp_path}/tree/real/libs"
    assert place(f"{tmp_path}/outside", "/../libs") == f"{tmp_path}/libs"


def test_ordinary_search_path_says_nothing(build_plugin: Callable[..., Path]):
    report = examine(build_plugin(SOURCE, flags=("-Wl,-rpath,$ORIGIN/../lib:/usr/lib",)))
    assert not [finding for finding in report.findings if finding.id.startswith("search.")]
