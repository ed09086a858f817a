"""Mutants of good plugins: one to eight bytes changed, mostly where a loader follows them without looking.

Run as a program it judges a range of mutants and lets a host open them, each in a forked child; one JSON document
goes to standard output. Mutants are the same for the same files and numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import struct
import subprocess
import sys
import time
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from elftools.elf.elffile import ELFFile

from plugdeck import examine
from plugdeck.compat.host import Host

Change = tuple[int, int]
"""An offset, and the byte that comes there."""

_WEIGHTS = {
    "ELF header": 3, "program headers": 5, "dynamic table": 6, "hash table": 4, "versions": 4, "relocations": 6,
    "symbols": 5, "strings": 1, "notes": 1, "pointers": 2, "code": 1, "other": 1,
}  # fmt: skip
_GROUPS = {
    ".dynamic": "dynamic table", ".gnu.hash": "hash table", ".hash": "hash table", ".gnu.version": "versions",
    ".gnu.version_r": "versions", ".gnu.version_d": "versions", ".rela.dyn": "relocations",
    ".rela.plt": "relocations", ".relr.dyn": "relocations", ".dynsym": "symbols", ".dynstr": "strings",
    ".init_array": "pointers", ".fini_array": "pointers", ".data.rel.ro": "pointers", ".got": "pointers",
    ".got.plt": "pointers", ".text": "code", ".init": "code", ".fini": "code", ".plt": "code", ".plt.got": "code",
}  # fmt: skip
_SHARP = (0, 1, 0x7F, 0x80, 0xFF)


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a file by its section's name."""

    start: int
    end: int
    name: str
    group: str


@dataclass
class Original:
    """A file that loads, and where its parts are."""

    path: Path

    @cached_property
    def data(self) -> bytes:
        return self.path.read_bytes()

    @cached_property
    def regions(self) -> list[Region]:
        with self.path.open("rb") as file:
            elf = ELFFile(file)
            count, start = elf.header.e_phnum, elf.header.e_phoff
            regions = [Region(0, 64, "ELF header", "ELF header")]
            regions.append(Region(start, start + 56 * count, "program headers", "program headers"))
            for section in elf.iter_sections():
                if section["sh_type"] != "SHT_NOBITS" and section["sh_size"] and section["sh_offset"]:
                    group = "notes" if section["sh_type"] == "SHT_NOTE" else _GROUPS.get(section.name, "other")
                    end = section["sh_offset"] + section["sh_size"]
                    regions.append(Region(section["sh_offset"], end, section.name, group))
        return sorted(regions, key=lambda region: region.start)

    @cached_property
    def groups(self) -> dict[str, list[Region]]:
        groups: dict[str, list[Region]] = {}
        for region in self.regions:
            groups.setdefault(region.group, []).append(region)
        return groups

    def place(self, offset: int) -> str:
        """The section that an offset is in, of the dynamic table with the tag of the entry."""
        region = self.regions[bisect_right(self.regions, offset, key=lambda region: region.start) - 1]
        if offset >= region.end:
            return "between sections"
        if region.name != ".dynamic":
            return region.name
        [tag] = struct.unpack_from("<Q", self.data, offset - (offset - region.start) % 16)
        return f".dynamic {tag:#x}"

    def mutate(self, number: int) -> tuple[Change, ...]:
        """The changes of one mutant, each to another byte than is there."""
        dice = random.Random(f"{self.path.name} {number}")
        names = list(self.groups)
        weights = [_WEIGHTS[name] for name in names]
        [home] = dice.choices(names, weights)
        changes: dict[int, int] = {}
        for _ in range(dice.randint(1, 8)):
            name = home if dice.random() < 0.8 else dice.choices(names, weights)[0]
            region = dice.choice(self.groups[name])
            offset = dice.randrange(region.start, region.end)
            changes[offset] = self._another(offset, region, dice)
        return tuple((offset, byte) for offset, byte in sorted(changes.items()) if byte != self.data[offset])

    def _another(self, offset: int, region: Region, dice: random.Random) -> int:
        old = self.data[offset]
        return dice.choice((
            dice.randrange(256), old ^ 1 << dice.randrange(8), dice.choice(_SHARP), (old + 1) % 256, (old - 1) % 256,
            self.data[dice.randrange(region.start, region.end)],
        ))  # fmt: skip

    def changed(self, changes: tuple[Change, ...]) -> bytes:
        """The file with these changes."""
        data = bytearray(self.data)
        for offset, byte in changes:
            data[offset] = byte
        return bytes(data)


