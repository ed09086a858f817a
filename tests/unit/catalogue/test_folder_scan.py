"""A second scan makes only those verdicts anew whose grounds have changed, and is as true as the first."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from plugdeck.binary import read
from plugdeck.binary.facts import BinaryFacts
from plugdeck.catalogue import folder_scan
from plugdeck.catalogue.examine import judge, read_for_verdict
from plugdeck.catalogue.report import Report
from plugdeck.catalogue.scan import scan_now
from plugdeck.compat.dependencies import Dependencies, circumstances, look_for, numbers_at
from plugdeck.compat.host import Host
from plugdeck.compat.host_choice import HostChoice
from plugdeck.paths import cache_folder

Build = Callable[..., Path]
LIBRARY = '__attribute__((visibility("default"))) int {}(void) {{ return 1; }}\n'
PLUGIN = 'int {0}(void);\n__attribute__((visibility("default"))) int Call(void) {{ return {0}(); }}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plugins" / "own").mkdir(parents=True)
    return tmp_path / "plugins"


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files on which a verdict was really made."""
    names: list[str] = []

    def judge_and_note(facts: BinaryFacts, host: Host) -> Report:
        names.append(facts.path.name)
        return judge(facts, host)

    monkeypatch.setattr(folder_scan, "judge", judge_and_note)
    return names


@pytest.fixture
def put(folder: Path, build_plugin: Build) -> Callable[[str], None]:
    """Puts ``a.so`` and the ``liba.so`` that it needs, and finds in ``own``, into the folder."""

    def put(name: str) -> None:
        library = build_plugin(LIBRARY.format(name), name=f"lib{name}.so", flags=[f"-Wl,-soname,lib{name}.so"])
        flags = [os.fspath(library), "-Wl,-rpath,$ORIGIN/first:$ORIGIN/own"]
        plugin = build_plugin(PLUGIN.format(name), name=f"{name}.so", flags=flags)
        shutil.copy(library, folder / "own")
        shutil.copy(plugin, folder)

    return put


def loads(folder: Path, host: HostChoice | None = None) -> dict[str, bool]:
    reports = scan_now([folder], host=host) if host else scan_now([folder])
    return {report.path.name: report.loads for report in reports}


def replace(path: Path, content: Path) -> None:
    """As an installer does: another file takes the name."""
    shutil.copy(content, path.with_suffix(".new"))
    path.with_suffix(".new").rename(path)


def test_second_scan_judges_nothing_and_says_the_same(folder: Path, put: Callable[[str], None], judged: list[str]):
    put("a")
    put("b")
    first = list(scan_now([folder]))
    assert sorted(judged) == ["a.so", "b.so"]
    assert list(scan_now([folder])) == first
    assert len(judged) == 2


def test_touched_library_has_exactly_its_own_verdict_made_anew(
    folder: Path, put: Callable[[str], None], judged: list[str]
):
    put("a")
    put("b")
    loads(folder)
    judged.clear()
    replace(folder / "own" / "libb.so", folder / "own" / "libb.so")
    assert loads(folder) == {"a.so": True, "b.so": True}
    assert judged == ["b.so"]


def test_library_that_lost_a_symbol_is_noticed(
    folder: Path, put: Callable[[str], None], judged: list[str], build_plugin: Build
):
    put("a")
    put("b")
    loads(folder)
    judged.clear()
    empty = build_plugin(LIBRARY.format("other"), name="libb.so", flags=["-Wl,-soname,libb.so"])
    replace(folder / "own" / "libb.so", empty)
    assert loads(folder) == {"a.so": True, "b.so": False}
    assert judged == ["b.so"]


def test_library_that_appears_earlier_in_the_search_is_noticed(
    folder: Path, put: Callable[[str], None], judged: list[str], build_plugin: Build
):
    (folder / "first").mkdir()
    put("a")
    put("b")
    loads(folder)
    judged.clear()
    empty = build_plugin(LIBRARY.format("other"), name="liba.so", flags=["-Wl,-soname,liba.so"])
    shutil.copy(empty, folder / "first" / "liba.so")
    assert loads(folder) == {"a.so": False, "b.so": True}
    assert judged == ["a.so"]


def test_folder_that_would_be_searched_first_is_noticed(folder: Path, put: Callable[[str], None], judged: list[str]):
    """``tls`` or a processor level: whatever this computer's loader looks for below a search folder."""
    host = Host.default()
    assert host.resolver
    put("a")
    assert loads(folder) == {"a.so": True}
    search = host.resolver.search
    place = next(search.places("liba.so", host.root(read(folder / "a.so"))))
    for first in search.deciding_folders(place):
        judged.clear()
        (folder / "own" / Path(first).name).mkdir()
        assert loads(folder) == {"a.so": True}
        assert judged == ["a.so"]


def test_library_that_comes_back_is_noticed(folder: Path, put: Callable[[str], None], judged: list[str]):
    put("a")
    (folder / "own" / "liba.so").rename(folder / "away")
    assert loads(folder) == {"a.so": False}
    assert loads(folder) == {"a.so": False}
    (folder / "away").rename(folder / "own" / "liba.so")
    assert loads(folder) == {"a.so": True}
    assert len(judged) == 2


def remedies(folder: Path) -> str:
    return "\n".join(finding.remedy for report in scan_now([folder]) for finding in report.findings)


def test_missing_library_that_appears_where_it_is_not_looked_for_changes_the_remedy(
    folder: Path, put: Callable[[str], None], judged: list[str]
):
    put("a")
    library = (folder / "own" / "liba.so").rename(folder.parent / "away")
    assert "lies beside the plugin" not in remedies(folder)
    library.rename(folder / "liba.so")
    assert "lies beside the plugin" in remedies(folder)
    assert judged.count("a.so") == 2


