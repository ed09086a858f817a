"""What a loader takes for granted on each machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugdeck.compat.machine import Platform, default_folders, library_token
from plugdeck.compat.processor import processor_levels

AMD64 = Platform(62, "x86-64", 64, "little")
AARCH64 = Platform(183, "AArch64", 64, "little")


def test_default_folders_are_those_compiled_into_the_loader(tmp_path: Path):
    loader = tmp_path / "ld.so"
    loader.write_bytes(b"\0junk/not/a\0/gnu/store/lib/\0/gnu/store/lib64/\0rest")
    assert default_folders(AMD64, str(loader)) == ("/gnu/store/lib", "/gnu/store/lib64")


@pytest.mark.parametrize("interpreter", [None, "", "/nonexistent/ld.so", "/etc", "bad\0name"])
def test_convention_stands_in_for_a_loader_that_is_not_here(interpreter: str | None):
    folders = default_folders(Platform(243, "RISC-V", 64, "little"), interpreter)
    assert folders[-2:] == ("/lib", "/usr/lib")


def test_lib_token_follows_the_default_folders():
    assert library_token(AMD64, ("/lib/x86_64-linux-gnu", "/lib")) == "lib/x86_64-linux-gnu"
    assert library_token(AMD64, ("/lib64", "/lib")) == "lib64"
    assert library_token(Platform(3, "x86", 32, "little"), ("/lib",)) == "lib"


@pytest.mark.parametrize(
    ("flags", "levels"),
    [
        ("fpu sse2", ()),
        ("cx16 lahf_lm pni popcnt sse4_1 sse4_2 ssse3", ("x86-64-v2",)),
        (
            "cx16 lahf_lm pni popcnt sse4_1 sse4_2 ssse3 avx avx2 bmi1 bmi2 f16c fma abm movbe",
            ("x86-64-v3", "x86-64-v2"),
        ),
    ],
)
def test_processor_levels_need_every_one_of_their_flags(tmp_path: Path, flags: str, levels: tuple[str, ...]):
    information = tmp_path / "cpuinfo"
    information.write_text(f"processor : 0\nflags : {flags}\n")
    assert processor_levels(AMD64, information) == levels
    assert processor_levels(AARCH64, information) == ()
    assert processor_levels(AMD64, tmp_path / "absent") == ()
