"""What dpkg's and apt's own records say of libraries, in systems made for the test."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from plugdeck.compat.packages import Definer, Packages, Shipped
from plugdeck.compat.remedies import install_remedy

CONTENTS = """usr/bin/deck                                    utils/deck
usr/lib/x86_64-linux-gnu/libcards.so.3          libs/libcards3t64,oldlibs/libcards3
usr/share/doc/with spaces/about.so.txt          doc/deck-doc
usr/lib/deck/plugins with spaces/libodd.so      libs/odd
"""


@pytest.fixture
def system(tmp_path: Path) -> Path:
    info, lists = tmp_path / "var/lib/dpkg/info", tmp_path / "var/lib/apt/lists"
    info.mkdir(parents=True)
    lists.mkdir(parents=True)
    (info / "libfoo1:amd64.list").write_text(
        "/.\n/usr\n/usr/lib/foo\n/usr/lib/foo/libfoo.so.1\n/usr/lib/foo/libfoo.so.1.2\n"
    )
    (info / "other.list").write_text("/.\n/opt/other/libfoo.so.1\n")
    (info / "libfoo1:amd64.symbols").write_text(
        "libfoo.so.1 libfoo1 #MINVER#\n* Build-Depends-Package: libfoo-dev\n"
        " foo_open@Base 1.0\n foo_close@FOO_1.1 1.1\n"
        "libbar.so.2 libbar2 #MINVER#\n| libbar2-alternative\n bar@Base 2.0\n"
    )
    (lists / "deck_dists_stable_main_binary-amd64_Packages").write_text(
        "Package: a\nVersion: 1\n\nPackage: libcards3\n"
    )
    (lists / "deck_dists_stable_main_Contents-amd64").write_text(CONTENTS)
    return tmp_path


def test_every_package_that_shipped_a_file_of_the_name_is_found(system: Path):
    shipped = Packages(os.fspath(system)).shipped("libfoo.so.1")
    assert set(shipped) == {Shipped("/usr/lib/foo/libfoo.so.1", "libfoo1"), Shipped("/opt/other/libfoo.so.1", "other")}


@pytest.mark.parametrize("name", ["libfoo.so", "foo.so.1", "", "\n", "lib\udcff.so", "../libfoo.so.1"])
def test_only_the_whole_name_counts(system: Path, name: str):
    packages = Packages(os.fspath(system))
    assert (packages.shipped(name), packages.offering(name)) == ((), "")


@pytest.mark.parametrize("is_packed", [False, True])
def test_lists_of_contents_tell_the_package(system: Path, is_packed: bool):
    if is_packed:
        (path,) = system.glob("var/lib/apt/lists/*_Contents-*")
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    packages = Packages(os.fspath(system))
    assert packages.offering("libcards.so.3") == "libcards3t64"
    assert packages.offering("libodd.so") == "odd"


def test_damaged_list_of_contents_says_what_comes_before_the_damage(system: Path):
    (path,) = system.glob("var/lib/apt/lists/*_Contents-*")
    packed = gzip.compress(path.read_bytes())
    path.with_name(f"{path.name}.gz").write_bytes(packed[: len(packed) // 2])
    path.unlink()
    assert Packages(os.fspath(system)).offering("libabsent.so.1") == ""


def test_names_of_packages_are_looked_up_in_apts_lists(system: Path):
    packages = Packages(os.fspath(system))
    assert [packages.has_package(name) for name in ("a", "libcards3", "libcards", "1")] == [True, True, False, False]


def test_records_of_symbols_tell_the_library(system: Path):
    packages = Packages(os.fspath(system))
    assert packages.definer("foo_close") == Definer("libfoo.so.1", "libfoo1")
    assert packages.definer("bar") == Definer("libbar.so.2", "libbar2")
    assert [packages.definer(name) for name in ("foo", "ar", "", "a\nb", "Build-Depends-Package:")] == [None] * 5


@pytest.mark.timeout(30)
def test_pipes_and_folders_in_the_place_of_records_are_passed_over(system: Path):
    for name in ("pipe.list", "pipe.symbols"):
        os.mkfifo(system / "var/lib/dpkg/info" / name)
    os.mkfifo(system / "var/lib/apt/lists/pipe_Packages")
    (system / "var/lib/apt/lists/folder_Contents-amd64").mkdir()
    packages = Packages(os.fspath(system))
    assert len(packages.shipped("libfoo.so.1")) == 2
    assert packages.definer("bar") == Definer("libbar.so.2", "libbar2")
    assert packages.offering("libcards.so.3") == "libcards3t64"
    assert packages.has_package("a")


def test_system_without_records_knows_nothing(tmp_path: Path):
    packages = Packages(os.fspath(tmp_path))
    assert (packages.shipped("libc.so.6"), packages.offering("libc.so.6"), packages.has_package("libc6")) == (
        (),
        "",
        None,
    )
    assert packages.definer("malloc") is None


def test_remedy_says_how_sure_the_package_is(system: Path, tmp_path: Path):
    known, nothing = Packages(os.fspath(system)), Packages(os.fspath(tmp_path / "empty"))
    assert "apt's lists: sudo apt install libcards3t64" in install_remedy("libcards.so.3", known)
    assert "by their naming rule, a package libzebra9, which apt's lists here do not have" in install_remedy(
        "libzebra.so.9", known
    )
    assert "by their naming rule, a package libzebra9)" in install_remedy("libzebra.so.9", nothing)
    assert "Ubuntu: the package zlib1g)" in install_remedy("libz.so.1", nothing)
    assert "Debian" not in install_remedy("plugin-parts.so", nothing)


@pytest.mark.parametrize(
    ("library", "word"),
    [
        ("libc.musl-x86_64.so.1", "Alpine"),
        ("libjvm.so", "Java"),
        ("liblog.so", "Android"),
        ("libcuda.so.1", "NVIDIA"),
    ],
)
def test_libraries_that_no_package_brings_have_a_remedy_of_their_own(library: str, word: str):
    assert word in install_remedy(library)


def test_only_the_other_c_library_has_no_place_in_a_host():
    assert "such as musl" in install_remedy("libm.so.6", is_musl=True)
    assert "the package libc6" in install_remedy("libm.so.6")
    assert "Alpine" not in install_remedy("libc.musl-x86_64.so.1", is_musl=True)