def test_library_with_the_missing_version_that_appears_later_in_the_search_changes_the_remedy(
    folder: Path, build_plugin: Build, tmp_path: Path
):
    libraries = {}
    for version in ("V1", "V2"):
        script = tmp_path / f"{version}.map"
        script.write_text(f"{version} {{ a; }};")
        flags = ["-Wl,-soname,liba.so", f"-Wl,--version-script={script}"]
        libraries[version] = build_plugin(LIBRARY.format("a"), name=f"liba-{version}.so", flags=flags)
    flags = [os.fspath(libraries["V2"]), "-Wl,-rpath,$ORIGIN/own:$ORIGIN/later"]
    shutil.copy(build_plugin(PLUGIN.format("a"), name="a.so", flags=flags), folder)
    shutil.copy(libraries["V1"], folder / "own" / "liba.so")
    (folder / "later").mkdir()
    assert "comes later" not in remedies(folder)
    shutil.copy(libraries["V2"], folder / "later" / "liba.so")
    assert "comes later" in remedies(folder)


def test_records_of_packages_count_for_what_they_explain_alone(build_plugin: Build, tmp_path: Path):
    plugin = build_plugin(PLUGIN.format("nothing_defines_this"), flags=["-Wl,--unresolved-symbols=ignore-all"])
    choice = HostChoice()
    host, look = choice.host(), look_for(choice)
    facts, records = read_for_verdict(plugin, host), "/var/lib/dpkg/status"
    assert not judge(facts, host).loads
    assert records in Dependencies(host, look).of(facts, is_refused=True)
    assert records not in Dependencies(host, look).of(facts, is_refused=False)


def test_folder_asked_for_with_a_slash_changes_with_its_entries(tmp_path: Path):
    before = {path: numbers_at(path) for path in (f"{tmp_path}", f"{tmp_path}/")}
    os.utime(tmp_path, (1, 1))
    assert numbers_at(f"{tmp_path}") == before[f"{tmp_path}"]
    assert numbers_at(f"{tmp_path}/") != before[f"{tmp_path}/"]


def test_option_for_the_sanitizer_is_part_of_the_host(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("ASAN_OPTIONS", raising=False)
    before = circumstances(HostChoice())
    monkeypatch.setenv("ASAN_OPTIONS", "verify_asan_link_order=0")
    assert circumstances(HostChoice()) != before


def test_library_path_is_part_of_the_host(
    folder: Path, put: Callable[[str], None], judged: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    put("a")
    (folder / "own").rename(tmp_path / "elsewhere")
    assert loads(folder) == {"a.so": False}
    monkeypatch.setenv("LD_LIBRARY_PATH", os.fspath(tmp_path / "elsewhere"))
    assert loads(folder) == {"a.so": True}
    monkeypatch.delenv("LD_LIBRARY_PATH")
    assert loads(folder) == {"a.so": False}
    assert len(judged) == 2


def test_each_host_has_verdicts_of_its_own(
    folder: Path, put: Callable[[str], None], judged: list[str], build_plugin: Build
):
    put("a")
    program = build_plugin("int main(void) { return 0; }", name="program", shared=False, flags=["-pie"])
    choice = HostChoice(program)
    assert loads(folder) == loads(folder, choice) == {"a.so": True}
    assert judged == ["a.so", "a.so"]
    assert loads(folder) == loads(folder, choice) == {"a.so": True}
    assert len(judged) == 2


def test_host_that_is_rebuilt_has_all_verdicts_made_anew(
    folder: Path, put: Callable[[str], None], judged: list[str], build_plugin: Build, tmp_path: Path
):
    put("a")
    put("b")
    built = build_plugin("int main(void) { return 0; }", name="program", shared=False, flags=["-pie"])
    program = Path(shutil.copy(built, tmp_path))
    loads(folder, HostChoice(program))
    replace(program, built)
    assert loads(folder, HostChoice(program)) == {"a.so": True, "b.so": True}
    assert sorted(judged) == ["a.so", "a.so", "b.so", "b.so"]


def test_host_that_is_none_is_a_finding_of_every_row_beside_its_facts(folder: Path, put: Callable[[str], None]):
    put("a")
    text = folder / "text"
    text.write_text("no program")
    for _ in range(2):
        (report,) = scan_now([folder], host=HostChoice(text))
        assert not report.loads
        assert "host.cannot-load" in {finding.id for finding in report.findings}
        assert report.facts
        assert report.facts.elf


def test_scan_needs_no_room_on_the_disk(folder: Path, put: Callable[[str], None]):
    put("a")
    code = (
        "import resource, sys; from pathlib import Path; from plugdeck.catalogue.scan import scan_now\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "for _ in range(2): assert [report.loads for report in scan_now([Path(sys.argv[1])])] == [True]\n"
    )
    subprocess.run([sys.executable, "-c", code, os.fspath(folder)], timeout=60, check=True)


def test_scans_in_several_processes_at_once_agree(folder: Path, build_plugin: Build):
    plugin = build_plugin(LIBRARY.format("Call"))
    for number in range(300):
        os.link(plugin, folder / f"{number}.so")
    code = (
        "import sys; from pathlib import Path; from plugdeck.catalogue.scan import scan_now\n"
        "for _ in range(3): assert sum(report.loads for report in scan_now([Path(sys.argv[1])])) == 300\n"
    )
    programs = [subprocess.Popen([sys.executable, "-c", code, os.fspath(folder)]) for _ in range(3)]
    assert [program.wait(timeout=100) for program in programs] == [0, 0, 0]
    with closing(sqlite3.connect(cache_folder() / "verdicts.sqlite")) as database:
        assert database.execute("SELECT count(*) FROM reports").fetchone() == (300,)
