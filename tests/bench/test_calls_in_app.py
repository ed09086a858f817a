"""What a call through the library costs, against cffi's own bare call in the same run."""

import shutil
import statistics
import time

import cffi
import pytest

import plugdeck

SOURCE = """
#include "plugdeck.h"
PD_PLUGIN("small", "1.0.0", "test", "MIT", "Adds.")
PD_FUNCTION(int, Add, (int, int))
int Add(int left, int right) { return left + right; }
"""
LIMIT = 1.3
ROUNDS = 41
CALLS = 20_000


@pytest.fixture
def file(build_plugin, tmp_path):
    return shutil.copyfile(build_plugin(SOURCE), tmp_path / "small.so")


def nanoseconds(function):
    start = time.perf_counter_ns()
    for _ in range(CALLS):
        function(2, 3)
    return (time.perf_counter_ns() - start) / CALLS


def test_a_small_call_in_app_costs_hardly_more_than_a_raw_cffi_call(file, benchmark, capsys):
    raw_ffi = cffi.FFI()
    raw_ffi.cdef("int Add(int, int);")
    library = raw_ffi.dlopen(str(file))
    raw = library.Add
    ours = plugdeck.open(file).lookup("Add").expect("int(int, int)")
    plain = plugdeck.open(file).lookup("Add").call
    assert raw(2, 3) == ours(2, 3) == plain(2, 3) == 5

    pairs = [(nanoseconds(raw), nanoseconds(ours)) for _ in range(ROUNDS)]  # turn by turn, so that both see one machine
    ratio = statistics.median(own / bare for bare, own in pairs)
    bare, own = (statistics.median(column) for column in zip(*pairs, strict=True))
    benchmark.extra_info["ratio"] = ratio
    benchmark(ours, 2, 3)
    with capsys.disabled():
        print(
            f"\na small call: raw cffi {bare:.0f} ns, in-app {own:.0f} ns, ratio {ratio:.2f} (at most {LIMIT});"
            f" by plain values {nanoseconds(plain):.0f} ns"
        )
    assert ratio <= LIMIT


def test_opening_again_and_looking_up_cost_microseconds(file, benchmark, capsys):
    plugin = plugdeck.open(file)

    def open_and_assert():
        return plugdeck.open(file).lookup("Add").expect("int(int, int)")

    benchmark(open_and_assert)
    with capsys.disabled():
        print(f"\nopen, lookup and expect of a loaded plugin: {benchmark.stats.stats.median * 1e6:.1f} µs")
    assert plugdeck.open(file) is plugin
