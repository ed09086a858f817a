"""A report for whatever is at a path, and the status that follows."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.report import Status
from plugdeck.dialects.manifest import Dialect

Build = Callable[..., Path]
TRANSFORM = """
#include "plugdeck.h"
PD_PLUGIN("good", "1.0.0", "test", "MIT", "Does nothing.")
PD_IMAGE_TRANSFORM(100, "pointwise")
"""
BODY = "int Transform(const pd_image *in, pd_image *out) { (void)in; (void)out; return 0; }\n"


def test_sound_plugin_is_compatible(build_plugin: Build):
    report = examine(build_plugin(TRANSFORM + BODY))
    assert report.status is Status.COMPATIBLE
    assert report.dialect is Dialect.SDK
    assert report.loads
    assert report.findings == ()
    assert report.facts
    assert report.facts.exports is not None


def test_plugin_without_its_transform_is_incompatible(build_plugin: Build):
    report = examine(build_plugin(TRANSFORM, name="hollow.so"))
    assert report.status is Status.INCOMPATIBLE
    assert report.loads


def test_plugin_with_an_executable_stack_is_a_warning(build_plugin: Build):
    report = examine(build_plugin(TRANSFORM + BODY, name="stack.so", flags=["-Wl,-z,execstack"]))
    assert report.status is Status.WARNING
    assert report.loads


def test_plugin_that_lacks_a_symbol_is_incompatible_and_does_not_load(build_plugin: Build):
    source = TRANSFORM + "int gone(void);\nint Transform(const pd_image *i, pd_image *o) { return !i + !o + gone(); }\n"
    report = examine(build_plugin(source, name="gone.so"))
    assert report.status is Status.INCOMPATIBLE
    assert not report.loads
    assert report.findings[0].id == "loader.symbol-not-found"


def test_plain_library_is_no_plugin_though_it_loads(build_plugin: Build):
    report = examine(build_plugin("int Call(void) { return 1; }\n"))
    assert report.status is Status.NOT_A_PLUGIN
    assert report.loads
    assert [finding.id for finding in report.findings] == ["plugin.no-contract"]


def test_library_that_would_not_load_says_so_first(build_plugin: Build):
    report = examine(build_plugin("int gone(void); int Call(void) { return gone(); }\n"))
    assert report.status is Status.INCOMPATIBLE
    assert not report.loads
    assert [finding.id for finding in report.findings] == ["loader.symbol-not-found", "plugin.no-contract"]


def test_text_is_no_plugin(tmp_path: Path):
    path = tmp_path / "text.so"
    path.write_text("hello\n")
    report = examine(path)
    assert (report.status, report.loads, report.dialect) == (Status.NOT_A_PLUGIN, False, None)


def make_unreadable(path: Path, kind: str) -> None:
    match kind:
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "dangling":
            path.symlink_to("nowhere")
        case "circle":
            path.symlink_to(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(os.path.relpath(path))
        case "cut off":
            path.write_bytes(Path("/proc/self/exe").read_bytes()[:100])
        case "device":
            path.symlink_to("/dev/zero")


@pytest.mark.parametrize("kind", ["absent", "fifo", "folder", "dangling", "circle", "socket", "cut off", "device"])
def test_what_cannot_be_read_is_a_sentence_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "thing.so"
    make_unreadable(path, kind)
    report = examine(path)
    assert report.status is Status.UNREADABLE
    assert not report.loads
    (finding,) = report.findings
    assert finding.id == "file.unreadable"
    assert finding.message.endswith(".")
    assert finding.remedy


def test_file_without_read_permission_is_unreadable(tmp_path: Path):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    path = tmp_path / "closed.so"
    path.write_bytes(b"\x7fELF")
    path.chmod(0)
    assert examine(path).status is Status.UNREADABLE


def test_sparse_file_of_three_gibibytes_is_no_work(tmp_path: Path):
    path = tmp_path / "sparse.so"
    with path.open("wb") as file:
        file.truncate(3 << 30)
    assert examine(path).status is Status.NOT_A_PLUGIN
