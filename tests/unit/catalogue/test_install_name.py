import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugdeck.catalogue.install_name import file_name, file_word

HASH = hashlib.sha256(b"").hexdigest()


def test_the_name_tells_plugin_version_and_content():
    assert file_name("sepia", "1.2.0-beta+5", HASH) == f"sepia-1.2.0-beta+5-{HASH[:8]}.so"


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Gauß Blur", "Gauß-Blur"),
        ("模糊", "模糊"),
        ("../../etc/passwd", "etc-passwd"),
        ("a\x00b\nc\x1b[2Jd", "abc-2Jd"),
        ("evil\u202eos.fdp", "evilos.fdp"),
        ("\u200b\ufeff", ""),
        ("-rf", "rf"),
        (".hidden", "hidden"),
        ("ﬁlter", "filter"),
        ("a / b  \\  c", "a-b-c"),
        ("a..b", "a-b"),
        ("\udcff\ud800", ""),
    ],
)
def test_what_a_terminal_or_file_manager_would_act_on_is_gone(name, word):
    assert file_word(name) == word


def test_a_plugin_without_a_usable_name_or_version_still_gets_a_name():
    assert file_name("///", "", HASH) == f"plugin-{HASH[:8]}.so"


@given(st.text(), st.text(), st.sampled_from([8, 16, 64]))
def test_any_words_give_one_visible_file_name(name, version, digits):
    made = file_name(name, version, HASH, digits)
    assert len(made.encode()) <= 255
    assert "/" not in made
    assert made[0] not in ".-"
    assert made.isprintable()
    assert made.endswith(f"{HASH[:digits]}.so")
    assert file_name(name, version, HASH, digits) == made


@given(st.text())
def test_a_word_is_a_word_already(text):
    assert file_word(file_word(text)) == file_word(text)
