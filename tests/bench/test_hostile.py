"""A thousand plugins that misbehave, and how soon the end of one is known: with the crash's own time as its begin."""

from __future__ import annotations

import re
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.limits import Limits
from plugdeck.hosting.outcome import HostError
from plugdeck.hosting.sandbox.offer import offer
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.image import Image, ImageLayout

from ..native.behaviours import BEHAVIOURS
from ..native.runs import THROWS, Stage

RUNS, LIMIT_S, AT_ONCE = 1000, 120, 4
CRASHES, LIMIT_MS = 21, 50
PATIENT = Deadlines(hello_s=600, load_s=600, call_s=600)
# Says when, on the clock that is the same in every process, and crashes.
SOURCE = """
#include "plugdeck.h"
#include <stdio.h>
#include <time.h>
PD_PLUGIN("crash", "1.0.0", "test", "MIT", "Crashes, and says when.")
PD_IMAGE_TRANSFORM(1, "pointwise")
int Transform(const pd_image *in, pd_image *out) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  fprintf(stderr, "at %lld ns\\n", now.tv_sec * 1000000000LL + now.tv_nsec);
  return *(volatile int *)8;
}
"""


@pytest.mark.timeout(600)
def test_a_thousand_plugins_misbehave_in_two_minutes(native, number_of, tmp_path, benchmark, capsys):
    numbers = {each.name: number_of(each.name) for each in BEHAVIOURS if each.name not in THROWS}
    numbers |= {name: number for number, name in enumerate(THROWS, 1)}
    tier = offer().tier
    here = [behaviour for behaviour in BEHAVIOURS if tier in behaviour.tiers]
    wanted = (here * (RUNS // len(here) + 1))[:RUNS]
    wrong = []
    with Supervisor(deadlines=PATIENT, limits=Limits(address_space_bytes=768 << 20)) as supervisor:
        stage = Stage(supervisor, native("misbehave"), native("throw"), tmp_path, numbers)

        def run(behaviour):
            plugin = stage.host(behaviour)
            plugin.start()
            words = stage.run(behaviour, plugin).words
            plugin.stop()
            if words != behaviour.expected(tier):
                wrong.append((behaviour.deed, words))

        def run_all():
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(run, wanted))

        benchmark.pedantic(run_all, rounds=1)
    seconds = benchmark.stats.stats.median
    with capsys.disabled():
        print(f"\n{RUNS:,} hostile runs in tier {tier}: {seconds:.0f} s (at most {LIMIT_S}), {len(wrong)} wrong")
    assert wrong == []
    assert seconds <= LIMIT_S


def test_the_end_of_a_crash_is_known_soon(build_plugin, benchmark, capsys):
    path = build_plugin(SOURCE, name="crash.so")
    picture = Image(ImageLayout.packed(640, 480), bytes(640 * 480 * 4))
    with Supervisor(deadlines=PATIENT) as supervisor:
        plugin = supervisor.host(path, examine(path).manifest)
        times = []

        def crash(frame):
            plugin.start()
            with suppress(HostError):
                plugin.transform(frame).release()
            known = time.monotonic_ns()
            crashed = int(re.search(r"at (\d+) ns", plugin.outcome.stderr_tail)[1])
            times.append((known - crashed) / 1e6)

        with supervisor.frame(picture) as frame:
            benchmark.pedantic(crash, args=(frame,), rounds=CRASHES)
    known = statistics.median(times)
    benchmark.extra_info["milliseconds"] = known
    with capsys.disabled():
        print(f"\na crash is known in {known:.1f} ms, at most {max(times):.1f} ms (limit {LIMIT_MS} ms)")
    assert known <= LIMIT_MS
