"""What it costs to learn where a plugin crashed, against one that takes its handler away and dies at once."""

import statistics
import time

from plugdeck.catalogue.examine import examine
from plugdeck.hosting.outcome import Ending, HostError
from plugdeck.hosting.supervisor import Supervisor

SOURCE = """
#include "plugdeck.h"
#include <signal.h>
PD_PLUGIN("crashing", "1.0.0", "test", "MIT", "Crashes.")
PD_FUNCTION(int, Crash, (int))
static volatile char *volatile nowhere;
int Crash(int silent) { if (silent) signal(SIGSEGV, SIG_DFL); *nowhere = 1; return 0; }
"""
ROUNDS = 11
GOES = 4
# Looking takes a few milliseconds; the end of a worker's namespaces takes as long in either case.
MOST = 3.0


def milliseconds(plugin, silent):
    """From the question until the outcome is known."""
    plugin.start()
    began = time.perf_counter()
    try:
        plugin.call("Crash", silent)
    except HostError as failure:
        assert failure.outcome.ending is Ending.CRASHED
        assert (failure.outcome.crash is None) is bool(silent)
    return (time.perf_counter() - began) * 1e3


def ratio(plugin):
    """Of the medians, turn by turn."""
    pairs = [(milliseconds(plugin, 1), milliseconds(plugin, 0)) for _ in range(ROUNDS)]
    plain, told = (statistics.median(column) for column in zip(*pairs, strict=True))
    return told / plain, plain, told


def test_crash_is_told_with_its_place_soon(build_plugin):
    path = build_plugin(SOURCE, name="crashing.so")
    with Supervisor() as supervisor:
        plugin = supervisor.host(path, examine(path).manifest)
        goes = []
        while not goes or (goes[-1][0] > MOST and len(goes) < GOES):
            goes.append(ratio(plugin))
    best, plain, told = min(goes)
    print(f"outcome of a plain death {plain:.1f} ms, with its place {told:.1f} ms")
    assert best <= MOST
