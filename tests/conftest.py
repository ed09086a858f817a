"""What every test can ask for: plugins compiled for real, and an environment of the test's own."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
SDK = ROOT / "plugins" / "sdk"
COMPILERS = {"c": ("cc", "gcc", "clang"), "c++": ("c++", "g++", "clang++")}
SUFFIXES = {"c": ".c", "c++": ".cpp"}

# For what is sure to come: it costs nothing on a quick machine, and a busy one gets there too. Less than a test may
# take, so that the one that waits in vain says for what.
PATIENCE_S = 90

# Examples may take as long as they do; where CI is set, hypothesis takes the same ones each time.
settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# Before Qt starts, and for child processes too: no test opens a window on somebody's screen.
os.environ["QT_QPA_PLATFORM"] = "offscreen"

# Go's own cache stays where it is: without it, each test that builds Go code would first build Go's library.
USER_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
os.environ.setdefault("GOCACHE", os.fspath(USER_CACHE / "go-build"))


def load_script(path: Path) -> ModuleType:
    """Imports a Python file that belongs to no package, such as ``plugins/build.py``."""
    name = f"_plugdeck_test_{path.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec and spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def skip_or_fail(reason: str) -> None:
    """A missing tool is a reasoned skip on somebody's machine, and a failure in CI."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason} (CI is set: this is a failure)", pytrace=False)
    pytest.skip(reason)


def find_compiler(language: str) -> str:
    """The system's compiler; without one the test is skipped, or fails in CI."""
    for name in COMPILERS[language]:
        if found := shutil.which(name):
            return found
    skip_or_fail(f"no {language} compiler: none of {', '.join(COMPILERS[language])} is on PATH")
    raise AssertionError("unreachable")


class PluginBuilder:
    """Compiles plugins once a session; equal requests give the same file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(
        self,
        source: str | Path,
        *,
        name: str = "plugin.so",
        language: str = "c",
        flags: Sequence[str] = (),
        shared: bool = True,
    ) -> Path:
        flags = ("-shared", *flags) if shared else tuple(flags)
        text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
        origin = os.fspath(source) if isinstance(source, Path) else ""
        key = hashlib.sha256(repr((text, origin, language, tuple(flags), name)).encode()).hexdigest()[:16]
        target = self._folder / key / name
        if not target.exists():
            self._compile(source, text, target, language, flags)
        return target

    def _compile(self, source: str | Path, text: str, target: Path, language: str, flags: Sequence[str]) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        file = source if isinstance(source, Path) else target.parent / f"source{SUFFIXES[language]}"
        if not isinstance(source, Path):
            file.write_text(text, encoding="utf-8")
        options = ["-fPIC", "-fvisibility=hidden", "-O1", f"-I{SDK}"]
        command = [find_compiler(language), *options, os.fspath(file), "-o", os.fspath(target), *flags, "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            pytest.fail(f"{' '.join(command)}\n{done.stderr}", pytrace=False)


def wait_until(condition: Callable[[], object], timeout_s: float = PATIENCE_S) -> None:
    """Returns when ``condition`` is true; fails when it does not become so."""
    limit = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < limit, "waited too long"
        threading.Event().wait(0.005)


@pytest.fixture(scope="session")
def until() -> Callable[..., None]:
    """``until(condition)`` returns when it is true: for what happens on other threads and in other processes."""
    return wait_until


class HandClock:
    """A chain's clock that stands still until a test lets time pass."""

    def __init__(self) -> None:
        self._now = 0.0
        self._waiting: dict[object, tuple[float, Callable[[], None]]] = {}

    def now(self) -> float:
        return self._now

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Callable[[], None]:
        ticket = object()
        self._waiting[ticket] = (self._now + delay_s, callback)
        return lambda: self._waiting.pop(ticket, None) and None

    def advance(self, seconds: float) -> None:
        """Lets time pass, and calls back what was due by then."""
        self._now += seconds
        for ticket, (at, callback) in list(self._waiting.items()):
            if at <= self._now and self._waiting.pop(ticket, None):
                callback()


@pytest.fixture
def clock() -> HandClock:
    """Time for a chain: nothing is started again by itself until ``clock.advance(seconds)``."""
    return HandClock()


@pytest.fixture(scope="session")
def descriptors() -> Callable[..., list[str]]:
    """``descriptors(pid="self")``: what each descriptor of a process leads to, but for those closed meanwhile."""

    def links(pid: object = "self") -> list[str]:
        folder, found = f"/proc/{pid}/fd", []
        for name in os.listdir(folder):
            with suppress(FileNotFoundError):
                found.append(os.readlink(f"{folder}/{name}"))
        return found

    return links


@pytest.fixture(scope="session")
def build_plugin(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """``build_plugin(source, *, name="plugin.so", language="c", flags=()) -> Path`` of a real shared object.

    ``source`` is C text or the path of a file; ``plugdeck.h`` is on the include path. ``shared=False`` leaves
    ``-shared`` out. The file is shared by all tests of the session: copy it before changing it.
    """
    return PluginBuilder(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="session")
def native(build_plugin: Callable[..., Path]) -> Callable[[str], Path]:
    """``native("segfault-in-call") -> Path`` of a plugin that misbehaves; ``tests/native/recipes.py`` names them."""
    recipes = load_script(ROOT / "tests" / "native" / "recipes.py")
    return lambda name: recipes.build(name, build_plugin)


@pytest.fixture(scope="session")
def number_of() -> Callable[[str], int]:
    """``number_of("segfault")``: what the variable ``behaviour`` of a plugin that misbehaves is set to."""
    recipes = load_script(ROOT / "tests" / "native" / "recipes.py")
    return recipes.BEHAVIOURS.index


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of the built sample plugins (``build/plugins``), brought up to date."""
    find_compiler("c")
    script = load_script(ROOT / "plugins" / "build.py")
    output = ROOT / "build" / "plugins"
    results = script.build_all(output)
    failed = [result.words for result in results if result.outcome is script.Outcome.FAILED]
    assert not failed, "\n".join(failed)
    return output


@pytest.fixture
def sample(samples: Path) -> Callable[[str], Path]:
    """``sample("invert") -> Path`` of one built sample; skips where Rust or Go would be needed and is missing."""

    def find(name: str) -> Path:
        if not (path := samples / f"{name}.so").exists():
            pytest.skip(f"the sample {name} cannot be built here: the compiler of its language is missing")
        return path

    return find


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, caches, installed plugins and sockets go to an empty folder, never to the user's.

    Its path is short, since a socket's may not exceed 107 bytes.
    """
    root = tmp_path_factory.mktemp("x")
    for name in ("CONFIG_HOME", "DATA_HOME", "CACHE_HOME", "STATE_HOME", "RUNTIME_DIR"):
        folder = root / name.partition("_")[0].lower()
        folder.mkdir(mode=0o700)
        monkeypatch.setenv(f"XDG_{name}", os.fspath(folder))
    return root
