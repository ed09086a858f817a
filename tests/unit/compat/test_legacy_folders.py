"""The folders that glibc had for processors up to 2.36, as its own loader of today or then names them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from plugdeck.binary import read
from plugdeck.catalogue.examine import examine
from plugdeck.compat.host import Host
from plugdeck.compat.ld_cache import CacheEntry
from plugdeck.compat.legacy_folders import LegacyFolders
from plugdeck.compat.loader_setting import LoaderSetting
from plugdeck.compat.machine import Platform, loader_release
from plugdeck.compat.processor import hardware_words, platform_word
from plugdeck.compat.sysroot import Sysroot

AMD64 = Platform(62, "x86-64", 64, "little")
I386 = Platform(3, "x86", 32, "little")
AARCH64 = Platform(183, "AArch64", 64, "little")
HASWELL = "avx2 fma bmi1 bmi2 abm movbe popcnt"
SKYLAKE = f"{HASWELL} avx512cd avx512bw avx512dq avx512vl"
LEVELS, TLS, HARDWARE = "glibc-hwcaps", 1 << 63, 1 << 1
INTEL, OTHER = "GenuineIntel", "AuthenticAMD"


def setting_of_this_computer() -> LoaderSetting:
    host = Host.default()
    if host.resolver is None or host.glibc is None:
        pytest.skip("the worker's C library is not glibc")
    return host.resolver.search._setting


def test_subfolders_are_those_that_the_loader_tries(tmp_path: Path):
    """All of them, in its order, on whatever processor and glibc this is."""
    setting = setting_of_this_computer()
    for first in (*setting.first_below, LEVELS, "tls"):
        (tmp_path / first).mkdir(exist_ok=True)
    environment = {"LD_DEBUG": "libs", "LD_LIBRARY_PATH": os.fspath(tmp_path)}
    said = subprocess.run([sys.executable, "-c", ""], env=environment, capture_output=True, text=True, check=True)
    (searched,) = re.findall(r"search path=(\S+)\s+\(LD_LIBRARY_PATH\)", said.stderr)[:1]
    tried = [path.removeprefix(os.fspath(tmp_path)).lstrip("/") for path in dict.fromkeys(searched.split(":"))]
    assert [*setting.subfolders_in(os.fspath(tmp_path)), ""] == tried


def test_subfolder_that_appears_is_seen_by_the_next_verdict(libraries):
    """The window's host is made once; what plugins bring themselves may change at any time."""
    setting = setting_of_this_computer()
    if not setting._all_below:
        pytest.skip("this loader searches no sub-folders")
    needed = libraries("libs/libneeded.so", "int needed(void) { return 1; }")
    source = "int needed(void); int plugin(void) { return needed(); }"
    plugin = libraries("plugin.so", source, needs=[needed], flags=["-Wl,-rpath,$ORIGIN/libs"])
    assert examine(plugin).loads
    libraries(f"libs/{setting._all_below[-1]}/libneeded.so", "int other(void) { return 1; }")
    assert not examine(plugin).loads


def test_platform_is_the_loaders():
    setting = setting_of_this_computer()
    elf = read(Path(sys.executable).resolve()).elf
    assert elf and elf.interpreter
    said = subprocess.run([elf.interpreter, "--list-diagnostics"], capture_output=True, text=True, check=False).stdout
    if not (found := re.search(r'^dl_platform="(.*)"$', said, re.MULTILINE)):
        pytest.skip("this loader does not tell what it knows")
    assert setting.platform_token == found[1]


@pytest.mark.parametrize(
    ("machine", "vendor", "flags", "hardware", "word"),
    [
        (AMD64, OTHER, SKYLAKE, ("x86_64",), "x86_64"),
        (AMD64, INTEL, "popcnt", ("x86_64",), "x86_64"),
        (AMD64, INTEL, HASWELL, ("x86_64",), "haswell"),
        (AMD64, INTEL, SKYLAKE, ("x86_64", "avx512_1"), "haswell"),
        (AMD64, INTEL, f"{HASWELL} avx512cd avx512er avx512pf", ("x86_64",), "xeon_phi"),
        (I386, OTHER, "cmov sse2", ("sse2",), "i686"),
        (I386, INTEL, "fpu", (), "i386"),
        (AARCH64, "", "", (), "aarch64"),
    ],
)
def test_words_for_a_processor_are_glibcs(tmp_path: Path, machine, vendor, flags, hardware, word):
    information = tmp_path / "cpuinfo"
    information.write_text(f"processor\t: 0\nvendor_id\t: {vendor}\nflags\t\t: {flags}\n")
    assert (hardware_words(machine, information), platform_word(machine, information)) == (hardware, word)


