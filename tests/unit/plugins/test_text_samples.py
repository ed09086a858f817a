"""The samples that answer questions: greeter in two languages, and users."""

# ruff: noqa: RUF001 - Chinese has its own comma
import ctypes
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CALL = """
import ctypes, json, os, sys
path, file, questions = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
library = ctypes.CDLL(path, mode=os.RTLD_NOW)
kept = os.fsencode(file)  # the variable points to these bytes
if file:
    ctypes.c_char_p.in_dll(library, "UsersFile").value = kept
answers = []
for name, *arguments in questions:
    function = getattr(library, name)
    function.restype = ctypes.c_char_p
    answer = function(*(argument if argument is None else argument.encode() for argument in arguments))
    answers.append(None if answer is None else answer.decode())
print(json.dumps(answers))
"""


def ask(path, *questions, file=""):
    command = [sys.executable, "-I", "-c", CALL, os.fspath(path), os.fspath(file), json.dumps(questions)]
    done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("greeter-en", ["Hello, Ada!", "Hello, world!", "English"]),
        ("greeter-zh", ["你好，Ada！", "你好，世界！", "中文"]),
    ],
)
def test_greeter_greets_in_its_language(sample, name, expected):
    assert ask(sample(name), ("Greet", "Ada"), ("Greet", ""), ("Language",)) == expected


def test_greeter_cuts_a_long_name_between_characters(sample):
    (greeting,) = ask(sample("greeter-zh"), ("Greet", "张" * 500))
    assert greeting == f"你好，{'张' * 66}！"


def test_greeter_survives_no_name_at_all(sample):
    assert ask(sample("greeter-en"), ("Greet", None)) == ["Hello, world!"]


def test_user_is_found_by_id_with_everything_that_is_known(sample):
    (answer,) = ask(sample("users"), ("GetUser", "curie"))
    known = json.loads(Path(sample("users")).with_name("users.json").read_text(encoding="utf-8"))
    assert json.loads(answer) == next(user for user in known if user["id"] == "curie")


@pytest.mark.parametrize(
    ("claim", "value", "found"),
    [
        ("mail", "ada@example.org", "lovelace"),
        ("uid", "1004", "zhang-heng"),
        ("language", "de", "einstein"),
        ("display_name", "张衡", "zhang-heng"),
    ],
)
def test_user_is_found_by_any_claim(sample, claim, value, found):
    (answer,) = ask(sample("users"), ("GetUserByClaim", claim, value))
    assert json.loads(answer)["id"] == found


def test_groups_of_a_user_are_a_list_and_of_nobody_an_empty_one(sample):
    answers = ask(sample("users"), ("GetUserGroups", "lovelace"), ("GetUserGroups", "nobody"))
    assert [json.loads(answer) for answer in answers] == [["mathematicians", "programmers"], []]


def test_users_are_found_by_a_part_of_what_names_them(sample):
    answers = ask(sample("users"), ("FindUser", "EXAMPLE.org"), ("FindUser", "skłod"), ("FindUser", "xyz"))
    assert [len(json.loads(answer)) for answer in answers] == [4, 1, 0]
    assert [user["id"] for user in json.loads(ask(sample("users"), ("FindUser", "Skłodow"))[0])] == ["curie"]


def test_unknown_users_and_missing_arguments_are_null(sample):
    questions = [
        ("GetUser", "nobody"),
        ("GetUser", None),
        ("GetUserByClaim", None, None),
        ("GetUserByClaim", "groups", ""),
    ]
    assert ask(sample("users"), *questions) == ["null"] * 4


def test_file_is_found_beside_the_plugin_and_through_a_link(sample, tmp_path):
    (tmp_path / "link.so").symlink_to(sample("users"))
    assert json.loads(ask(tmp_path / "link.so", ("GetUser", "curie"))[0])["username"] == "marie"


def test_missing_file_is_an_error_and_no_crash(sample, tmp_path):
    alone = shutil.copy(sample("users"), tmp_path / "users.so")
    assert ask(alone, ("GetUser", "curie"), ("FindUser", "")) == [None, None]


@pytest.mark.parametrize(
    "text",
    [
        "", "[", "[1,]", '["\\x"]', '["\\ud800"]', '["\\udc00\\ud800"]', "[01]", "[1.]", "[-]", "[1e]", "{}", "nul",
        '[{"id": "curie"]', '["line\nbreak"]', "[" * 100_000, '["\\u12', '[{"id" "curie"}]', "[] []", '["', "\x00",
    ],
)  # fmt: skip
def test_damaged_json_is_an_error_and_no_crash(sample, tmp_path, text):
    file = tmp_path / "damaged.json"
    file.write_text(text, encoding="utf-8")
    assert ask(sample("users"), ("GetUser", "curie"), file=file) == [None]


def test_json_comes_back_as_it_went_in(sample, tmp_path):
    user = {
        "id": "x", "text": 'quote " slash \\ tab \t bell \x07', "emoji": "😀", "null": None, "yes": True,
        "numbers": [0, -1, 1.5, 1e-7, 10**20], "nested": {"empty": {}, "list": [[], [[]]]},
    }  # fmt: skip
    file = tmp_path / "some.json"
    for ascii_only in (True, False):
        file.write_text(json.dumps([user], ensure_ascii=ascii_only), encoding="utf-8")
        assert json.loads(ask(sample("users"), ("GetUser", "x"), file=file)[0]) == user


def test_exceptions_never_leave_the_plugin(sample):
    library = ctypes.CDLL(os.fspath(sample("users")))
    library.GetUser.restype = ctypes.c_char_p
    assert library.GetUser(b"\xff\xfe") == b"null"
