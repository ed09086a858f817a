"""What findings say: the culprit, where it would come from, and a remedy that works when it is followed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from plugdeck.binary import read
from plugdeck.compat.check import check
from plugdeck.compat.closure import MissingLibrary
from plugdeck.compat.finding import Finding
from plugdeck.compat.host import Host, read_briefly
from plugdeck.compat.ld_cache import CacheEntry
from plugdeck.compat.library_files import LibraryFiles
from plugdeck.compat.library_findings import library_findings
from plugdeck.compat.loader_setting import LoaderSetting
from plugdeck.compat.origins import Origins
from plugdeck.compat.search import Search
from plugdeck.compat.sysroot import Sysroot
from plugdeck.dialects.library.recognise import NO_CONTRACT
from plugdeck.ui.details.gone import GONE

RUNPATH = "-Wl,--enable-new-dtags,-rpath,$ORIGIN/libs"
FOREIGN = {
    "machine.class": {"bits": 32},
    "machine.byte-order": {"byte_order": "big"},
    "machine.wrong": {"machine": 183, "machine_name": "AArch64"},
    "elf.is-object": {"type": 1},
    "elf.is-executable": {"flags_1": 0x0800_0000},
    "elf.not-dynamic": {"has_dynamic": False},
    "elf.os-abi": {"os_abi": 9},
    "loader.marked-no-open": {"flags_1": 0x40},
    "elf.executable-stack": {"executable_stack": True},
    "elf.text-relocations": {"text_relocations": True},
    "loader.library-not-found": {"needed": ("libabsent.so.1",)},
}


def findings_of(path: Path) -> tuple[Finding, ...]:
    return check(read(path), Host.default())


def only(path: Path, identifier: str) -> Finding:
    (finding,) = findings_of(path)
    assert finding.id == identifier
    assert_readable(finding)
    return finding


def assert_readable(finding: Finding) -> None:
    """One sentence, with what was seen and what to do, on one line each."""
    assert finding.message.endswith(".")
    assert len(finding.message) < 400
    for text in (finding.message, finding.remedy, *finding.evidence):
        assert text.isprintable()
        assert text.strip() == text != ""
    assert finding.remedy[0].isupper()


@pytest.mark.parametrize("identifier", FOREIGN)
def test_findings_about_the_file_are_readable(libraries, identifier: str):
    facts = read(libraries("plugin.so"))
    assert facts.elf
    changed = replace(facts, elf=replace(facts.elf, **FOREIGN[identifier]))
    findings = [each for each in check(changed, Host.default()) if each.id == identifier]
    assert findings
    for finding in findings:
        assert_readable(finding)


@pytest.mark.parametrize("finding", [GONE, NO_CONTRACT], ids=["file.gone", "plugin.no-contract"])
def test_findings_that_never_differ_are_readable(finding: Finding):
    assert_readable(finding)


def test_symbol_of_cpp_is_named_as_people_do_and_as_the_linker_does(build_plugin):
    source = (
        "namespace deck { struct Card { int draw(int) const; }; } int Call(const deck::Card &c) { return c.draw(1); }"
    )
    finding = only(build_plugin(source, language="c++"), "loader.symbol-not-found")
    assert finding.message.startswith("Nothing defines the symbol deck::Card::draw(int) const; plugin.so needs it.")
    assert finding.evidence[0] == "undefined: deck::Card::draw(int) const (mangled: _ZNK4deck4Card4drawEi)"
    assert "Plugdeck's worker" in finding.evidence[-1]
    assert "do not export it" in finding.evidence[-1]


def test_library_that_lacks_a_symbol_is_named_with_the_way_to_it(libraries):
    deep = libraries("libs/libdeep.so", "int absent(void); int deep(void) { return absent(); }")
    middle = libraries("libs/libmiddle.so", needs=[deep], flags=["-Wl,-rpath,$ORIGIN"])
    finding = only(libraries("plugin.so", needs=[middle], flags=[RUNPATH]), "loader.symbol-not-found")
    assert "libdeep.so (needed by libmiddle.so, needed by plugin.so) needs it" in finding.message


def test_symbol_that_is_there_in_another_version_says_which(libraries, tmp_path):
    script = tmp_path / "versions.map"
    script.write_text("FOO_1.0 { global: other; }; FOO_2.0 { global: bar; };")
    source = "int bar(void) { return 1; } int other(void) { return 2; }\n"
    newer = libraries("build/libfoo.so.1", source, flags=[f"-Wl,--version-script={script}"])
    caller = "int bar(void); int Call(void) { return bar(); }\n"
    plugin = libraries("plugin.so", caller, needs=[newer], flags=[RUNPATH])
    script.write_text("FOO_1.0 { global: bar; }; FOO_2.0 { global: other; };")
    libraries("libs/libfoo.so.1", source, flags=[f"-Wl,--version-script={script}"])
    finding = only(plugin, "loader.symbol-not-found")
    assert finding.evidence[0] == "undefined: bar@FOO_2.0; libfoo.so.1 here has it only as version FOO_1.0"
    assert "rebuild the plugin against the one here" in finding.remedy


def test_symbols_of_an_interpreter_lead_to_it(libraries):
    finding = only(libraries("plugin.so", "int rb_absent(void); int Call(void) { return rb_absent(); }\n"),
                   "loader.symbol-not-found")  # fmt: skip
    assert "choose the ruby" in finding.remedy


def origins_in(tree: Path, path: Path, cache: list[CacheEntry]) -> tuple[Origins, Host]:
    host = Host.default()
    assert host.platform
    assert host.scope
    setting = LoaderSetting(host.platform, program_path="/usr/bin/deck", cache=cache, sysroot=Sysroot.at(tree))
    search = Search(setting, LibraryFiles(read_briefly, host.platform, sysroot=Sysroot.at(tree)))
    closure = host.closure(read(path))
    assert closure
    return Origins(closure, search, host.scope), host


def test_newer_library_and_installed_packages_are_asked_for_the_symbol(libraries, tmp_path):
    tree = tmp_path / "tree"
    libraries("tree/lib/libfoo.so.2", "int moved(void) { return 1; }\n")
    records = tree / "var/lib/dpkg/info"
    records.mkdir(parents=True)
    (records / "libpng16.symbols").write_text("libpng16.so.16 libpng16-16 #MINVER#\n png_read@PNG16_0 1.6\n")
    older = libraries("libs/libfoo.so.1")
    plugin = libraries("plugin.so", needs=[older], flags=[RUNPATH])
    host = Host.default()
    assert host.platform
    entry = CacheEntry("libfoo.so.2", "/lib/libfoo.so.2", next(iter(host.platform.cache_architectures)), "")
    origins, host = origins_in(tree, plugin, [entry])
    root = host.root(read(plugin))
    moved, read_symbol = origins.of(("moved", None), root), origins.of(("png_read", None), root)
    assert moved
    assert read_symbol
    assert moved.words == "libfoo.so.2 has it, and libfoo.so.1 is what is asked for"
    assert "libpng16.so.16 (package libpng16-16) defines it" in read_symbol.words
    assert "-lpng16" in read_symbol.remedy
    assert origins.of(("nowhere", None), root) is None


def test_library_in_a_folder_nearby_is_found_by_following_the_remedy(libraries, monkeypatch):
    wanted = libraries("lib/libwanted.so.1")
    plugin = libraries("plugins/plugin.so", needs=[wanted])
    finding = only(plugin, "loader.library-not-found")
    assert f"here, but not searched: {wanted}" in finding.evidence
    assert finding.remedy.startswith(f"It is on this computer at {wanted}, outside of where this host looks")
    option, _, folder = finding.remedy.rpartition("LD_LIBRARY_PATH=")
    assert f"-Wl,-rpath,{folder}" in option
    monkeypatch.setenv("LD_LIBRARY_PATH", folder)
    assert findings_of(plugin) == ()


def test_library_beside_the_plugin_is_found_by_following_the_remedy(libraries):
    wanted = libraries("libwanted.so.1")
    finding = only(libraries("plugin.so", needs=[wanted]), "loader.library-not-found")
    assert "beside the plugin" in finding.remedy
    assert "-Wl,-rpath,'$ORIGIN'" in finding.remedy
    assert findings_of(libraries("plugin.so", needs=[wanted], flags=["-Wl,-rpath,$ORIGIN"])) == ()


def test_copy_for_another_machine_is_not_offered(libraries):
    wanted = libraries("lib/libwanted.so.1")
    plugin = libraries("plugins/plugin.so", needs=[wanted])
    content = bytearray(wanted.read_bytes())
    content[18:20] = (183).to_bytes(2, "little")  # e_machine: AArch64
    wanted.write_bytes(content)
    finding = only(plugin, "loader.library-not-found")
    assert not [line for line in finding.evidence if "not searched" in line]
    assert "Install what provides libwanted.so.1" in finding.remedy


def test_newer_library_behind_an_older_one_is_named(libraries, tmp_path):
    script = tmp_path / "versions.map"
    script.write_text("V_2.0 { global: *; };")
    newer = libraries("new/libv.so.1", "int versioned(void) { return 2; }\n", flags=[f"-Wl,--version-script={script}"])
    script.write_text("V_1.0 { global: *; };")
    older = libraries("old/libv.so.1", "int versioned(void) { return 1; }\n", flags=[f"-Wl,--version-script={script}"])
    caller = "int versioned(void); int Call(void) { return versioned(); }\n"
    plugin = libraries("plugin.so", caller, needs=[newer], flags=["-Wl,-rpath,$ORIGIN/old:$ORIGIN/new"])
    finding = only(plugin, "loader.version-missing")
    assert f"comes later in the search: RUNPATH of plugin.so: {newer}" in finding.evidence[-1]
    assert os.fspath(older) in finding.remedy
    older.unlink()
    assert findings_of(plugin) == ()


def test_folders_of_hand_installed_software_are_looked_into(libraries, tmp_path):
    tree = tmp_path / "tree"
    wanted = libraries("tree/opt/ros/humble/lib/libwanted.so.1")
    plugin = libraries("plugins/plugin.so", needs=[wanted])
    host = Host.default()
    assert host.platform
    setting = LoaderSetting(host.platform, program_path="/usr/bin/deck", sysroot=Sysroot.at(tree))
    search = Search(setting, LibraryFiles(read_briefly, host.platform, sysroot=Sysroot.at(tree)))
    problem = MissingLibrary("libwanted.so.1", host.root(read(plugin)))
    (finding,) = library_findings((problem,), search)
    assert f"here, but not searched: {wanted}" in finding.evidence
    assert finding.remedy.endswith("start the host with LD_LIBRARY_PATH=/opt/ros/humble/lib")


def test_second_c_library_is_never_offered(libraries):
    musl = libraries("lib/libc.musl-x86_64.so.1")
    finding = only(libraries("plugins/plugin.so", needs=[musl]), "loader.library-not-found")
    assert "musl" in finding.remedy
    assert not [line for line in finding.evidence if "not searched" in line]


def test_many_symbols_are_counted_and_few_are_listed(libraries):
    names = [f"absent_{number:03}" for number in range(60)]
    source = (
        "".join(f"int {name}(void); " for name in names) + f"int Call(void) {{ return {'() + '.join(names)}(); }}\n"
    )
    finding = only(libraries("plugin.so", source), "loader.symbol-not-found")
    assert "absent_000 and 59 more; plugin.so needs them." in finding.message
    assert "and 40 more" in finding.evidence
    assert len(finding.evidence) == 22