def test_combinations_come_in_the_loaders_order(monkeypatch: pytest.MonkeyPatch):
    """As ``LD_DEBUG=libs`` shows them where the processor has both words."""
    monkeypatch.setattr("plugdeck.compat.legacy_folders.hardware_words", lambda _: ("x86_64", "avx512_1"))
    monkeypatch.setattr("plugdeck.compat.legacy_folders.platform_word", lambda _: "haswell")
    folders = LegacyFolders(AMD64, is_here=True)
    assert folders.subfolders == (
        "tls/haswell/avx512_1/x86_64", "tls/haswell/avx512_1", "tls/haswell/x86_64", "tls/haswell",
        "tls/avx512_1/x86_64", "tls/avx512_1", "tls/x86_64", "tls",
        "haswell/avx512_1/x86_64", "haswell/avx512_1", "haswell/x86_64", "haswell",
        "avx512_1/x86_64", "avx512_1", "x86_64",
    )  # fmt: skip
    assert folders.first == ("tls", "haswell", "avx512_1", "x86_64")
    assert folders.cache_bits == TLS | 1 << 50 | 1 << 2 | HARDWARE


@pytest.mark.parametrize(
    ("machine", "expected"),
    [(AMD64, ("tls/x86_64", "tls", "x86_64")), (I386, ("tls",)), (AARCH64, ("tls/aarch64", "tls", "aarch64"))],
)
def test_of_another_machines_processor_only_what_all_have_is_known(machine, expected):
    assert LegacyFolders(machine, is_here=False).subfolders == expected


@pytest.mark.parametrize(
    ("said", "versions", "release"),
    [
        (b"ld.so (Debian GLIBC 2.36-9+deb12u14) stable release version 2.36.\n", {"GLIBC_2.2.5"}, (2, 36)),
        (b"ld.so (GNU libc) development release version 2.41.9000.\n", {"GLIBC_2.2.5"}, (2, 41)),
        (b"no word of it", {"GLIBC_2.2.5", "GLIBC_PRIVATE"}, (2, 32)),
        (b"ld.so (GNU libc) stable release version 2.36.\n", set(), None),
    ],
)
def test_loader_says_its_release_since_it_knows_levels(tmp_path: Path, said, versions, release):
    (tmp_path / "ld.so").write_bytes(b"\0junk\0" + said)
    assert loader_release(os.fspath(tmp_path / "ld.so"), versions) == release


def test_loader_that_cannot_be_read_is_of_no_release(tmp_path: Path):
    os.mkfifo(tmp_path / "fifo")
    assert loader_release(os.fspath(tmp_path / "fifo"), {"GLIBC_2.34"}) is None
    assert loader_release(os.fspath(tmp_path / "absent"), {"GLIBC_2.34"}) is None


def test_worker_has_the_release_of_its_c_library():
    assert setting_of_this_computer()._release == Host.default().glibc


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ((2, 31), ["tls/x86_64", "tls", "x86_64"]),
        ((2, 36), ["tls/x86_64", "tls", "x86_64"]),
        ((2, 37), []),
        (None, []),
    ],
)
def test_release_decides_what_another_machines_loader_searches(tmp_path: Path, release, expected):
    for name in ("tls", "x86_64", "glibc-hwcaps/x86-64-v2"):
        (tmp_path / "lib" / name).mkdir(parents=True)
    setting = LoaderSetting(AMD64, program_path="/program", sysroot=Sysroot.at(tmp_path), release=release)
    assert list(setting.subfolders_in(os.fspath(tmp_path / "lib"))) == expected


@pytest.mark.parametrize("release", [(2, 32), (2, 33)])
def test_levels_are_folders_since_2_33(tmp_path: Path, release):
    (tmp_path / LEVELS).mkdir()
    setting = LoaderSetting(AMD64, program_path="/program", release=release)
    found = [each for each in setting.subfolders_in(os.fspath(tmp_path)) if each.startswith(LEVELS)]
    assert found == [f"{LEVELS}/{level}" for level in setting._levels]
    assert not found or release >= (2, 33)


@pytest.mark.parametrize(
    ("release", "path"), [((2, 36), "/lib/tls/x86_64/liba.so.1"), ((2, 37), "/lib/liba.so.1"), (None, "/lib/liba.so.1")]
)
def test_cache_gives_old_loaders_what_is_for_their_processor(tmp_path: Path, release, path):
    rows = [("sse2", 1), ("tls/x86_64", TLS | HARDWARE), ("tls", TLS), ("", 0)]
    architecture = AMD64.cache_architectures[0]
    cache = [CacheEntry("liba.so.1", os.path.join("/lib", each, "liba.so.1"), architecture, "", b) for each, b in rows]
    tree = Sysroot.at(tmp_path)
    setting = LoaderSetting(AMD64, program_path="/program", sysroot=tree, release=release, cache=cache)
    assert list(setting.cached("liba.so.1")) == [tree.path(path)]
