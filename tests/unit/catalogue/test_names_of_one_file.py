"""A file with several names is judged under each as if it were the only one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.scan import scan_now

Build = Callable[..., Path]
INNER = '__attribute__((visibility("default"))) int inner(void) { return 1; }\n'


def assert_each_as_alone(folder: Path) -> tuple[bool, ...]:
    """Whether each file below loads, in the order of their paths, in a scan as in a check of its own."""
    reports = [*scan_now([folder], recursive=True)]
    assert len(reports) > 1
    assert reports == [examine(report.path, symbols=False) for report in reports]
    assert reports == [*scan_now([folder], recursive=True)]  # and as they were kept
    return tuple(report.loads for report in reports)


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_library_that_fits_does_so_under_all_names(
    tmp_path: Path, build_plugin: Build, link: Callable[[Path, Path], None]
):
    library = build_plugin('#include <stdio.h>\nint Call(void) { return puts(""); }\n', name="one.so")
    folder = tmp_path / "names"
    folder.mkdir()
    link(library, folder / "one.so")
    link(library, folder / "two.so")
    link(library, folder / "$LIB.so")
    assert assert_each_as_alone(folder) == (False, True, True)  # words in a path are the loader's


def test_library_that_is_looked_for_beside_the_plugin_is_not_beside_all_its_names(tmp_path: Path, build_plugin: Build):
    needed = build_plugin(INNER, name="libinner.so", flags=["-Wl,-soname,libinner.so"])
    plugin = build_plugin(
        "int inner(void);\nint Call(void) { return inner(); }\n",
        name="outer.so",
        flags=[os.fspath(needed), "-Wl,-rpath,$ORIGIN", "-Wl,--no-as-needed"],
    )
    for name in ("a", "b", "c"):
        folder = tmp_path / "places" / name
        folder.mkdir(parents=True)
        os.link(plugin, folder / "outer.so")
    os.link(needed, tmp_path / "places" / "b" / needed.name)
    loads = assert_each_as_alone(tmp_path / "places")
    assert loads == (False, True, True, False)
