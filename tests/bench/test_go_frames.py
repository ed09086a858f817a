"""What the runner costs a picture: 1080p through it, against the same function called directly in a Go program."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.image import Image, ImageLayout

LIMIT = 1.15
READY_MS = 100
LAYOUT = ImageLayout.packed(1920, 1080)
FRAMES = 30
BLOCKS = 8
GO = Path(sys.executable).parent / "go"
BUILD = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "GOPROXY": "off", "CGO_ENABLED": "1"}
TRANSFORM = """
package main

import "image"

var Priority = 1

func Transform(picture image.Image) image.Image {
	from := picture.(*image.NRGBA)
	to := image.NewNRGBA(from.Rect)
	%s
	return to
}
"""
# Hardly any work, as an effect with a table has; and some, as a blur or a conversion has.
WORK = {
    "invert": "for i, value := range from.Pix { if i&3 != 3 { value = 255 - value }; to.Pix[i] = value }",
    "five passes": "for n := 0; n < 5; n++ { for i, v := range from.Pix { to.Pix[i] = to.Pix[i]/2 + v/2 } }",
}
DIRECT = """
package main

import (
	"bufio"
	"fmt"
	"image"
	"os"
	"sort"
	"time"
)

func main() {
	picture := image.NewNRGBA(image.Rect(0, 0, 1920, 1080))
	for i := range picture.Pix {
		picture.Pix[i] = byte(i)
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		times := make([]float64, 30)
		for i := range times {
			began := time.Now()
			Transform(picture)
			times[i] = float64(time.Since(began).Nanoseconds()) / 1e6
		}
		sort.Float64s(times)
		fmt.Println(times[15])
	}
}
"""


def build(folder, work):
    for kind, extra, options in (
        ("plugin", "package main\nfunc main() {}\n", ["-buildmode=plugin"]),
        ("direct", DIRECT, []),
    ):
        place = folder / kind
        place.mkdir(parents=True)
        (place / "go.mod").write_text(f"module example.org/{kind}\n\ngo 1.21\n")
        (place / "transform.go").write_text(TRANSFORM % work)
        (place / "main.go").write_text(extra)
        command = [GO, "build", "-trimpath", *options, "-o", "built", "."]
        subprocess.run(command, cwd=place, env={**os.environ, **BUILD}, check=True)
    return folder / "plugin" / "built", folder / "direct" / "built"


def milliseconds(work):
    times = []
    for _ in range(FRAMES):
        began = time.perf_counter_ns()
        work()
        times.append(time.perf_counter_ns() - began)
    return statistics.median(times) / 1e6


@pytest.mark.parametrize("work", WORK)
def test_a_1080p_frame_through_the_runner_costs_hardly_more_than_a_direct_call(work, tmp_path, benchmark, capsys):
    plugin, direct = build(tmp_path, WORK[work])
    with Supervisor() as supervisor, subprocess.Popen([direct], stdin=-1, stdout=-1, text=True) as program:
        hosted = supervisor.host(plugin, examine(plugin).manifest)
        hosted.start()
        ready = []
        for _ in range(10):
            hosted.stop()
            began = time.perf_counter()
            hosted.start()
            ready.append((time.perf_counter() - began) * 1000)

        def bare():
            program.stdin.write("\n")
            program.stdin.flush()
            return float(program.stdout.readline())

        with supervisor.frame(Image(LAYOUT, bytes(range(256)) * (LAYOUT.size_bytes // 256))) as frame:

            def isolated():
                hosted.transform(frame).release()

            pairs = [(bare(), milliseconds(isolated)) for _ in range(BLOCKS)]
            benchmark(isolated)
        program.stdin.close()
    ratio = statistics.median(ours / once for once, ours in pairs)
    direct, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    benchmark.extra_info["ratio"] = ratio
    with capsys.disabled():
        print(f"\n1080p {work}: direct {direct:.2f} ms, through the runner {ours:.2f} ms, ratio {ratio:.2f}")
        print(f"a loaded runner: {statistics.median(ready):.0f} ms (at most {READY_MS} before its plugin is opened)")
