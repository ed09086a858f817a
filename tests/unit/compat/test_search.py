"""The search order, on real files, against what the dynamic loader of this computer does with them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from plugdeck.binary import read
from plugdeck.binary.facts import VersionNeed
from plugdeck.compat.check import check
from plugdeck.compat.finding import Finding
from plugdeck.compat.host import Host
from plugdeck.compat.processor import processor_levels

DLOPEN = "import ctypes, os, sys; ctypes.CDLL(sys.argv[1], os.RTLD_NOW); print(open('/proc/self/maps').read())"


def judged(path: Path, *, symbols: bool = True) -> tuple[Finding, ...]:
    return tuple(f for f in check(read(path, symbols=symbols), Host.default()) if f.stops_load)


def loaded_by_the_loader(path: Path) -> set[str] | None:
    """The files in memory after dlopen, or None when it refuses."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", DLOPEN, os.fspath(path)], capture_output=True, text=True, timeout=30
    )
    if done.returncode:
        return None
    return {line.split(maxsplit=5)[5] for line in done.stdout.splitlines() if len(line.split(maxsplit=5)) == 6}


def assert_agreement(plugin: Path, *, loads: bool) -> tuple[Finding, ...]:
    """Our verdict is the loader's; with it, so are the files that we say it takes."""
    findings = judged(plugin)
    in_memory = loaded_by_the_loader(plugin)
    assert (in_memory is not None) == loads, in_memory
    assert (not findings) == loads, findings
    if in_memory is not None:
        closure = Host.default().closure(read(plugin))
        assert closure
        assert {os.path.realpath(library.path) for library in closure.libraries} <= in_memory
    return findings


@pytest.mark.parametrize("dtags", ["--enable-new-dtags", "--disable-new-dtags"])
@pytest.mark.parametrize("folder", ["{root}/libs", "$ORIGIN/libs", "${{ORIGIN}}/x/../libs"])
def test_library_is_found_by_runpath_and_rpath(libraries, dtags: str, folder: str):
    needed = libraries("libs/libneeded.so")
    libraries("x/libother.so")
    flags = [f"-Wl,{dtags}", f"-Wl,-rpath,{folder.format(root=libraries.root)}"]
    assert_agreement(libraries("plugin.so", needs=[needed], flags=flags), loads=True)


def test_runpath_does_not_help_the_libraries_below(libraries):
    deep = libraries("libs/libdeep.so")
    middle = libraries("libs/libmiddle.so", needs=[deep])
    flags = ["-Wl,--enable-new-dtags,-rpath,$ORIGIN/libs"]
    (finding,) = assert_agreement(libraries("plugin.so", needs=[middle], flags=flags), loads=False)
    assert finding.id == "loader.library-not-found"
    assert "libdeep.so" in finding.message
    assert "libmiddle.so (needed by plugin.so)" in finding.message


def test_rpath_helps_the_libraries_below(libraries):
    deep = libraries("libs/libdeep.so")
    middle = libraries("libs/libmiddle.so", needs=[deep])
    flags = ["-Wl,--disable-new-dtags,-rpath,$ORIGIN/libs"]
    assert_agreement(libraries("plugin.so", needs=[middle], flags=flags), loads=True)


def test_runpath_of_the_middle_one_shuts_out_rpath_from_above(libraries):
    deep = libraries("libs/libdeep.so")
    middle = libraries("libs/libmiddle.so", needs=[deep], flags=["-Wl,--enable-new-dtags,-rpath,/nowhere"])
    flags = ["-Wl,--disable-new-dtags,-rpath,$ORIGIN/libs"]
    (finding,) = assert_agreement(libraries("plugin.so", needs=[middle], flags=flags), loads=False)
    assert finding.evidence[0].startswith("RUNPATH of libmiddle.so: /nowhere/libdeep.so does not exist")


def test_library_that_is_loaded_already_is_not_searched_for_again(libraries):
    deep = libraries("libs/libdeep.so")
    middle = libraries("libs/libmiddle.so", needs=[deep])
    flags = ["-Wl,--enable-new-dtags,-rpath,$ORIGIN/libs"]
    plugin = libraries("plugin.so", needs=[deep, middle], flags=flags)
    assert_agreement(plugin, loads=True)
    behind = libraries("behind.so", needs=[middle, deep], flags=flags)
    assert_agreement(behind, loads=True)


def test_needed_name_with_a_slash_is_a_path(libraries):
    needed = libraries("libs/libneeded.so", soname=str(libraries.root / "libs/libneeded.so"))
    plugin = libraries("plugin.so", needs=[needed])
    assert_agreement(plugin, loads=True)
    needed.unlink()
    assert_agreement(plugin, loads=False)


