"""What commands print, where: one JSON document, text that is safe on a terminal, and nothing after a closed pipe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def plugdeck(*words: object, encoding: str = "utf-8", **options: object) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    command = [sys.executable, "-m", "plugdeck", *map(str, words)]
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment, **options}
    return subprocess.run(command, timeout=110, check=False, **settings)


@pytest.fixture
def mixed(tmp_path, samples) -> Path:
    """A folder of a plugin, a FIFO, a dangling link, a text, and hostile names."""
    good = (samples / "invert.so").read_bytes()
    os.mkfifo(tmp_path / "pipe.so")
    (tmp_path / "gone.so").symlink_to("nowhere")
    (tmp_path / "text.so").write_text("not a plugin")
    for name in (b"--\x1b]0;title\x07.so", b"line\nbreak.so", b"latin-\xe9.so", "turned-\u202eos.exe.so".encode()):
        Path(tmp_path, os.fsdecode(name)).write_bytes(good)
    return tmp_path


@pytest.mark.parametrize("command", ["list", "check", "inspect"])
def test_json_is_one_ascii_document_whatever_the_names(command, mixed):
    files = sorted(mixed.iterdir())
    for arguments in ([mixed],) if command == "list" else ([file] for file in files):
        done = plugdeck(command, "--json", "--", *arguments)

        assert done.stdout.isascii()
        assert json.loads(done.stdout)
        assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["list", "check"])
def test_text_never_carries_control_characters_from_names(command, mixed):
    arguments = [mixed] if command == "list" else sorted(mixed.iterdir())

    text = plugdeck(command, "--", *arguments).stdout.decode("utf-8")

    assert "invert" in text or "compatible" in text
    assert not {"\x1b", "\x07", "\u202e"} & set(text)


def test_paths_that_are_no_utf_8_come_back_from_json_as_they_were(mixed):
    rows = json.loads(plugdeck("list", "--json", mixed).stdout)

    assert any(Path(row["path"]).name == os.fsdecode(b"latin-\xe9.so") for row in rows)
    assert all(os.path.lexists(row["path"]) for row in rows)


def test_an_output_that_knows_only_ascii_gets_escapes(native):
    done = plugdeck("check", native("missing-library"), encoding="ascii")

    assert done.returncode == 1
    assert b"\\u2717 error" in done.stdout
    assert done.stderr == b""


def test_a_reader_that_goes_away_is_no_reason_to_complain(samples):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = plugdeck("inspect", samples / "users.so", stdout=writing)
    finally:
        os.close(writing)

    assert done.returncode == 1
    assert done.stderr == b""


def test_a_full_disk_under_the_output_is_told_and_exits_1(samples):
    with Path("/dev/full").open("wb") as full:
        done = plugdeck("list", "--json", samples, stdout=full)

    assert done.returncode == 1
    assert b"No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr


def test_list_of_what_is_no_folder_exits_1(mixed):
    done = plugdeck("list", mixed / "pipe.so")

    assert done.returncode == 1
    assert b"is not a folder" in done.stderr


def test_installing_many_installs_the_good_ones_and_exits_1_for_the_others(mixed, samples):
    files = [samples / "invert.so", mixed / "text.so", mixed / "pipe.so", samples / "sepia.so", samples / "invert.so"]

    done = plugdeck("install", "--json", *files)

    assert done.returncode == 1
    installed = json.loads(done.stdout)
    assert [row["name"] for row in installed] == ["invert", "sepia", "invert"]
    assert installed[0]["path"] == installed[2]["path"]
    assert done.stderr.count(b"plugdeck: ") == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "it takes one argument, and 0"),
        (["1", "2"], "it takes one argument, and 2"),
    ],
)
def test_call_with_another_number_of_arguments_says_how_many(arguments, words, samples):
    done = plugdeck("call", samples / "users.so", "GetUser", *arguments)

    assert done.returncode == 1
    assert words in done.stderr.decode()


NUMBERS = """
#include "plugdeck.h"
PD_PLUGIN("numbers", "1.0.0", "", "MIT", "")
PD_FUNCTION(int, Add, (int a, int b))
PD_FUNCTION(double, Divide, (double a, double b))
PD_FUNCTION(void, Nothing, (void))
int Add(int a, int b) { return a + b; }
double Divide(double a, double b) { return a / b; }
void Nothing(void) {}
"""


@pytest.mark.parametrize(
    ("words", "result"),
    [
        (("Add", "-2", "0x10"), 14),
        (("Divide", "1", "4"), 0.25),
        (("Divide", "-1", "0"), "-inf"),
        (("Divide", "0", "0"), "nan"),
        (("Nothing",), None),
    ],
)
def test_call_json_holds_the_result_also_where_json_has_no_such_number(words, result, build_plugin):
    done = plugdeck("call", "--trust", "--json", build_plugin(NUMBERS, name="numbers.so"), *words)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    answer = json.loads(done.stdout, parse_constant=refuse)["result"]
    assert answer == result or answer == f"-{result}"  # 0/0 has either sign


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("Add", "1", "two"), "'two' is no whole number"),
        (("Add", "1", "2147483648"), "does not fit int"),
        (("Divide", "1", "x"), "'x' is no number"),
        (("Absent",), "symbol Absent not found"),
    ],
)
def test_call_with_arguments_of_another_type_says_which_and_why(words, complaint, build_plugin):
    done = plugdeck("call", "--trust", build_plugin(NUMBERS, name="numbers.so"), *words)

    assert done.returncode == 1
    assert complaint in done.stderr.decode()
