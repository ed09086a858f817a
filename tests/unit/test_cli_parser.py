"""The command line's grammar."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from plugdeck import cli
from plugdeck.cli_parser import Assignment, PluginChoice, assignment, command_parser, plugin_choice, size, window_parser


@pytest.mark.parametrize(
    ("text", "path", "priority"),
    [
        ("blur.so", "blur.so", None),
        ("blur.so@20", "blur.so", 20),
        ("blur.so@-20", "blur.so", -20),
        ("blur.so@+7", "blur.so", 7),
        ("a@b/blur.so", "a@b/blur.so", None),
        ("user@host.so@5", "user@host.so", 5),
        ("blur.so@", "blur.so@", None),
        ("@5", "@5", None),
        ("blur.so@2147483647", "blur.so", 2147483647),
        ("blur.so@-2147483648", "blur.so", -2147483648),
        ("blur.so@٣", "blur.so@٣", None),
    ],
)
def test_the_priority_is_the_number_after_the_last_at_sign(text, path, priority):
    assert plugin_choice(text) == PluginChoice(Path(path), priority)


@pytest.mark.parametrize("number", ["2147483648", "-2147483649", "9" * 5000])
def test_a_priority_that_fits_no_int_is_refused(number):
    with pytest.raises(ArgumentTypeError, match="does not fit an int"):
        plugin_choice(f"blur.so@{number}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("radius=4", Assignment(None, "radius", "4")),
        ("gaussian-blur.radius=4.5", Assignment("gaussian-blur", "radius", "4.5")),
        ("my.plugin.radius=1", Assignment("my.plugin", "radius", "1")),
        ("mode=a=b", Assignment(None, "mode", "a=b")),
        ("radius=", Assignment(None, "radius", "")),
    ],
)
def test_an_assignment_names_a_parameter_and_perhaps_its_plugin(text, expected):
    assert assignment(text) == expected


@pytest.mark.parametrize("text", ["radius", "=4", "blur.=4", ""])
def test_an_assignment_without_a_name_or_a_value_is_refused(text):
    with pytest.raises(ArgumentTypeError, match="NAME=VALUE"):
        assignment(text)


def test_a_size_is_two_numbers_of_pixels():
    assert size("1280x800") == (1280, 800)
    for text in ("1280", "x800", "1280x", "1x1", "1280x800x2", "٣٣x٣٣"):
        with pytest.raises(ArgumentTypeError):
            size(text)


def test_every_command_of_the_grammar_has_a_function():
    for name, words in {
        "list": (),
        "inspect": ("a.so",),
        "check": ("a.so",),
        "diff": ("a.so", "b.so"),
        "run": ("in.png", "-o", "out.png", "-p", "a.so"),
        "call": ("a.so", "Add", "1", "-2"),
        "install": ("a.so",),
        "uninstall": ("a",),
        "bench": (),
        "trust": ("a.so",),
        "distrust": ("a.so",),
        "sign": ("a.so",),
        "verify": ("a.so",),
        "keys": ("list",),
    }.items():
        assert command_parser(cli.COMMANDS).parse_args([name, *words, "--json"]).run is cli.COMMANDS[name]


def test_a_usage_error_exits_2_and_spells_out_what_would_control_the_terminal(capsys):
    for parser, words in ((command_parser(cli.COMMANDS), ["check", "--\x1b[31m"]), (window_parser(), ["--\x1b[31m"])):
        with pytest.raises(SystemExit) as ended:
            parser.parse_args(words)
        assert ended.value.code == 2
        assert "\x1b" not in capsys.readouterr().err