def test_missing_library_names_every_place_in_order(libraries):
    needed = libraries("libs/libplugdeckabsent.so.1")
    plugin = libraries("plugin.so", needs=[needed], flags=["-Wl,--enable-new-dtags,-rpath,/nowhere:$ORIGIN"])
    needed.unlink()
    (finding,) = assert_agreement(plugin, loads=False)
    assert finding.id == "loader.library-not-found"
    sources = [line.partition(":")[0] for line in finding.evidence]
    assert sources[:3] == ["RUNPATH of plugin.so", "RUNPATH of plugin.so", "/etc/ld.so.cache"]
    assert set(sources[3:]) == {"default folder"}
    assert "libplugdeckabsent1" in finding.remedy


def test_environment_is_searched_after_rpath_and_before_runpath(libraries, monkeypatch: pytest.MonkeyPatch):
    first, second = libraries("first/libneeded.so"), libraries("second/libneeded.so")
    plugin = libraries("plugin.so", needs=[second], flags=["-Wl,--enable-new-dtags,-rpath,$ORIGIN/second"])
    old = libraries("old.so", needs=[second], flags=["-Wl,--disable-new-dtags,-rpath,$ORIGIN/second"])
    monkeypatch.setenv("LD_LIBRARY_PATH", str(first.parent))
    for path, expected in ((plugin, first), (old, second)):
        closure = Host.default().closure(read(path))
        assert closure
        assert [library.path for library in closure.libraries[1:]] == [str(expected)]
        environment = {**os.environ, "LD_LIBRARY_PATH": str(first.parent)}
        listed = subprocess.run(
            [sys.executable, "-I", "-S", "-c", DLOPEN, str(path)],
            capture_output=True, text=True, timeout=30, env=environment,
        )  # fmt: skip
        assert str(expected) in listed.stdout


def test_library_for_another_machine_is_passed_over(libraries):
    needed = libraries("right/libneeded.so")
    wrong = libraries("wrong/libneeded.so")
    data = bytearray(wrong.read_bytes())
    data[18:20] = (183).to_bytes(2, "little")  # e_machine: AArch64
    wrong.write_bytes(data)
    flags = ["-Wl,-rpath,$ORIGIN/wrong:$ORIGIN/right"]
    plugin = libraries("plugin.so", needs=[needed], flags=flags)
    assert_agreement(plugin, loads=True)
    needed.unlink()
    (finding,) = assert_agreement(plugin, loads=False)
    assert finding.id == "loader.library-wrong-machine"
    assert f"{wrong} is for AArch64" in finding.message


def test_text_in_place_of_a_library_ends_the_search(libraries):
    needed = libraries("right/libneeded.so")
    (libraries.root / "wrong").mkdir()
    (libraries.root / "wrong/libneeded.so").write_text("GROUP ( libneeded.so.1 )\n" * 40)
    flags = ["-Wl,-rpath,$ORIGIN/wrong:$ORIGIN/right"]
    (finding,) = assert_agreement(libraries("plugin.so", needs=[needed], flags=flags), loads=False)
    assert finding.id == "loader.library-unusable"


def test_fifo_in_place_of_a_library_does_not_hang(libraries):
    needed = libraries("libs/libneeded.so")
    plugin = libraries("plugin.so", needs=[needed], flags=["-Wl,-rpath,$ORIGIN/libs"])
    needed.unlink()
    os.mkfifo(needed)
    assert judged(plugin)


def versioned(libraries, name: str, versions: list[str]) -> Path:
    script = libraries.root / f"{name.replace('/', '-')}.{len(versions)}.map"
    parts = [f"{version} {{ {'global: shared;' if i == 0 else ''} }};" for i, version in enumerate(versions)]
    script.write_text("\n".join(parts))
    return libraries(name, "int shared(void) { return 1; }\n", flags=[f"-Wl,--version-script={script}"])


def test_missing_version_names_what_is_needed_and_what_is_here(libraries):
    new = versioned(libraries, "new/libversioned.so.1", ["LIBV_1.10"])
    caller = "int shared(void); int Call(void) { return shared(); }\n"
    plugin = libraries("plugin.so", caller, needs=[new], flags=["-Wl,-rpath,$ORIGIN/old"])
    versioned(libraries, "old/libversioned.so.1", ["LIBV_1.2", "LIBV_1.9"])
    (finding,) = assert_agreement(plugin, loads=False)
    assert finding.id == "loader.version-missing"
    assert "LIBV_1.10" in finding.message
    assert "LIBV_1.9" in finding.message


def test_library_without_versions_satisfies_every_need(libraries):
    new = versioned(libraries, "new/libversioned.so.1", ["LIBV_1"])
    caller = "int shared(void); int Call(void) { return shared(); }\n"
    plugin = libraries("plugin.so", caller, needs=[new], flags=["-Wl,-rpath,$ORIGIN/old"])
    libraries("old/libversioned.so.1", "int shared(void) { return 1; }\n")
    assert_agreement(plugin, loads=True)


def test_newer_glibc_is_named_with_the_newest_here(libraries):
    facts = read(libraries("plugin.so", needs=[]), symbols=False)
    assert facts.elf
    needs = (VersionNeed("libc.so.6", "GLIBC_2.99", False),)
    newer = replace(facts, elf=replace(facts.elf, needed=("libc.so.6",), version_needs=needs))
    (finding,) = check(newer, Host.default())
    assert finding.id == "loader.version-missing"
    assert "needs GLIBC_2.99 of libc.so.6; the newest here is GLIBC_2." in finding.message
    assert finding.remedy.startswith("Rebuild it against glibc 2.")


