"""`plugdeck run` where something is in its way: the output, the plugins, the user, the machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from plugdeck.hosting.sandbox.confinement import Tier
from plugdeck.hosting.sandbox.offer import offer


def plugdeck(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "plugdeck", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "in.png"
    Image.new("RGBA", (64, 48), (10, 20, 30, 255)).save(path)
    return path


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("out.xyz", "known format"),
        ("out", "known format"),
        ("missing/out.png", "no folder"),
        ("folder.png", "it is a folder"),
        ("b\udcff.png", "no UTF-8"),
    ],
)
def test_an_output_that_cannot_be_written_is_said_before_any_work(output, words, picture, native):
    (picture.parent / "folder.png").mkdir()

    done = plugdeck("run", picture, "-o", picture.parent / output, "-p", native("segfault-in-call"))

    assert done.returncode == 1
    assert words in done.stderr
    assert "SIGSEGV" not in done.stderr


def test_the_output_may_be_the_input(picture, samples):
    assert plugdeck("run", picture, "-o", picture, "-p", samples / "invert.so").returncode == 0
    assert Image.open(picture).getpixel((0, 0)) == (245, 235, 225, 255)


@pytest.mark.parametrize("mode", ["individually", "together", "in-app"])
def test_one_plugin_given_twice_runs_twice_each_at_its_own_priority(mode, picture, samples):
    done = plugdeck(
        "run", picture, "-o", picture.parent / "out.png", "--json", "--mode", mode,
        "-p", f"{samples / 'invert.so'}@9", "-p", f"{samples / 'sepia.so'}@5", "-p", f"{samples / 'invert.so'}@1",
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert [step["name"] for step in json.loads(done.stdout)["steps"]] == ["invert", "sepia", "invert"]


SIGNALLER = """
#include <signal.h>
#include <string.h>
#include "plugdeck.h"
PD_PLUGIN("signaller", "1.0.0", "", "MIT", "Copies, and tries what it may not.")
PD_IMAGE_TRANSFORM(5, "pointwise")
int Transform(const pd_image *in, pd_image *out) {
  kill(1, 0);
  for (int y = 0; y < in->height; y++)
    memcpy(out->data + y * out->stride, in->data + y * in->stride, in->width * 4);
  return 0;
}
"""


@pytest.mark.skipif(offer().tier is Tier.LIMITED, reason="plugins are not confined on this system")
@pytest.mark.parametrize("mode", ["individually", "together"])
def test_what_a_plugin_was_denied_is_told_to_scripts(mode, picture, samples, build_plugin):
    signaller = build_plugin(SIGNALLER, name="signaller.so")

    done = plugdeck(
        "run", picture, "-o", picture.parent / "out.png", "--json", "--trust", "--mode", mode, "-p", signaller
    )

    (denied,) = json.loads(done.stdout)["denied"]
    assert denied["plugins"] == ["signaller"]
    assert "signal another process" in denied["message"]
    clean = plugdeck("run", picture, "-o", picture.parent / "out.png", "--json", "-p", samples / "invert.so")
    assert json.loads(clean.stdout)["denied"] == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("segfault-in-call", "SIGSEGV"),
        ("abort-in-constructor", "SIGABRT"),
        ("exit-in-call", "exit code 0"),
        ("quick-exit-in-constructor", "exit code 3"),
        ("fail-in-call", "the moon is in the wrong place"),
    ],
)
@pytest.mark.parametrize("mode", ["individually", "together", "in-app"])
def test_a_plugin_that_fails_ends_the_command_with_the_reason_in_every_mode(mode, name, words, picture, native):
    output = picture.parent / "out.png"

    done = plugdeck("run", "--trust", picture, "-o", output, "--mode", mode, "-p", native(name))

    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not output.exists()


@pytest.fixture
def ctrl_c():
    """Ctrl+C reaches what the test starts, also where a shell runs the tests in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("mode", ["individually", "in-app"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_interrupting_a_plugin_that_hangs_leaves_no_process_behind(
    mode, number, code, picture, native, until, children, has_ended, ctrl_c
):
    output = picture.parent / "out.png"
    command = ["run", "--trust", picture, "-o", output, "--mode", mode, "-p", native("sleep-in-constructor")]
    with subprocess.Popen([sys.executable, "-m", "plugdeck", *map(str, command)], stderr=subprocess.PIPE) as process:
        try:
            until(lambda: any(is_loading(pid) for pid in children(process.pid)))
            workers = children(process.pid)
            process.send_signal(number)
            _, complaint = process.communicate(timeout=60)
        finally:
            process.kill()

    assert process.returncode == code
    assert b"Traceback" not in complaint
    until(lambda: all(has_ended(pid) for pid in workers))
    assert os.listdir(picture.parent) == ["in.png"]


def is_loading(pid: int) -> bool:
    """Whether the plugin that hangs is in its constructor: then its file is mapped."""
    try:
        return "sleep-in-constructor" in Path(f"/proc/{pid}/maps").read_text("utf-8")
    except OSError:
        return False


def test_a_plugin_that_is_no_transform_is_refused(picture, samples):
    done = plugdeck("run", picture, "-o", picture.parent / "out.png", "-p", samples / "greeter-en.so")

    assert done.returncode == 1
    assert "is not an image transform" in done.stderr


@pytest.mark.parametrize("value", ["radius=abc", "radius=nan", "radius=", "radius=-1"])
def test_a_value_that_does_not_fit_is_refused_with_the_range(value, picture, samples):
    done = plugdeck("run", picture, "-o", picture.parent / "o.png", "-p", samples / "gaussian-blur.so", "--set", value)

    assert done.returncode == 1
    assert "0 to 100" in done.stderr
