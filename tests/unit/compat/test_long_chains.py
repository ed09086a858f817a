"""Libraries that need each other in a row of more than a thousand, as no real plugin does."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugdeck.binary import read
from plugdeck.compat.check import check
from plugdeck.compat.host import Host
from plugdeck.compat.library import Library
from plugdeck.compat.library_files import LibraryFile, LibraryFiles
from plugdeck.compat.library_findings import needed_by_words
from plugdeck.compat.loader_setting import LoaderSetting
from plugdeck.compat.search import Search
from plugdeck.compat.tree import dependency_tree

LENGTH = 1300


@pytest.fixture
def first(libraries) -> Path:
    """The first of the row, ``libn0000.so``; each needs the next and finds it beside itself, the last is not there."""
    stub = libraries("libn0001.so", flags=["-nostdlib"])
    made = libraries("libn0000.so", needs=[stub], flags=["-nostdlib", "-Wl,-rpath,$ORIGIN"]).read_bytes()
    for number in range(LENGTH):
        changed = made.replace(b"libn0001.so", b"libn%04d.so" % (number + 1))
        (libraries.root / f"libn{number:04}.so").write_bytes(changed.replace(b"libn0000.so", b"libn%04d.so" % number))
    return libraries.root / "libn0000.so"


def test_missing_end_of_a_long_chain_is_found_and_told_in_a_sentence_that_can_be_read(first: Path):
    (finding,) = check(read(first), Host.default())
    assert finding.id == "loader.library-not-found"
    assert finding.message == (
        "The library libn1300.so was not found; libn1299.so (needed by libn1298.so, needed by libn1297.so, needed by "
        "libn1296.so, needed by libn1295.so, needed by libn1294.so, needed by libn1293.so, needed by libn1292.so, "
        "needed by libn1291.so, needed by libn1290.so, … needed by 1,289 more …, needed by libn0000.so) needs it."
    )


def test_tree_of_a_long_chain_ends_with_words(first: Path):
    node = dependency_tree(read(first), Host.default())
    while node and node.children:
        node = node.children[0]
    assert node
    assert node.problem == "Deeper libraries are not shown."


def test_ten_above_are_all_named(libraries):
    file = LibraryFile(read(libraries("libx.so")).elf)
    library = None
    for number in range(11):
        library = Library(f"/lib{number}.so", file, "", library)
    assert library
    assert needed_by_words(library).count("needed by lib") == 10
    assert "more" not in needed_by_words(library)


def test_musl_looks_for_all_along_a_long_chain_of_those_who_ask(libraries):
    elf, here = read(libraries("libx.so")).elf, Host.default().platform
    assert elf
    assert here
    library = Library("/lib0.so", LibraryFile(elf), "", None)
    for number in range(LENGTH):
        library = Library(f"/lib{number}.so", LibraryFile(elf), "", library)
    setting = LoaderSetting(here, program_path="/program", is_musl=True)
    assert Search(setting, LibraryFiles(read, here)).is_plain(library)
