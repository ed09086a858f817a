"""What a verdict says of folders that somebody else could put a library into."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.compat.finding import Severity

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


def test_ordinary_search_path_says_nothing(build_plugin: Callable[..., Path]):
    report = examine(build_plugin(SOURCE, flags=("-Wl,-rpath,$ORIGIN/../lib:/usr/lib",)))
    assert not [finding for finding in report.findings if finding.id.startswith("search.")]