class LoaderServer:
    """The host of ``mutant_host.c``."""

    def __init__(self, executable: Path) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [executable.resolve()], stdin=pipe, stdout=pipe, text=True, errors="replace", bufsize=1
        )

    def ask(self, path: Path) -> str:
        """``loads``, ``refused …`` or ``died …``."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().rstrip("\n")
        assert answer, "the host of the mutants is gone"
        return answer

    def close(self) -> None:
        self._process.communicate(timeout=30)


@dataclass
class Tally:
    """What became of the mutants."""

    mutants: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    """``verdict / loader``, as in ``refused / died``."""
    said_to_load: list[dict[str, object]] = field(default_factory=list)
    """Mutants that the verdict accepts and the loader does not."""
    refused_in_vain: list[dict[str, object]] = field(default_factory=list)
    """The other way round."""
    failures: list[str] = field(default_factory=list)
    slowest_cpu_s: float = 0.0
    memory_mib: float = 0.0
    """The most that reading and judging one mutant took."""


class Trial:
    """Holds mutants against both: the verdict and the loader."""

    def __init__(self, host: Path, folder: Path) -> None:
        self._host = Host.from_executable(host)
        self._server = LoaderServer(host)
        self._folder = folder
        self._files = 0
        self.tally = Tally()

    def run(self, original: Original, number: int) -> None:
        """One mutant; where the two disagree, with the fewest changes for which they still do."""
        changes = original.mutate(number)
        verdict, why, loader = self.ask(original, changes)
        tally = self.tally
        tally.mutants += 1
        tally.answers[f"{verdict} / {loader.split()[0]}"] += 1
        if (verdict == "loads") == (loader == "loads"):
            return
        kept = self._reduce(original, changes, (verdict, loader.split()[0]))
        _, why, loader = self.ask(original, kept)
        places = [f"{original.place(at)}+{at:#x}: {original.data[at]:02x} → {byte:02x}" for at, byte in kept]
        sections = sorted({original.place(at) for at, _ in kept})
        found = {"file": str(original.path), "number": number, "loader": loader, "verdict": why}
        found |= {"changes": places, "sections": sections, "bytes": kept}
        (tally.said_to_load if verdict == "loads" else tally.refused_in_vain).append(found)

    def ask(self, original: Original, changes: tuple[Change, ...]) -> tuple[str, str, str]:
        """``loads`` or ``refused`` by the verdict, its reason, and what the loader does."""
        self._files += 1
        path = self._folder / f"{self._files}.so"  # never a name twice: what is known of a file stays true
        path.write_bytes(original.changed(changes))
        memory, start = start_peak_mib(), time.process_time()
        try:
            report = examine(path, self._host)
            verdict = "loads" if report.loads else "refused"
            why = "; ".join(finding.message for finding in report.findings if finding.stops_load)
        except Exception as error:
            verdict, why = "failed", repr(error)
            self.tally.failures.append(f"{original.path} {changes}: {error!r}")
        self.tally.slowest_cpu_s = max(self.tally.slowest_cpu_s, time.process_time() - start)
        self.tally.memory_mib = max(self.tally.memory_mib, status_mib("VmHWM") - memory)
        loader = self._server.ask(path)
        path.unlink()
        return verdict, why, loader

    def _reduce(self, original: Original, changes: tuple[Change, ...], answers: tuple[str, str]) -> tuple[Change, ...]:
        kept = changes
        for change in changes:
            fewer = tuple(each for each in kept if each != change)
            verdict, _, loader = self.ask(original, fewer) if fewer else ("", "", "-")
            if (verdict, loader.split()[0]) == answers:
                kept = fewer
        return kept

    def close(self) -> None:
        self._server.close()


def start_peak_mib() -> float:
    """Lets the kernel measure the peak from here (``proc(5)``, ``clear_refs``), and tells what is in use."""
    Path("/proc/self/clear_refs").write_text("5")
    return status_mib("VmRSS")


def status_mib(field: str) -> float:
    """A figure of this process's memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:"))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("host", type=Path)
    parser.add_argument("folder", type=Path, help="for the mutants, which come and go")
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--numbers", type=int, nargs=3, metavar=("FROM", "TO", "STEP"), required=True)
    asked = parser.parse_args()
    trial = Trial(asked.host, asked.folder)
    originals = [Original(path) for path in asked.files]
    for original in originals:
        assert trial.ask(original, ())[::2] == ("loads", "loads"), original.path
    trial.tally = Tally()  # without what a host reads once
    for number in range(*asked.numbers):
        trial.run(originals[number % len(originals)], number)
    trial.close()
    json.dump(vars(trial.tally), sys.stdout)


if __name__ == "__main__":
    os.environ.pop("LD_PRELOAD", None)
    main()
