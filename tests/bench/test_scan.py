"""A scan of the system's libraries with a verdict on each, against ``nm -D --defined-only`` on the same files.

Both are given the same list: finding the files is part of neither. Without a cache means a new cache folder, which the
scan also fills.
"""

import gc
import os
import shutil
import subprocess
import time
from threading import Event

import pytest

from plugdeck.catalogue import facts_cache
from plugdeck.catalogue.folder_scan import scan_folders
from plugdeck.catalogue.listing import Listing
from plugdeck.catalogue.report import Status
from plugdeck.catalogue.scan import Scan

FOLDERS = ["/usr/lib", "/usr/lib64", "/usr/local/lib"]
LIMIT_COLD = 0.5
LIMIT_CACHED = 0.1
ROUNDS = 5


def seconds(work):
    """How long it takes without the garbage collector, as the scanner's process works."""
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start
    finally:
        gc.enable()


def run_nm(paths):
    # As many files at once as the system takes, as xargs would: more starts would only slow the peer down.
    for begin in range(0, len(paths), 5000):
        command = ["nm", "-D", "--defined-only", *paths[begin : begin + 5000]]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def scan(listing):
    reports = list(scan_folders(listing))
    assert len(reports) == len(listing)
    assert all(report.status is not None for report in reports)


def scan_cold(listing):
    shutil.rmtree(facts_cache.cache_folder(), ignore_errors=True)
    scan(listing)


def run_process(folders):
    finished = Event()
    Scan(
        folders, lambda reports: None, lambda done, total: None, lambda summary: finished.set(), recursive=True
    ).start()
    assert finished.wait(60)


def test_scan_against_nm(benchmark, capsys):
    if not shutil.which("nm"):
        pytest.skip("the peer of this benchmark: nm, of binutils")
    folders = [folder for folder in FOLDERS if os.path.isdir(folder) and not os.path.islink(folder)]
    listing = Listing(folders, recursive=True)
    paths = list(listing.paths())
    works = {
        "nm": lambda: run_nm(paths),
        "cold": lambda: scan_cold(listing),
        "cached": lambda: scan(listing),
        "process": lambda: run_process(folders),
    }
    # In turns, so that whatever else the machine does meets all of them.
    rounds = [{name: seconds(work) for name, work in works.items()} for _ in range(ROUNDS)]
    nm, cold, cached, process = (min(times[name] for times in rounds) for name in works)
    looking = min(seconds(lambda: Listing(folders, recursive=True)) for _ in range(ROUNDS))
    benchmark.pedantic(scan, args=(listing,), rounds=3)
    with capsys.disabled():
        print(f"\n{len(paths)} files: nm {nm:.3f} s; finding them in {len(listing.folders)} folders {looking:.3f} s")
        print(f"scan without a cache {cold:.3f} s, ratio {cold / nm:.2f} (at most {LIMIT_COLD})")
        print(f"scan with the cache  {cached:.3f} s, ratio {cached / nm:.3f} (at most {LIMIT_CACHED})")
        print(f"in another process, with finding and sending: {process:.3f} s")
    assert cold / nm <= LIMIT_COLD
    assert cached / nm <= LIMIT_CACHED


def test_scan_of_plugins_is_as_true_as_a_check(benchmark, tmp_path, build_plugin):
    """Two hundred plugins, whose symbols are read too: what the window waits for."""
    source = """
    #include "plugdeck.h"
    PD_PLUGIN("good", "1.0.0", "test", "MIT", "Does nothing.")
    PD_IMAGE_TRANSFORM(100, "pointwise")
    int Transform(const pd_image *in, pd_image *out) { (void)in; (void)out; return 0; }
    """
    plugin = build_plugin(source)
    for number in range(200):
        shutil.copy(plugin, tmp_path / f"{number:03}.so")
    listing = Listing([os.fspath(tmp_path)])
    reports = benchmark.pedantic(lambda: list(scan_folders(listing)), rounds=5, warmup_rounds=1)
    assert {report.status for report in reports} == {Status.COMPATIBLE}
