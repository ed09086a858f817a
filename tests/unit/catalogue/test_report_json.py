"""Reports travel as JSON and come back equal."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.report import Report
from plugdeck.catalogue.report_json import report_from_json, report_to_json

Build = Callable[..., Path]
SOURCE = """
#include "plugdeck.h"
PD_PLUGIN("full", "1.2.3", "Zoë", "MIT", "Everything a manifest can hold.")
PD_IMAGE_TRANSFORM(7, "neighbourhood:radius")
PD_INTEGER(radius, "Radius", 0, 10, 3, "px")
PD_REAL(amount, "Amount", 0, 1.5, 0.25, "")
PD_CHOICE(mode, "Mode", "Low|High", 1)
PD_SWITCH(flip, "Flip", 0)
int Transform(const pd_image *in, pd_image *out) { (void)in; (void)out; return 0; }
"""


def there_and_back(report: Report) -> Report:
    data = json.loads(json.dumps(report_to_json(report)).encode("ascii"))
    return report_from_json(data, report.path, report.facts.identity if report.facts else None)


def test_report_on_a_plugin_comes_back_equal(build_plugin: Build):
    report = examine(build_plugin(SOURCE), symbols=False)
    assert report.manifest
    assert len(report.manifest.parameters) == 4
    back = there_and_back(report)
    assert back == report
    assert back.manifest
    assert back.manifest.types == report.manifest.types


def test_symbols_stay_behind(build_plugin: Build):
    path = build_plugin(SOURCE)
    assert there_and_back(examine(path)) == examine(path, symbols=False)


def test_undecodable_names_survive(build_plugin: Build, tmp_path: Path):
    path = tmp_path / os.fsdecode(b"a\n\xe2\x80\x8f\xff.so")
    path.write_bytes(build_plugin(SOURCE).read_bytes().replace(b"full", b"fu\xffl"))
    report = examine(path, symbols=False)
    assert there_and_back(report) == report


def test_report_without_facts_comes_back_equal(tmp_path: Path):
    report = examine(tmp_path / "absent.so")
    assert there_and_back(report) == report


def test_every_system_library_comes_back_equal():
    paths = [path for path in sorted(Path("/usr/lib").glob("*/*.so*"))[:80] if path.is_file()]
    for path in paths:
        report = examine(path, symbols=False)
        assert there_and_back(report) == report


def test_equal_findings_are_the_same_objects(build_plugin: Build):
    reports = [there_and_back(examine(build_plugin("int a;", name=name), symbols=False)) for name in ("a.so", "b.so")]
    assert reports[0].findings[0] is reports[1].findings[0]


@pytest.mark.parametrize("change", [{0: "odd"}, {1: "[[]]"}, {1: "["}, {2: [1]}, {3: {}}])
def test_other_values_are_refused(build_plugin: Build, change: dict[int, object]):
    report = examine(build_plugin(SOURCE), symbols=False)
    data = [change.get(place, value) for place, value in enumerate(report_to_json(report))]
    assert report.facts
    with pytest.raises((KeyError, TypeError, ValueError)):
        report_from_json(data, report.path, report.facts.identity)