def test_undefined_symbol_stops_the_load(libraries):
    source = "int nowhere_defined(void); extern int nor_this; int Call(void) { return nowhere_defined() + nor_this; }\n"
    (finding,) = assert_agreement(libraries("plugin.so", source), loads=False)
    assert finding.id == "loader.symbol-not-found"
    assert finding.evidence[:2] == ("undefined: nor_this", "undefined: nowhere_defined")


def test_weak_undefined_symbol_does_not_stop_the_load(libraries):
    source = "__attribute__((weak)) int maybe(void); int Call(void) { return maybe ? maybe() : 0; }\n"
    assert_agreement(libraries("plugin.so", source), loads=True)


def test_undefined_symbol_of_a_library_below_may_be_defined_by_the_plugin(libraries):
    below = libraries("libs/libbelow.so", "int from_plugin(void); int Below(void) { return from_plugin(); }\n")
    flags = ["-Wl,-rpath,$ORIGIN/libs"]
    assert_agreement(
        libraries("plugin.so", "int from_plugin(void) { return 1; }", needs=[below], flags=flags), loads=True
    )
    (finding,) = assert_agreement(libraries("other.so", needs=[below], flags=flags), loads=False)
    assert "libbelow.so (needed by other.so)" in finding.message


def test_circles_of_libraries_end(libraries):
    first = libraries("libs/libfirst.so")
    second = libraries("libs/libsecond.so", needs=[first], flags=["-Wl,-rpath,$ORIGIN"])
    libraries("libs/libfirst.so", needs=[second], flags=["-Wl,-rpath,$ORIGIN"])
    plugin = libraries("plugin.so", needs=[second], flags=["-Wl,-rpath,$ORIGIN/libs"])
    assert_agreement(plugin, loads=True)


def test_processor_level_folders_are_searched_first(libraries):
    host = Host.default()
    assert host.platform
    levels = processor_levels(host.platform)
    if not levels:
        pytest.skip("the loader knows no processor levels here")
    plain = libraries("libs/libneeded.so")
    special = libraries(f"libs/glibc-hwcaps/{levels[-1]}/libneeded.so")
    plugin = libraries("plugin.so", needs=[plain], flags=["-Wl,-rpath,$ORIGIN/libs"])
    assert_agreement(plugin, loads=True)
    closure = host.closure(read(plugin))
    assert closure
    assert closure.libraries[1].path == os.fspath(special)


@pytest.mark.parametrize("flags", [(), ("-Wl,-z,nodefaultlib",)])
def test_nodefaultlib_shuts_out_cache_and_default_folders(libraries, flags: tuple[str, ...]):
    # A library of glibc's that no Python links: one that is loaded already needs no search.
    found = Host.default().resolver.search.find_plainly("libanl.so.1")  # type: ignore[union-attr]
    assert found
    assert_agreement(libraries("plugin.so", needs=[Path(found.path)], flags=flags), loads=not flags)


def test_preloaded_libraries_are_there_already(libraries, monkeypatch: pytest.MonkeyPatch):
    offering = libraries("offering.so", "int offered(void) { return 1; }\n")
    plugin = libraries("plugin.so", "int offered(void); int Call(void) { return offered(); }\n")
    assert_agreement(plugin, loads=False)
    monkeypatch.setenv("LD_PRELOAD", os.fspath(offering))
    assert_agreement(plugin, loads=True)


def test_library_that_appears_is_found_at_the_next_look(libraries):
    needed = libraries("libs/libneeded.so")
    plugin = libraries("plugin.so", needs=[needed], flags=["-Wl,-rpath,$ORIGIN/libs"])
    away = needed.rename(needed.with_suffix(".away"))
    assert judged(plugin)
    away.rename(needed)
    assert not judged(plugin)


@pytest.mark.parametrize(
    ("needed", "runpath"),
    [
        (tuple(f"libabsent{number}.so" for number in range(50_000)), ()),
        (("libabsent.so",), tuple(f"/nowhere/{number}" for number in range(50_000))),
        (("",), ("", "$", "${ORIGIN", "$ORIGIN$ORIGIN", "$PLATFORM/$LIB")),
        (("x" * 100_000, "a\udcffb\nc", "..", "/", "./x/../y"), ("\udcff",)),
    ],
)
def test_crafted_tables_end_soon(libraries, needed: tuple[str, ...], runpath: tuple[str, ...]):
    facts = read(libraries("plugin.so"), symbols=False)
    assert facts.elf
    crafted = replace(facts, elf=replace(facts.elf, needed=needed, runpath=runpath))
    findings = check(crafted, Host.default())
    assert 1 <= len(findings) <= 60
    assert all(len(finding.evidence) <= 70 for finding in findings)
