"""Reports travel as JSON and come back equal."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from plugdeck.catalogue.examine import examine
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


@pytest.mark.parametrize("symbols", [True, False])
def test_report_on_a_plugin_comes_back_equal(build_plugin: Build, symbols: bool):
    report = examine(build_plugin(SOURCE), symbols=symbols)
    assert report.manifest
    assert len(report.manifest.parameters) == 4
    back = report_from_json(json.loads(json.dumps(report_to_json(report))))
    assert back == report
    assert back.manifest
    assert back.manifest.types == report.manifest.types


def test_undecodable_names_survive(build_plugin: Build, tmp_path: Path):
    path = tmp_path / os.fsdecode(b"a\n\xe2\x80\x8f\xff.so")
    path.write_bytes(build_plugin(SOURCE).read_bytes())
    report = examine(path)
    back = report_from_json(json.loads(json.dumps(report_to_json(report)).encode("ascii")))
    assert back == report
    assert os.fsencode(back.path) == os.fsencode(path)


def test_report_without_facts_comes_back_equal(tmp_path: Path):
    report = examine(tmp_path / "absent.so")
    assert report_from_json(json.loads(json.dumps(report_to_json(report)))) == report


def test_every_system_library_comes_back_equal():
    paths = [path for path in sorted(Path("/usr/lib").glob("*/*.so*"))[:80] if path.is_file()]
    for path in paths:
        report = examine(path, symbols=False)
        assert report_from_json(json.loads(json.dumps(report_to_json(report)))) == report


@pytest.mark.parametrize("change", [{"status": "odd"}, {"facts": [1]}, {"findings": [[]]}, {"path": None}])
def test_other_values_are_refused(build_plugin: Build, change: dict[str, object]):
    data = report_to_json(examine(build_plugin(SOURCE)))
    with pytest.raises((KeyError, TypeError, ValueError)):
        report_from_json({**data, **change})


def test_facts_are_not_shared_with_another_path(build_plugin: Build):
    report = examine(build_plugin(SOURCE))
    data = report_to_json(replace(report, path=Path("/other")))
    assert report_from_json(data).path == Path("/other")
