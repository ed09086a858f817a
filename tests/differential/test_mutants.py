"""Byte-mutants of good files: reading and judging survive them all, and no killer of a host is said to load.

Two thousand run always. ``PLUGDECK_MUTANTS=100000`` runs that many, of samples and of small libraries of this
computer too, and writes what it found to the terminal; with ``PLUGDECK_MUTANTS_OUT`` every disagreement goes to
that JSON file. ``-o faulthandler_timeout=0`` keeps pytest from writing stacks meanwhile.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from plugdeck.compat.ld_cache import read_loader_cache

from .mutant_sources import SOURCE, VARIANTS, VERSIONS

HERE = Path(__file__).resolve().parent
ALWAYS = 2_000
ASKED = int(os.environ.get("PLUGDECK_MUTANTS", "0"))
PROCESSES = 2
LARGEST_BYTES = 300_000
SYSTEM_LIBRARIES = ("libz.so.1", "libffi.so.8", "libexpat.so.1", "liblzma.so.5", "libbz2.so.1.0", "libuuid.so.1")

# What no reader can tell from a file, by the sections whose bytes kill: instructions; addresses that lead to another
# place of the same kind; data that a constructor works with; relocations that were meant for another symbol or place.
HONEST_LIMITS = {
    "instructions": {".text", ".init", ".fini", ".plt", ".plt.got", ".plt.sec"},
    "addresses within their segment": {".dynsym", ".init_array", ".fini_array", ".dynamic 0xc"},
    "relocations of another symbol, kind or place": {".rela.dyn", ".rela.plt", ".relr.dyn"},
    "data that constructors use": {".data", ".data.rel.ro", ".got", ".got.plt", ".rodata", ".tdata"},
}

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64" or platform.libc_ver()[0] != "glibc", reason="the mutants are of x86-64 and glibc"
)


@pytest.fixture(scope="session")
def originals(build_plugin: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Small files with versions, both hash tables, thread-local variables, an indirect function, constructors."""
    script = tmp_path_factory.mktemp("mutants") / "versions.map"
    script.write_text(VERSIONS)
    common = ("-fvisibility=default", f"-Wl,--version-script={script}")
    return [build_plugin(SOURCE, name=f"{name}.so", flags=(*common, *flags)) for name, flags in VARIANTS.items()]


@pytest.fixture(scope="session")
def host(build_plugin: Callable[..., Path]) -> Path:
    return build_plugin(HERE / "mutant_host.c", name="mutant-host", flags=("-ldl",), shared=False)


def judge(host: Path, files: list[Path], count: int) -> dict:
    """The tallies of all processes, added up; of the figures, the largest."""
    with ThreadPoolExecutor(PROCESSES) as pool:
        tallies = list(pool.map(lambda part: judge_part(host, files, count, part), range(PROCESSES)))
    total = tallies[0]
    for tally in tallies[1:]:
        for key, value in tally.items():
            if key == "answers":
                total[key] = dict(Counter(total[key]) + Counter(value))
            else:
                total[key] = max(total[key], value) if isinstance(value, float) else total[key] + value
    return total


def judge_part(host: Path, files: list[Path], count: int, part: int) -> dict:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        arguments = [*map(os.fspath, (HERE / "mutants.py", host, folder, *files)), "--numbers"]
        numbers = map(str, (part, count, PROCESSES))
        done = subprocess.run([sys.executable, *arguments, *numbers], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def killers_by_limit(said_to_load: list[dict]) -> Counter[str]:
    """The accepted mutants whose host dies, by what no reader can tell; ``unexplained`` where one could."""
    found: Counter[str] = Counter()
    for mutant in said_to_load:
        if mutant["loader"].startswith("died"):
            limits = [name for name, sections in HONEST_LIMITS.items() if sections.intersection(mutant["sections"])]
            is_whole = {section for name in limits for section in HONEST_LIMITS[name]}.issuperset(mutant["sections"])
            # Changed instructions may kill or not, by chance, so that reducing a mutant leaves more than them.
            found[" + ".join(limits) if is_whole or "instructions" in limits else "unexplained"] += 1
    return found


def assert_survived(tally: dict, count: int, *, most_unexplained: int, least_ratio: int) -> None:
    """The killers among the mutants are told, but for those that nobody could tell.

    Args:
        tally: What became of them.
        count: How many there were to be.
        most_unexplained: Killers that are said to load although a reader could have told.
        least_ratio: Killers that are refused for each that is said to load.
    """
    assert tally["mutants"] == count
    assert not tally["failures"]
    assert tally["memory_mib"] < 64
    unexplained = [mutant for mutant in tally["said_to_load"] if killers_by_limit([mutant])["unexplained"]]
    assert len(unexplained) <= most_unexplained, unexplained
    answers = tally["answers"]
    assert answers["refused / died"] > least_ratio * answers.get("loads / died", 0)


def test_no_mutant_that_kills_its_host_is_said_to_load(host: Path, originals: list[Path]):
    """With room for what another compiler or linker puts where the mutants strike."""
    tally = judge(host, originals, ALWAYS)
    assert_survived(tally, ALWAYS, most_unexplained=ALWAYS // 500, least_ratio=5)


@pytest.mark.skipif(not ASKED, reason="PLUGDECK_MUTANTS says how many mutants a full run has")
@pytest.mark.timeout(4 * 3600)
def test_no_mutant_of_real_plugins_that_kills_its_host_is_said_to_load(
    host: Path, originals: list[Path], samples: Path, capsys: pytest.CaptureFixture[str]
):
    files = [*originals, *(path for path in sorted(samples.glob("*.so")) if path.stat().st_size < LARGEST_BYTES)]
    files += [path for path in map(system_library, SYSTEM_LIBRARIES) if path and path.stat().st_size < LARGEST_BYTES]
    tally = judge(host, files, ASKED)
    if out := os.environ.get("PLUGDECK_MUTANTS_OUT"):
        Path(out).write_text(json.dumps(tally, indent=1))
    with capsys.disabled():
        print(f"\n{len(files)} files, {tally['mutants']:,} mutants, verdict / loader: {tally['answers']}")
        print(f"killers said to load: {dict(killers_by_limit(tally['said_to_load']))}")
        print(f"slowest {tally['slowest_cpu_s'] * 1000:.0f} ms of CPU, at most {tally['memory_mib']:.1f} MiB for one")
    assert_survived(tally, ASKED, most_unexplained=0, least_ratio=20)
    assert tally["slowest_cpu_s"] < 1  # here alone, where somebody watches: it is a matter of the machine too


def system_library(name: str) -> Path | None:
    """Where this computer's loader has a library, if it has it."""
    found = next((entry.path for entry in read_loader_cache() if entry.name == name), None)
    return Path(found).resolve() if found else None
