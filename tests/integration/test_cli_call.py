"""``plugdeck call`` again and again, while plugins take each other's place."""

import json
from itertools import pairwise
from shlex import quote

import pytest

from plugdeck.cli import main
from plugdeck.errors import PlugdeckError, SymbolNotFoundError


@pytest.fixture
def greet(sample, capfd):
    """Runs the command over sample plugins; its exit code, its rows, and what it complained of."""

    def greet(first, *others, symbol="Greet", arguments=("Ada",), count="2"):
        then = [word for name in others for word in ("--then", str(sample(name)))]
        words = ["call", str(sample(first)), symbol, *arguments, "--every", "0.02", "--count", count, *then]
        code = main([*words, "--json"])
        said = capfd.readouterr()
        return code, [json.loads(line) for line in said.out.splitlines()], said.err

    return greet


def test_each_plugin_answers_its_calls(greet):
    code, rows, said = greet("greeter-en", "greeter-zh", "greeter-en")
    assert (code, said) == (0, "")
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    turns = [
        rows[0]["plugin"],
        *(b["plugin"] for a, b in pairwise(rows) if a["plugin"] != b["plugin"]),
    ]
    assert turns == ["greeter-en", "greeter-zh", "greeter-en"]
    assert all("Ada" in row["result"] for row in rows if row["plugin"] == "greeter-en")


def test_go_plugins_that_fail_take_no_call_away(greet):
    code, rows, said = greet(
        "greeter-go-en", "greeter-go-panic", "greeter-go-exit", "greeter-go-zh", symbol="Greeter.Greet", arguments=()
    )
    assert code == 1
    assert {row["result"] for row in rows} == {"Hello!", "你好"}
    assert "greeter-go-panic did not take over" in said
    assert "exit code 3" in said


def test_a_call_without_an_answer_is_told_and_the_next_is_made(greet):
    code, rows, _ = greet("greeter-en", symbol="Absent")
    assert code == 1
    assert [row["number"] for row in rows] == [1, 2]
    assert all("symbol Absent not found" in row["error"] for row in rows)


@pytest.mark.parametrize(
    ("option", "value"), [("--every", "0"), ("--every", "nan"), ("--count", "0"), ("--count", "1.5")]
)
def test_numbers_that_make_no_sense_are_refused(sample, capfd, option, value):
    with pytest.raises(SystemExit) as ended:
        main(["call", str(sample("greeter-en")), "Greet", "Ada", option, value])
    assert ended.value.code == 2
    assert f"argument {option}" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("greeter-en", "It has Greet: const char *(const char *name); Language: const char *(void)."),
        ("greeter-go-en", "It has Greeter.Greet: func() string."),
    ],
)
def test_a_command_without_a_function_says_which_there_are(sample, name, said):
    with pytest.raises(PlugdeckError) as refused:
        main(["call", str(sample(name))])
    assert said in str(refused.value)
    assert f"plugdeck call {quote(str(sample(name)))} Gree" in refused.value.remedy


def test_a_library_that_declares_no_function_says_so(build_plugin):
    library = build_plugin("int answer(void) { return 42; }", name="libanswer.so")
    with pytest.raises(PlugdeckError, match="declares none") as refused:
        main(["call", "--every", "1", str(library)])
    assert refused.value.remedy == f"plugdeck inspect {quote(str(library))} lists its symbols."


@pytest.mark.parametrize("name", ["greeter-en", "greeter-go-en"])
def test_a_function_that_is_not_there_points_to_those_that_are(sample, name):
    with pytest.raises(SymbolNotFoundError) as refused:
        main(["call", str(sample(name)), "Great"])
    assert f"plugdeck inspect {quote(str(sample(name)))} lists what it has." in refused.value.remedy


def test_options_may_stand_between_file_and_function(sample, capfd):
    assert main(["call", str(sample("greeter-en")), "--json", "Greet", "Ada"]) == 0
    assert json.loads(capfd.readouterr().out)["result"] == "Hello, Ada!"
