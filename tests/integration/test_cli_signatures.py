"""`plugdeck sign`, `verify` and `keys`, from an author's hand to a user's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from plugdeck.hosting.sandbox.linked_files import LinkedFiles, linked_files


def plugdeck(*words: object, home: object = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "plugdeck", *map(str, words)]
    own = {"XDG_CONFIG_HOME": str(home)} if home else {}
    return subprocess.run(command, capture_output=True, text=True, timeout=110, check=False, env={**os.environ, **own})


@pytest.fixture
def plugin(samples, tmp_path):
    return shutil.copy(samples / "invert.so", tmp_path / "invert.so")


def test_what_an_author_signs_a_user_who_knows_his_key_verifies_by_name(plugin, tmp_path):
    author, user = tmp_path / "author", tmp_path / "user"
    made = plugdeck("keys", "new", "Me", home=author)
    assert made.returncode == 0, made.stderr
    assert "keep a copy" in made.stderr
    key = made.stdout.split()[1]
    assert plugdeck("sign", plugin, home=author).returncode == 0
    assert plugdeck("verify", plugin, home=author).returncode == 0

    stranger = plugdeck("verify", plugin, home=user)
    assert stranger.returncode == 1
    assert key in stranger.stdout
    added = plugdeck("keys", "add", key, "Ada Lovelace", "--json", home=user)
    assert json.loads(added.stdout) == [{"name": "Ada Lovelace", "key": key, "own": False}]

    verified = plugdeck("verify", plugin, home=user)
    assert verified.returncode == 0
    assert "Signed by Ada Lovelace" in verified.stdout
    assert "Signed by Ada Lovelace" in plugdeck("inspect", plugin, home=user).stdout
    assert json.loads(plugdeck("keys", "list", "--json", home=user).stdout)[0]["name"] == "Ada Lovelace"
    assert json.loads(plugdeck("keys", "list", "--json", home=author).stdout)[0]["own"] is True
    assert plugdeck("keys", "remove", "Ada Lovelace", home=user).returncode == 0
    assert plugdeck("verify", plugin, home=user).returncode == 1


def test_verify_json_names_state_author_key_and_hash_of_each_file(plugin, samples, tmp_path):
    plugdeck("keys", "new", "Me")
    plugdeck("sign", plugin)
    unsigned = shutil.copy(samples / "sepia.so", tmp_path / "sepia.so")
    damaged = shutil.copy(samples / "sharpen.so", tmp_path / "sharpen.so")
    (tmp_path / "sharpen.so.sig").write_text("not a signature")

    done = plugdeck("verify", "--json", plugin, unsigned, damaged)

    rows = json.loads(done.stdout)
    assert done.returncode == 1
    assert [row["state"] for row in rows] == ["verified", "unsigned", "damaged"]
    assert set(rows[0]) == {"path", "sha256", "state", "author", "key", "message"}
    assert (rows[0]["author"], rows[1]["author"], rows[1]["key"]) == ("Me", None, None)


def test_inspect_json_tells_of_the_signature(plugin):
    assert json.loads(plugdeck("inspect", "--json", plugin).stdout)["signature"]["state"] == "unsigned"
    (plugin.parent / "invert.so.sig").write_text("x")
    assert json.loads(plugdeck("inspect", "--json", plugin).stdout)["signature"]["state"] == "damaged"
    assert json.loads(plugdeck("inspect", "--json", plugin.parent / "absent.so").stdout)["signature"] is None


def test_without_a_key_nothing_is_signed_and_the_remedy_is_told(plugin):
    done = plugdeck("sign", plugin)

    assert done.returncode == 1
    assert "plugdeck keys new NAME" in done.stderr
    assert not (plugin.parent / "invert.so.sig").exists()


@pytest.mark.parametrize("name", ["Me", "Other"])
def test_a_second_key_never_overwrites_the_first(name):
    first = plugdeck("keys", "new", "Me").stdout
    done = plugdeck("keys", "new", name)

    assert done.returncode == 1
    assert "have a key already" in done.stderr
    assert plugdeck("keys", "list").stdout == first


@pytest.mark.parametrize(
    "words",
    [("new",), ("new", "a", "b"), ("add", "ed25519:x"), ("add", "no key", "Ada"), ("remove", "Eve"), ("list", "x")],
)
def test_keys_with_other_words_exits_1_with_what_to_write(words):
    done = plugdeck("keys", *words)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 2
    assert "Traceback" not in done.stderr


def test_keys_without_a_word_names_those_there_are():
    done = plugdeck("keys")

    assert done.returncode == 2
    assert done.stderr.endswith("the following arguments are required: list|new|add|remove\n")


def test_files_that_cannot_be_read_are_told_and_the_others_done(plugin, tmp_path):
    plugdeck("keys", "new", "Me")
    os.mkfifo(tmp_path / "pipe.so")

    signed = plugdeck("sign", "--json", tmp_path / "absent.so", tmp_path / "pipe.so", plugin)
    verified = plugdeck("verify", tmp_path / "absent.so", tmp_path / "pipe.so", plugin)

    assert signed.returncode == verified.returncode == 1
    assert [row["path"] for row in json.loads(signed.stdout)] == [str(plugin)]
    assert signed.stderr.count("plugdeck: ") == verified.stderr.count("plugdeck: ") == 2
    assert "Signed by Me" in verified.stdout


def test_a_signature_beside_a_plugin_is_none_of_its_data(plugin):
    """Else it would be opened at its path, rather than from a sealed copy."""
    plugdeck("keys", "new", "Me")
    plugdeck("sign", plugin)

    assert linked_files(plugin) == LinkedFiles()
