"""A scan of the system's libraries, against ``nm -D --defined-only`` on the same files; and what it takes in memory.

Both are given the same list: finding the files is part of neither. Facts alone are what files say of themselves; a full
verdict resolves every symbol of every file and of all that it needs. Without a cache means a new cache folder, which
the scan also fills.
"""

import gc
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest

from plugdeck.binary import read
from plugdeck.catalogue.folder_scan import scan_folders
from plugdeck.catalogue.listing import Listing
from plugdeck.catalogue.report import Status
from plugdeck.catalogue.scan import Scan
from plugdeck.dialects.recognise import recognise
from plugdeck.errors import BinaryFormatError
from plugdeck.paths import cache_folder

FOLDERS = ["/usr/lib", "/usr/lib64", "/usr/local/lib"]
LIMIT_FACTS = 0.5
LIMIT_FULL = 2.0
LIMIT_CACHED = 0.1
ROUNDS = 5
MANY_FILES = 10_000
LIMIT_MEMORY_BYTES = 300e6


def system_libraries():
    folders = [folder for folder in FOLDERS if os.path.isdir(folder) and not os.path.islink(folder)]
    return Listing(folders, recursive=True)


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


def read_facts(paths):
    for path in paths:
        with suppress(BinaryFormatError):
            recognise(read(Path(path), symbols=False))


def scan(listing):
    reports = list(scan_folders(listing))
    assert len(reports) == len(listing)


def scan_cold(listing):
    shutil.rmtree(cache_folder(), ignore_errors=True)
    scan(listing)


def run_process(folders):
    """As the window has it done, without a cache: by two processes, where there are as many processors."""
    shutil.rmtree(cache_folder(), ignore_errors=True)
    finished = Event()
    Scan(
        folders, lambda reports: None, lambda done, total: None, lambda summary: finished.set(), recursive=True
    ).start()
    assert finished.wait(60)


def test_scan_against_nm(benchmark, capsys):
    if not shutil.which("nm"):
        pytest.skip("the peer of this benchmark: nm, of binutils")
    listing = system_libraries()
    paths = list(listing.paths())
    works = {
        "nm": lambda: run_nm(paths),
        "facts": lambda: read_facts(paths),
        "full": lambda: scan_cold(listing),
        "cached": lambda: scan(listing),
        "process": lambda: run_process([folder for folder in FOLDERS if not os.path.islink(folder)]),
    }
    # In turns, so that whatever else the machine does meets all of them.
    rounds = [{name: seconds(work) for name, work in works.items()} for _ in range(ROUNDS)]
    nm, facts, full, cached, process = (min(times[name] for times in rounds) for name in works)
    benchmark.pedantic(scan, args=(listing,), rounds=3)
    with capsys.disabled():
        print(f"\n{len(paths)} files: nm {nm:.3f} s")
        print(f"facts alone, without a cache   {facts:.3f} s, ratio {facts / nm:.2f} (at most {LIMIT_FACTS})")
        print(f"full verdicts, without a cache {full:.3f} s, ratio {full / nm:.2f} (at most {LIMIT_FULL})")
        print(f"full verdicts, with the cache  {cached:.3f} s, ratio {cached / nm:.3f} (at most {LIMIT_CACHED})")
        print(f"in the scanner's processes, with sending {process:.3f} s, ratio {process / nm:.2f}")
    assert facts / nm <= LIMIT_FACTS
    assert full / nm <= LIMIT_FULL
    assert cached / nm <= LIMIT_CACHED


CONSUMER = """
import json, resource, sys, threading
from pathlib import Path
from plugdeck.catalogue.scan import Scan
reports, finished = [], threading.Event()
Scan([Path(sys.argv[1])], reports.extend, lambda *progress: None, lambda summary: finished.set()).start()
finished.wait()
own, scanner = (resource.getrusage(who).ru_maxrss * 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(json.dumps([len(reports), own, scanner]))
"""


def fill(folder, plugin):
    """Links to the system's libraries, and copies of a plugin, which are files of their own, up to ``MANY_FILES``."""
    libraries = list(system_libraries().paths())[: MANY_FILES // 2]
    for number, path in enumerate(libraries):
        (folder / f"{number}.so").symlink_to(path)
    for number in range(len(libraries), MANY_FILES):
        shutil.copy(plugin, folder / f"{number}.so")


@pytest.mark.parametrize("times", [1, 2])
def test_memory_for_ten_thousand_files(benchmark, capsys, tmp_path, build_plugin, times):
    """Of the scanner's process, and of one that keeps all reports: in the first scan, and in one from the cache."""
    fill(tmp_path, build_plugin("int Call(void) { return 1; }"))
    command = [sys.executable, "-c", CONSUMER, os.fspath(tmp_path)]
    for _ in range(times - 1):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    done = benchmark.pedantic(lambda: subprocess.run(command, check=True, stdout=subprocess.PIPE), rounds=1)
    count, own, scanner = json.loads(done.stdout)
    with capsys.disabled():
        print(f"\n{count} files, scan {times}: scanner {scanner / 1e6:.0f} MB, its reader {own / 1e6:.0f} MB")
    assert count == MANY_FILES
    assert max(own, scanner) < LIMIT_MEMORY_BYTES


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
