"""The authors' guide keeps its word: every block of code is built as it stands, and every command is run.

A fence says what a block is: ``file=NAME`` is written to disk, ``fragment`` is compiled behind the header, and ``sh``
is run, in the order of the page, in a folder of its own for each section.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "authors-guide.md"
SDK = ROOT / "plugins" / "sdk"
SCRIPTS = ROOT / ".venv" / "bin"
TOOLS = {"C": "gcc", "C++": "g++", "Rust": "rustc", "Go": "go", "Go's own plugins": "go"}


@dataclass
class Section:
    """What one heading of the guide has in code."""

    files: dict = field(default_factory=dict)
    fragments: list = field(default_factory=list)
    commands: list = field(default_factory=list)
    other: list = field(default_factory=list)


def read_guide():
    sections, heading = {}, ""
    for part in re.split(r"^## ", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        heading = part.splitlines()[0]
        section = sections[heading] = Section()
        for language, kind, text in re.findall(r"^```(\S+) ?(\S*)\n(.*?)^```$", part, flags=re.MULTILINE | re.DOTALL):
            if kind.startswith("file="):
                section.files[kind.removeprefix("file=")] = text
            elif kind == "fragment":
                section.fragments.append(text)
            elif language == "sh" and not kind:
                section.commands.append(text)
            else:
                section.other.append((language, kind))
    return sections


SECTIONS = read_guide()
EVERY_FRAGMENT = [(heading, text) for heading, section in SECTIONS.items() for text in section.fragments]


def environment(folder):
    """What a reader has: Plugdeck and Python on PATH, the SDK's place in a variable, and a picture."""
    paths = [os.fspath(SCRIPTS), os.environ["PATH"], os.fspath(Path("~/.cargo/bin").expanduser())]
    Image.effect_noise((40, 30), 90).convert("RGB").save(folder / "photo.png")
    go = {"GOTOOLCHAIN": "local", "GOPROXY": "off", "GOFLAGS": "-mod=mod"}
    return {**os.environ, **go, "PATH": os.pathsep.join(paths), "SDK": os.fspath(SDK), "PYTHONPATH": ""}


def follow(heading, folder):
    """Does what a section says; returns everything that its commands printed."""
    section = SECTIONS[heading]
    for name, text in section.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    script = "set -eu\n" + "".join(section.commands)
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, f"{heading}:\n{script}\n{done.stdout}\n{done.stderr}"
    assert "warning:" not in done.stderr
    return done.stdout


def skip_without(tool, folder):
    if not shutil.which(tool, path=environment(folder)["PATH"]):
        if os.environ.get("CI") and tool in ("gcc", "g++"):
            pytest.fail(f"{tool} is not installed (CI is set: this is a failure)")
        pytest.skip(f"{tool} is not installed")


def test_every_block_of_the_guide_is_checked():
    assert [kind for section in SECTIONS.values() for kind in section.other] == []
    assert set(TOOLS) <= set(SECTIONS)


def warmed(picture):
    """What all of these plugins promise, at an amount of 60."""
    red, green, blue = picture.convert("RGB").split()
    return Image.merge("RGB", (red.point(lambda v: min(255, v + 30)), green, blue.point(lambda v: max(0, v - 30))))


@pytest.mark.parametrize("language", TOOLS)
def test_first_plugin_is_built_checked_and_run(language, tmp_path):
    skip_without(TOOLS[language], tmp_path)
    said = follow(language, tmp_path)
    assert "compatible" in said
    assert "incompatible" not in said
    result = Image.open(tmp_path / "warmer.png").convert("RGB")
    assert result.tobytes() == warmed(Image.open(tmp_path / "photo.png")).tobytes()


@pytest.mark.parametrize(("heading", "text"), EVERY_FRAGMENT, ids=[heading for heading, _ in EVERY_FRAGMENT])
@pytest.mark.parametrize("language", ["c", "c++"])
def test_fragments_compile_behind_the_header(build_plugin, heading, text, language):
    if language == "c++":
        text = text.replace("= malloc(", "= (float *)malloc(")  # C++ wants the cast
    build_plugin(
        f'#include "plugdeck.h"\n{text}',
        language=language,
        flags=("-Wall", "-Wextra", "-Werror", "-Wno-unused-function"),
    )


def test_functions_are_called_from_the_command_line_and_from_python(tmp_path):
    skip_without("gcc", tmp_path)
    said = follow("Plugins that are no transforms", tmp_path)
    assert said.splitlines() == ["Hello, Ada!", "42", "42"]


@pytest.mark.parametrize("heading", ["What you need", "What a host does", "Checking", "Building for others", "Signing"])
def test_other_commands_do_what_the_guide_says(heading, tmp_path):
    skip_without("gcc", tmp_path)
    hello = SECTIONS["Plugins that are no transforms"]
    (tmp_path / "hello.c").write_text(hello.files["hello.c"], encoding="utf-8")
    subprocess.run(["sh", "-c", hello.commands[0].splitlines()[0]], cwd=tmp_path, env=environment(tmp_path), check=True)
    follow(heading, tmp_path)


def test_findings_that_the_guide_explains_are_real():
    named = set(re.findall(r"^\| `([a-z]+\.[a-z-]+)` \|", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "desktop" / "plugdeck").rglob("*.py"))
    assert named
    assert {name for name in named if f'"{name}"' not in sources} == set()


def test_priorities_that_the_guide_gives_are_those_of_the_samples():
    text = " ".join(GUIDE.read_text(encoding="utf-8").split())
    for name, priority in re.findall(r"`([a-z-]+)` (\d+)[,.]", text):
        source = (ROOT / "plugins" / "c" / name / f"{name}.c").read_text(encoding="utf-8")
        assert f"PD_IMAGE_TRANSFORM({priority}," in source
