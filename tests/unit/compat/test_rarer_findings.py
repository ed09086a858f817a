"""Findings that few files or few systems bring about: each is shown once, with its evidence and its remedy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from elftools.elf.elffile import ELFFile

from plugdeck.binary import read, search_risks
from plugdeck.binary.facts import BinaryFacts, VersionNeed
from plugdeck.compat.check import check
from plugdeck.compat.finding import Finding, Severity
from plugdeck.compat.host import Host
from plugdeck.compat.load_findings import binding_findings
from plugdeck.compat.symbol_scope import Bindings

RUNPATH = "-Wl,--enable-new-dtags,-rpath,$ORIGIN/libs"


def only(findings: tuple[Finding, ...], identifier: str) -> Finding:
    (finding,) = [each for each in findings if each.id == identifier]
    assert finding.message.endswith(".")
    assert finding.evidence
    assert finding.remedy
    return finding


def with_needs(facts: BinaryFacts, *needs: VersionNeed) -> BinaryFacts:
    assert facts.elf
    return replace(facts, elf=replace(facts.elf, version_needs=(*facts.elf.version_needs, *needs)))


def test_program_that_never_calls_dlopen_is_a_doubtful_host(build_plugin: Callable[..., Path]):
    program = build_plugin("int main(void) { return 0; }\n", name="program", shared=False)
    finding = only(Host.from_executable(program).findings, "host.no-dlopen")
    assert (finding.severity, finding.stops_load) == (Severity.WARNING, False)


def test_newer_c_library_refuses_executable_stacks(libraries):
    facts = read(libraries("plugin.so", flags=["-Wl,-z,execstack"]))
    older, newer = (replace(Host.default(), glibc=version) for version in ((2, 40), (2, 41)))
    assert not [each for each in check(facts, older) if each.id == "loader.executable-stack"]
    assert only(check(facts, newer), "loader.executable-stack").stops_load


def test_relocation_of_an_unknown_type_is_refused(libraries):
    facts, host = read(libraries("plugin.so")), Host.default()
    bindings = Bindings(unknown_relocations=((host.root(facts), 1234),))
    finding = only(tuple(binding_findings(bindings, host)), "loader.relocation-unknown")
    assert finding.stops_load
    assert "type 1234" in finding.message


def test_library_with_a_relocation_that_leads_nowhere_is_damaged(libraries):
    below = libraries("libs/libbelow.so", "int x; int *below = &x;\n")
    plugin = libraries("plugin.so", needs=[below], flags=[RUNPATH])
    with below.open("r+b") as file:
        place = ELFFile(file).get_section_by_name(".rela.dyn")["sh_offset"]
        file.seek(place)
        file.write(b"\xf0\xff\xff\xff\xff\xff\xff\x0f")  # r_offset
    finding = only(check(read(plugin), Host.default()), "loader.library-damaged")
    assert finding.stops_load
    assert finding.message.startswith("libbelow.so is damaged")


def test_packed_relocations_must_be_asked_for_by_version(libraries):
    plugin = libraries("plugin.so", "int x; int *table[9] = {&x}; int Call(void) { return 0; }\n")
    facts = with_needs(read(plugin), VersionNeed("libc.so.6", "GLIBC_2.2.5", weak=False))
    assert facts.elf
    packed = replace(facts, elf=replace(facts.elf, details=replace(facts.elf.details, has_relr=True)))
    host = replace(Host.default(), glibc=(2, 36))
    assert only(check(packed, host), "loader.relr-unmarked").stops_load
    marked = with_needs(packed, VersionNeed("libc.so.6", "GLIBC_ABI_DT_RELR", weak=True))
    assert not [each for each in check(marked, host) if each.id == "loader.relr-unmarked"]


def test_sanitizer_that_comes_late_is_refused(libraries, monkeypatch):
    monkeypatch.delenv("ASAN_OPTIONS", raising=False)
    sanitizer = libraries("libs/libasan.so.8")
    plugin = libraries("plugin.so", needs=[sanitizer], flags=[RUNPATH])
    assert only(check(read(plugin), Host.default()), "loader.sanitizer-late").stops_load


def test_option_for_the_sanitizer_counts_here_and_not_for_another_machine(libraries, monkeypatch):
    facts = read(libraries("plugin.so", needs=[libraries("libs/libasan.so.8")], flags=[RUNPATH]), linking=True)
    here = Host.default()
    monkeypatch.setenv("ASAN_OPTIONS", "verify_asan_link_order=0")
    assert not [each for each in check(facts, here) if each.id == "loader.sanitizer-late"]
    assert only(check(facts, replace(here, is_elsewhere=True)), "loader.sanitizer-late").stops_load


def test_versions_of_a_library_that_is_not_needed_are_refused(libraries):
    facts = with_needs(read(libraries("plugin.so")), VersionNeed("libabsent.so.1", "V_1", weak=False))
    finding = only(check(facts, Host.default()), "loader.version-stray")
    assert finding.stops_load
    assert "libabsent.so.1" in finding.message


def test_library_without_any_versions_does_not_answer_for_one(libraries, tmp_path):
    script = tmp_path / "versions.map"
    script.write_text("V_1 { global: *; };")
    source = "int versioned(void) { return 1; }\n"
    marked = libraries("build/libv.so.1", source, flags=["-nostdlib", f"-Wl,--version-script={script}"])
    caller = "int versioned(void); int Call(void) { return versioned(); }\n"
    plugin = libraries("plugin.so", caller, needs=[marked], flags=[RUNPATH])
    libraries("libs/libv.so.1", source, flags=["-nostdlib"])
    finding = only(check(read(plugin), Host.default()), "loader.version-unmarked")
    assert finding.stops_load
    assert "versioned@V_1" in finding.message


def test_search_folder_of_a_group_is_told_without_alarm(libraries, tmp_path, monkeypatch):
    monkeypatch.setattr(search_risks, "_members", lambda group: ("somebody",))
    folder = tmp_path / "group"
    folder.mkdir()
    folder.chmod(0o770)
    facts = read(libraries("plugin.so", flags=[f"-Wl,-rpath,{folder}"]))
    finding = only(check(facts, Host.default()), "search.shared-folder")
    assert (finding.severity, finding.stops_load) == (Severity.INFO, False)
