"""A changed library concerns those that ask for it, and those that ask for these."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from plugdeck.catalogue.affected import affected
from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.report import Report

Build = Callable[..., Path]
VISIBLE = '__attribute__((visibility("default"))) '


@pytest.fixture
def built(build_plugin: Build) -> dict[str, Path]:
    """``top.so`` needs ``libmiddle.so``, which needs ``libbelow.so.1``, a soname; ``other.so`` needs none of them."""
    below = build_plugin(f"{VISIBLE}int a;", name="libbelow.so.1.2", flags=["-Wl,-soname,libbelow.so.1"])
    flags = ["-Wl,--no-as-needed", os.fspath(below), "-Wl,-soname,libmiddle.so"]
    middle = build_plugin(f"{VISIBLE}int b;", name="libmiddle.so", flags=flags)
    flags = ["-Wl,--no-as-needed", os.fspath(middle), f"-Wl,-rpath-link,{below.parent}", "-Wl,--allow-shlib-undefined"]
    top = build_plugin(f"{VISIBLE}int c;", name="top.so", flags=flags)
    other = build_plugin(f"{VISIBLE}int d;", name="other.so")
    return {path.name: path for path in (below, middle, top, other)}


def reports_on(built: dict[str, Path]) -> dict[Path, Report]:
    return {path: examine(path, symbols=False) for path in built.values()}


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ("libbelow.so.1.2", {"libmiddle.so", "top.so"}),
        ("libmiddle.so", {"top.so"}),
        ("top.so", set()),
        ("other.so", set()),
    ],
)
def test_those_that_need_the_changed_file_are_named(built: dict[str, Path], changed: str, names: set[str]):
    assert {path.name for path in affected({built[changed]}, reports_on(built))} == names


def test_library_that_appears_is_known_by_its_name(built: dict[str, Path]):
    found = affected({Path("/elsewhere/libmiddle.so")}, reports_on(built))
    assert {path.name for path in found} == {"top.so"}


def test_files_that_need_each_other_are_no_circle_without_end(build_plugin: Build):
    first = build_plugin("", name="one.so", flags=["-Wl,-soname,one.so"])
    second = build_plugin("", name="two.so", flags=["-Wl,--no-as-needed", os.fspath(first), "-Wl,-soname,two.so"])
    flags = ["-Wl,--no-as-needed", os.fspath(second), "-Wl,-soname,one.so", "-Wl,--allow-shlib-undefined"]
    circular = build_plugin("int a;", name="one.so", flags=[*flags, f"-Wl,-rpath-link,{first.parent}"])
    reports = reports_on({"one.so": circular, "two.so": second})
    assert affected({circular}, reports) == {second}
    assert affected({second}, reports) == {circular}


def test_unreadable_files_need_nothing(tmp_path: Path):
    path = tmp_path / "absent.so"
    assert affected({path}, {path: examine(path)}) == set()
