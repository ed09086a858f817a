import pytest

from plugdeck.mime_associations import with_association, without_association

TYPE = "application/x-sharedlib"
ENTRY = "plugdeck.desktop"
OURS = f"[Added Associations]\n{TYPE}={ENTRY};\n"

USERS = """# mine
[Default Applications]
application/x-sharedlib=hex.desktop
text/plain=Editor.desktop;

[Added Associations]
text/plain=a.desktop;b.desktop;
# a comment
[Removed Associations]
application/x-sharedlib=viewer.desktop;
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", OURS),
        ("[Added Associations]\n", OURS),
        (OURS, OURS),
        ("[Added Associations]\n" + TYPE + "=hex.desktop", f"[Added Associations]\n{TYPE}=hex.desktop;{ENTRY};\n"),
        ("[Default Applications]\na=b;\n", f"[Default Applications]\na=b;\n\n{OURS}"),
        (USERS, USERS.replace("[Added Associations]\n", OURS)),
    ],
)
def test_the_entry_is_added_last_and_nothing_else_changes(before, after):
    assert with_association(before, TYPE, ENTRY) == after


@pytest.mark.parametrize("before", ["", USERS, "[Default Applications]\na=b;\n\u2028odd\x0cline\n", "junk\n"])
def test_removing_undoes_adding(before):
    there = without_association(with_association(before, TYPE, ENTRY), TYPE, ENTRY)
    assert [line for line in there.split("\n") if line] == [line for line in before.split("\n") if line] + (
        [] if "[Added" in before or not before else ["[Added Associations]"]
    )


def test_removing_takes_it_from_the_defaults_too_and_leaves_the_others():
    text = f"[Default Applications]\n{TYPE}={ENTRY};hex.desktop;\n[Removed Associations]\n{TYPE}={ENTRY};\n"
    expected = f"[Default Applications]\n{TYPE}=hex.desktop;\n[Removed Associations]\n{TYPE}={ENTRY};\n"
    assert without_association(text, TYPE, ENTRY) == expected


def test_a_text_without_the_entry_comes_back_as_it_is():
    assert without_association("odd text without a line end", TYPE, ENTRY) == "odd text without a line end"


def test_nothing_is_left_of_a_list_that_held_only_the_entry():
    assert without_association(OURS, TYPE, ENTRY) == ""
