"""Remedies: packages by soname, versions in order."""

from __future__ import annotations

import pytest

from plugdeck.compat.remedies import debian_package, newest, rebuild_remedy


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


def test_rebuild_remedy_says_what_the_version_stands_for():
    assert "glibc 2.36 or older, for example on Debian 12" in rebuild_remedy("GLIBC_2.38", "GLIBC_2.36")
    assert "libstdc++ 3.4.30 or older, for example on GCC 12" in rebuild_remedy("GLIBCXX_3.4.32", "GLIBCXX_3.4.30")
    assert "-Wl,-z,nopack-relative-relocs" in rebuild_remedy("GLIBC_ABI_DT_RELR", "GLIBC_2.35")
    assert rebuild_remedy("LIBV_1", "")
