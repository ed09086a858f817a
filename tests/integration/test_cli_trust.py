"""What the commands run, and what they ask, refuse and remember before."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from plugdeck.hosting.sandbox.confinement import Tier
from plugdeck.hosting.sandbox.offer import offer
from plugdeck.trust.question_text import allowed_words
from plugdeck.trust.records import TrustRecords

READER = """
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include "plugdeck.h"
PD_PLUGIN("reader", "%s", "", "MIT", "Reads files.")
PD_FUNCTION(int, Read, (const char *path))
PD_FUNCTION(int, Connect, (void))
PD_FUNCTION(int, Signal, (void))
int Signal(void) { return kill(1, 0); }
int Read(const char *path) {
  FILE *file = fopen(path, "r");
  int first = file ? fgetc(file) : -1;
  if (file) fclose(file);
  return first;
}
int Connect(void) { return socket(AF_INET, SOCK_STREAM, 0) >= 0; }
"""


def plugdeck(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "plugdeck", *map(str, words)]
    settings = {"capture_output": True, "stdin": subprocess.DEVNULL, **options}
    return subprocess.run(command, text=True, timeout=110, check=False, **settings)


def plugdeck_on_a_terminal(answer: str, *words: object) -> tuple[int, str, str]:
    """The exit code, what went to the terminal, and what to stdout, which is none."""
    ours, theirs = pty.openpty()
    os.write(ours, answer.encode())
    command = [sys.executable, "-m", "plugdeck", *map(str, words)]
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        os.close(theirs)
        out, _ = process.communicate(timeout=110)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # EIO: nobody has the other end any more
        pass
    os.close(ours)
    return process.returncode, shown.decode(), out


@pytest.fixture
def reader(build_plugin, tmp_path) -> Path:
    return shutil.copy(build_plugin(READER % "1.0.0", name="reader.so"), tmp_path / "reader.so")


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "in.png"
    Image.new("RGBA", (16, 12), (10, 20, 30, 255)).save(path)
    return path


@pytest.fixture
def secret(tmp_path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "secret").write_text("A")
    return folder / "secret"


def confined() -> None:
    if offer().tier is Tier.LIMITED:
        pytest.skip(f"plugins are not confined on this system: {offer().reason}")


def test_what_was_not_allowed_does_not_run_and_says_how_it_would(reader):
    done = plugdeck("call", reader, "Connect")

    assert done.returncode == 1
    assert done.stdout == ""
    assert f"{reader} was not run. You have not allowed it before." in done.stderr
    assert f"plugdeck trust {reader}" in done.stderr
    assert "--trust" in done.stderr


def test_a_name_in_the_remedy_can_be_pasted_into_a_shell(reader, tmp_path):
    evil = shutil.copy(reader, tmp_path / "$(touch evil).so")

    done = plugdeck("call", evil, "Connect")

    assert f"plugdeck trust '{evil}'" in done.stderr


def test_trust_for_this_time_is_not_remembered(reader):
    assert plugdeck("call", "--trust", reader, "Read", "/nowhere").stdout == "-1\n"
    assert plugdeck("call", reader, "Read", "/nowhere").returncode == 1
    assert TrustRecords().decisions() == ()


def test_what_was_allowed_runs_until_it_changes_or_that_is_taken_back(reader, build_plugin):
    allowed = plugdeck("trust", reader)
    assert allowed.returncode == 0
    assert "You have not allowed it before." in allowed.stdout
    assert plugdeck("call", reader, "Read", "/nowhere").stdout == "-1\n"

    shutil.copy(build_plugin(READER % "1.0.1", name="reader.so"), reader)
    changed = plugdeck("call", reader, "Read", "/nowhere")
    assert changed.returncode == 1
    assert "another file than the one that you allowed" in changed.stderr

    assert plugdeck("trust", reader).returncode == 0
    assert plugdeck("call", reader, "Read", "/nowhere").returncode == 0
    assert plugdeck("distrust", reader).returncode == 0
    assert plugdeck("call", reader, "Read", "/nowhere").returncode == 1
    assert plugdeck("distrust", reader).returncode == 1


def test_on_a_terminal_yes_runs_it_and_is_remembered(reader):
    code, shown, out = plugdeck_on_a_terminal("y\n", "call", "--json", reader, "Read", "/nowhere")

    assert (code, json.loads(out)["result"]) == (0, -1)
    assert "You have not allowed it before." in shown
    assert TrustRecords().decisions()[0].sha256 in shown
    assert plugdeck("call", reader, "Read", "/nowhere").returncode == 0


@pytest.mark.parametrize("answer", ["n\n", "\n", "yep\n", "\x04"])
def test_on_a_terminal_any_other_answer_runs_nothing(answer, reader):
    code, shown, out = plugdeck_on_a_terminal(answer, "call", reader, "Read", "/nowhere")

    assert (code, out) == (1, "")
    assert "was not run, as you said" in shown
    assert TrustRecords().decisions() == ()


def test_quarantine_is_told_with_its_reason_and_both_ways_out(reader):
    plugdeck("trust", reader)
    records = TrustRecords()
    sha256 = records.decisions()[0].sha256
    records.quarantine(sha256, "reader", "It crashed three times in a minute.")

    refused = plugdeck("call", reader, "Read", "/nowhere")
    assert refused.returncode == 1
    assert "it is quarantined. It crashed three times in a minute." in refused.stderr
    assert f"plugdeck trust --lift {reader}" in refused.stderr
    assert plugdeck("trust", reader).returncode == 1
    assert plugdeck("call", "--trust", reader, "Read", "/nowhere").returncode == 0

    assert "  quarantined: It crashed" in plugdeck("trust", "--list").stdout
    assert plugdeck("trust", "--lift", reader).stdout.endswith(": no longer quarantined\n")
    assert plugdeck("call", reader, "Read", "/nowhere").returncode == 0
    assert plugdeck("trust", "--lift", reader).returncode == 1


def test_decisions_are_listed_for_people_and_for_scripts(reader, tmp_path):
    assert "Nothing was decided yet" in plugdeck("trust", "--list").stdout
    plugdeck("trust", reader, "--allow-read", tmp_path, "--allow-network")

    listed = plugdeck("trust", "--list").stdout
    (row,) = json.loads(plugdeck("trust", "--list", "--json").stdout)

    allowed = allowed_words(Tier(row["lowest_tier"]))
    for words in (
        f"reader: {allowed}",
        row["sha256"],
        str(reader),
        f"It may read {tmp_path}",
        "It may use the network.",
    ):
        assert words in listed
    assert (row["name"], row["path"], row["allowed"]) == ("reader", str(reader), True)
    assert (row["readable"], row["writable"], row["network"]) == ([str(tmp_path)], [], True)
    assert plugdeck("distrust", row["sha256"][:12], "--json").returncode == 0
    assert json.loads(plugdeck("trust", "--list", "--json").stdout) == []


def test_what_is_gone_can_still_be_distrusted_by_its_path(reader):
    plugdeck("trust", reader)
    reader.unlink()

    assert plugdeck("distrust", reader).returncode == 0
    assert TrustRecords().decisions() == ()


@pytest.mark.parametrize("words", [["trust"], ["trust", "--list", "a.so"], ["trust", "absent.so"], ["distrust", "00"]])
def test_trusting_nothing_or_nonsense_exits_1_with_a_sentence(words):
    done = plugdeck(*words)

    assert done.returncode == 1
    assert done.stderr.startswith("plugdeck: ")
    assert "Traceback" not in done.stderr


def test_what_cannot_be_saved_is_told(reader, own_folders):
    (own_folders / "data" / "plugdeck").write_text("a file where the folder should be")

    done = plugdeck("trust", reader)

    assert done.returncode == 1
    assert "could not be saved" in done.stderr


def test_a_file_outside_is_read_only_when_that_is_allowed_and_only_as_long(reader, secret):
    confined()
    assert plugdeck("call", "--trust", reader, "Read", secret).stdout == "-1\n"
    allowed = plugdeck("call", "--trust", "--allow-read", secret.parent, reader, "Read", secret)
    assert allowed.stdout == f"{ord('A')}\n", allowed.stderr

    plugdeck("trust", reader)
    assert plugdeck("call", reader, "Read", secret).stdout == "-1\n"
    assert plugdeck("call", "--allow-read", secret.parent, reader, "Read", secret).stdout == f"{ord('A')}\n"
    assert plugdeck("call", reader, "Read", secret).stdout == "-1\n"

    plugdeck("trust", "--allow-read", secret.parent, reader)
    assert plugdeck("call", reader, "Read", secret).stdout == f"{ord('A')}\n"


def test_a_link_that_is_allowed_means_what_it_leads_to_now(reader, secret, tmp_path):
    confined()
    (tmp_path / "link").symlink_to(secret.parent)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / secret.name).write_text("Z")
    plugdeck("trust", "--allow-read", tmp_path / "link", reader)
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("keys")

    assert plugdeck("call", reader, "Read", secret).stdout == f"{ord('A')}\n"
    assert plugdeck("call", reader, "Read", tmp_path / "link" / secret.name).stdout == "-1\n"


def test_what_a_plugin_tried_is_told_on_stderr_with_how_it_is_confined(reader):
    confined()

    refused = plugdeck("call", "--trust", "--json", reader, "Connect")

    said = json.loads(refused.stdout)
    assert said["result"] == 0
    (denied,) = said["denied"]
    assert denied["plugins"] == ["reader"]
    assert f"reader: {denied['message']}" in refused.stderr
    assert offer().tier.words in refused.stderr
    assert "--allow-network" in refused.stderr
    allowed = plugdeck("call", "--trust", "--allow-network", reader, "Connect")
    assert (allowed.stdout, allowed.stderr) == ("1\n", "")


def test_no_permission_is_offered_for_what_none_allows(reader):
    confined()

    refused = plugdeck("call", "--trust", reader, "Signal")

    assert "reader: It tried to signal another process" in refused.stderr
    assert offer().tier.words in refused.stderr
    assert "--allow" not in refused.stderr


def test_what_has_a_bad_signature_is_not_allowed_unless_that_is_said(reader, tmp_path):
    (tmp_path / "reader.so.sig").write_text("not a signature")

    refused = plugdeck("trust", reader)

    assert refused.returncode == 1
    assert "Its signature is damaged" in refused.stderr
    assert f"plugdeck trust --in-spite-of-signature {reader}" in refused.stderr
    assert TrustRecords().decisions() == ()
    allowed = plugdeck("trust", "--in-spite-of-signature", reader)
    assert (allowed.returncode, allowed.stderr) == (0, "")
    assert TrustRecords().decisions()[0].approval is not None


def test_a_plugin_in_this_process_needs_another_yes_than_a_confined_one(picture, samples, tmp_path):
    confined()
    invert = shutil.copy(samples / "invert.so", tmp_path / "invert.so")
    words = ("run", picture, "-o", tmp_path / "out.png", "-p", invert)
    plugdeck("trust", invert)
    assert plugdeck(*words).returncode == 0

    refused = plugdeck(*words, "--mode", "in-app")

    assert refused.returncode == 1
    assert "better confinement" in refused.stderr
    assert plugdeck(*words, "--mode", "in-app", "--trust").returncode == 0
    assert plugdeck("bench", invert).returncode == 1


@pytest.mark.parametrize("mode", ["individually", "together"])
def test_every_plugin_of_a_chain_needs_its_own_yes(mode, picture, samples, tmp_path):
    plugins = [shutil.copy(samples / name, tmp_path / name) for name in ("invert.so", "sepia.so")]
    words = ("run", picture, "-o", tmp_path / "out.png", "--mode", mode, "-p", plugins[0], "-p", plugins[1])
    plugdeck("trust", plugins[0])

    refused = plugdeck(*words)
    assert refused.returncode == 1
    assert "sepia.so was not run" in refused.stderr
    assert not (tmp_path / "out.png").exists()

    plugdeck("trust", plugins[1])
    assert plugdeck(*words).returncode == 0


def test_samples_run_without_a_question(picture, samples, tmp_path):
    done = plugdeck("run", picture, "-o", tmp_path / "out.png", "-p", samples / "invert.so", "-p", samples / "sepia.so")

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("option", ["--allow-read", "--allow-write"])
def test_allowing_what_is_no_folder_is_a_usage_error(option, reader, tmp_path):
    assert plugdeck("call", option, tmp_path / "absent", reader, "Connect").returncode == 2


def test_the_records_are_damaged_and_the_command_says_so_and_asks(reader, own_folders):
    plugdeck("trust", reader)
    file = own_folders / "data" / "plugdeck" / "decisions.jsonl"
    file.write_bytes(b"\x00" * 50)

    done = plugdeck("call", reader, "Connect")

    assert done.returncode == 1
    assert "damaged-1" in done.stderr
    assert file.with_name("decisions.jsonl.damaged-1").read_bytes() == b"\x00" * 50
