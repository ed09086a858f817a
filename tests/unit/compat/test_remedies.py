"""Remedies: packages by soname, versions in order, symbols by their beginnings; and the policies themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plugdeck.compat.remedies import debian_package, newest, rebuild_remedy, symbol_remedy
from plugdeck.paths import shipped

POLICIES = sorted(shipped("resources", "policies").glob("*.json"))


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("libfoo.so.1", "libfoo1"),
        ("libX11.so.6", "libx11-6"),
        ("libfoo_bar.so.2", "libfoo-bar2"),
        ("libicuuc.so.72", "libicuuc72"),
        ("libfoo-1.2.so", "libfoo-1.2"),
        ("libGL.so.1", "libgl1"),
        ("libz.so.1", "zlib1g"),
        ("libc.so.6", "libc6"),
        ("libjvm.so", ""),
        ("foo.so", ""),
        ("lib\u200f.so.1", ""),
    ],
)
def test_debian_package_follows_the_soname(library: str, package: str):
    assert debian_package(library) == package


def test_newest_version_is_by_number_and_of_the_same_kind():
    versions = ["GLIBC_2.9", "GLIBC_2.36", "GLIBC_PRIVATE", "GLIBCXX_3.4", "GLIBC_2.2.5"]
    assert newest(versions, "GLIBC_2.38") == "GLIBC_2.36"
    assert newest(versions, "LIBV_1") == ""


@pytest.mark.parametrize(
    ("needed", "offered", "words"),
    [
        ("GLIBC_2.38", "GLIBC_2.36", "glibc 2.36 or older, for example on Debian 12, or run it where glibc 2.38"),
        ("GLIBC_2.38", "GLIBC_2.33", "glibc 2.33 or older, or run it where glibc 2.38 or newer"),
        ("GLIBCXX_3.4.32", "GLIBCXX_3.4.30", "GCC 12 (Debian 12, Ubuntu 22.04) or older, or link it with -static-lib"),
        ("GLIBCXX_3.4.32", "GLIBCXX_3.4.30", "run it where the libstdc++ of GCC 13 is"),
        ("GLIBCXX_3.4.99", "GLIBCXX_3.4.30", "run it where a libstdc++ with that version is"),
        ("CXXABI_1.3.15", "CXXABI_1.3.13", "GCC 11 or 12 (Debian 12, Ubuntu 22.04) or older"),
        ("OPENSSL_3.2.0", "OPENSSL_3.0.0", "OpenSSL 3.0.0 or older, or run it where OpenSSL 3.2.0 or newer is"),
        ("GLIBC_ABI_DT_RELR", "GLIBC_2.35", "-Wl,-z,nopack-relative-relocs"),
        ("GLIBC_PRIVATE", "GLIBC_2.36", "fits one exact version"),
        ("LIBV_1", "", "Build it against the library that is on this computer"),
        ("LIBV_1", "LIBV_2", "Build it against the library that is on this computer"),
    ],
)  # fmt: skip
def test_rebuild_remedy_says_what_the_version_stands_for(needed: str, offered: str, words: str):
    assert words in rebuild_remedy(needed, offered)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("PyLong_FromLong", "Python interpreter"),
        ("vtable for deck::Card", "first virtual function"),
        ("std::__cxx11::basic_string<char>::size()", "_GLIBCXX_USE_CXX11_ABI"),
        ("std::terminate()", "g++"),
        ("__asan_init", "-fsanitize=address"),
        ("some_function", "Link it with the library"),
        ("", "Link it with the library"),
    ],
)
def test_symbol_remedy_is_of_the_longest_beginning(name: str, word: str):
    assert word in symbol_remedy(name)


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_policies_say_what_they_are_and_hold_sentences(path: Path):
    policy = json.loads(path.read_text(encoding="utf-8"))
    assert policy.pop("about").endswith(".")
    for name in ("remedies", "kinds", "glibc-libraries", "musl-libraries", "beginnings"):
        assert all(
            (text.endswith(".") and text[0].isupper()) or text.startswith("nginx")
            for text in policy.get(name, {}).values()
        )
