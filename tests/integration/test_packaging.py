"""What is shipped: the wheel works outside the checkout, and the set-up script does what its help says."""

import os
import shutil
import socket
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETUP = ROOT / "packaging" / "setup.sh"
HAS_DISPLAY = ROOT / "packaging" / "has_display.py"


@pytest.fixture(scope="module")
def unpacked_wheel(tmp_path_factory):
    """The wheel as an installer lays it out, far from the checkout."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = out.glob("*.whl")
    site = out / "site packages"
    zipfile.ZipFile(wheel).extractall(site)
    return site


def python_in(site, code, **options):
    """Runs code that sees the unpacked wheel before the editable install."""
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {os.fspath(site)!r})\n{code}"]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_the_wheel_holds_all_that_the_package_ships(unpacked_wheel):
    shipped = {path.relative_to(unpacked_wheel).as_posix() for path in unpacked_wheel.rglob("*")}
    for part in (
        "plugdeck/py.typed",
        "plugdeck/resources/sample.png",
        "plugdeck/resources/icons/plugdeck.svg",
        "plugdeck/resources/desktop/plugdeck.desktop",
        "plugdeck/plugins/sdk/plugdeck.h",
        "plugdeck/plugins/build.py",
        "plugdeck/plugins/c/invert/invert.c",
    ):
        assert part in shipped
    assert not [name for name in shipped if name.endswith((".so", ".pyc"))]


def test_the_wheel_finds_its_resources_outside_the_checkout(unpacked_wheel, tmp_path):
    code = """
from plugdeck import desktop_entry, paths
assert paths.checkout() is None, paths.checkout()
for path in (paths.sample_picture(), paths.shipped("resources", "policies"), paths.shipped("plugins", "sdk")):
    assert path.exists() and str(path).startswith(sys.path[0]), path
print(*desktop_entry.install_desktop(), sep="\\n")
"""
    done = python_in(unpacked_wheel, code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("plugdeck.png") == 7


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["check", "--help"], ["list", "--json"]])
def test_the_command_of_the_wheel_works_outside_the_checkout(unpacked_wheel, tmp_path, words):
    done = python_in(unpacked_wheel, f"from plugdeck.__main__ import main; sys.exit(main({words!r}))", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_every_entry_point_can_be_imported():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    targets = [*project["scripts"].values(), *project.get("gui-scripts", {}).values()]
    code = "; ".join(f"from {target.replace(':', ' import ')}" for target in targets)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_the_set_up_script_is_plain_posix_shell(shell):
    found = shutil.which(shell) or pytest.skip(f"{shell} is not installed")
    command = [found, *(["sh"] if shell == "busybox" else []), "-n", SETUP]
    assert subprocess.run(command, check=False).returncode == 0


def test_shellcheck_has_nothing_to_say():
    found = shutil.which("shellcheck") or pytest.skip("shellcheck is not installed")
    done = subprocess.run([found, SETUP, ROOT / ".ci" / "run"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("words", [[], ["--help"], ["install"]])
def test_the_set_up_script_explains_itself(words):
    done = subprocess.run(["sh", SETUP, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "setup.sh run" in done.stderr
    assert "setup.sh test" in done.stderr


def test_the_set_up_script_refuses_an_older_python(tmp_path):
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    environment = {**os.environ, "PYTHON": os.fspath(old)}
    done = subprocess.run(["sh", SETUP, "run"], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert "Python 3.11 or later is needed" in done.stderr


def has_display(**variables):
    environment = {"PATH": os.environ["PATH"], **variables}
    return subprocess.run([sys.executable, HAS_DISPLAY], env=environment, check=False).returncode == 0


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"DISPLAY": ":4242"},
        {"DISPLAY": "localhost:4242"},
        {"DISPLAY": "nonsense"},
        {"WAYLAND_DISPLAY": "wayland-9", "XDG_RUNTIME_DIR": "/nowhere"},
    ],
)
def test_a_display_that_does_not_answer_is_none(variables):
    assert not has_display(**variables)


def test_a_display_that_answers_is_one(tmp_path):
    with socket.socket(socket.AF_UNIX) as compositor:
        compositor.bind(os.fspath(tmp_path / "w"))
        compositor.listen()
        assert has_display(WAYLAND_DISPLAY="w", XDG_RUNTIME_DIR=os.fspath(tmp_path))
        assert has_display(WAYLAND_DISPLAY=os.fspath(tmp_path / "w"))
        assert not has_display(WAYLAND_DISPLAY="w", XDG_RUNTIME_DIR=os.fspath(tmp_path), QT_QPA_PLATFORM="offscreen")


def test_the_readmes_library_example_works(sample):
    for name in ("greeter-en", "sepia"):
        sample(name)
    code = (ROOT / "README.md").read_text().partition("```python\n")[2].partition("```")[0]
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Ada" in done.stdout
