"""``plugdeck check`` and ``inspect`` on Go plugins, as build pipelines call them."""

from __future__ import annotations

import json
import subprocess
import sys

from .recipes import BARE_HOST, CORPUS, HOST, PLAIN, TRIMMED, V3


def plugdeck(*words):
    command = [sys.executable, "-m", "plugdeck", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100)


def test_exit_code_tells_whether_the_host_opens_it(workshop):
    host = workshop.build(HOST)
    fitting = plugdeck("check", workshop.build(PLAIN), "--host", host)
    assert (fitting.returncode, fitting.stderr) == (0, "")
    assert "compatible" in fitting.stdout and "(loads)" in fitting.stdout
    refused = plugdeck("check", workshop.build(TRIMMED), "--host", host)
    assert refused.returncode == 1
    assert "[go.trimpath]" in refused.stdout and "→ Build the plugin as the host was: go build" in refused.stdout


def test_json_names_every_cause(workshop):
    done = plugdeck("check", "--json", workshop.build(TRIMMED), "--host", workshop.build(HOST))
    (row,) = json.loads(done.stdout)
    assert (row["dialect"], row["status"], row["loads"]) == ("go", "incompatible", False)
    assert [finding["id"] for finding in row["findings"]] == ["go.trimpath"]


def test_two_plugins_are_judged_together(workshop):
    files = workshop.build(PLAIN), workshop.build(V3)
    apart = plugdeck("check", *files, "--host", workshop.build(BARE_HOST))
    together = plugdeck("check", "--together", *files, "--host", workshop.build(BARE_HOST))
    assert (apart.returncode, together.returncode) == (0, 1)
    assert "cannot live in one process" in together.stdout


def test_inspect_shows_go_types_modules_and_settings(workshop):
    path = workshop.build(CORPUS)
    text = plugdeck("inspect", path, "--host", workshop.build(HOST)).stdout
    assert "function  Higher  func(func(int) int, []int) func() []int" in text
    assert "variable  Channels  chan (<-chan chan<- int)" in text
    data = json.loads(plugdeck("inspect", "--json", path, "--host", workshop.build(HOST)).stdout)
    symbols = {symbol["name"]: symbol for symbol in data["symbols"]}
    assert len(symbols) >= 60
    assert symbols["Pairs"]["type"] == "main.Pair[string,int]"
    assert data["go"]["toolchain"] == workshop.version
    assert data["go"]["plugin_path"] == "example.com/corpus"
    assert data["go"]["settings"]["-buildmode"] == "plugin"
    assert data["go"]["dependencies"][0]["path"] == "example.com/shared"
    assert data["go"]["methods"]["English"] == {"Count": "func() int", "Greet": "func(string) (string, error)"}


def test_inspect_shows_the_go_of_a_host(workshop):
    data = json.loads(plugdeck("inspect", "--json", workshop.build(HOST)).stdout)
    assert data["go"]["mode"] == "exe" and len(data["go"]["packages"]) > 10


def test_difference_of_two_builds_is_in_go_types(workshop):
    done = plugdeck("diff", workshop.build(CORPUS), workshop.build(PLAIN), "--host", workshop.build(HOST))
    assert done.returncode == 1
    assert "Higher" in done.stdout and "runtime." not in done.stdout
