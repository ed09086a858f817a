"""Findings about the file itself, and hosts that are other programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from plugdeck.binary import read
from plugdeck.binary.facts import BinaryFacts
from plugdeck.compat.check import check
from plugdeck.compat.finding import Finding, Severity
from plugdeck.compat.host import Host

Build = Callable[..., Path]
SOURCE = "int Call(void) { return 1; }\n"


@pytest.fixture
def facts(build_plugin: Build) -> BinaryFacts:
    return read(build_plugin(SOURCE), symbols=False)


def changed(facts: BinaryFacts, **fields: object) -> BinaryFacts:
    assert facts.elf
    return replace(facts, elf=replace(facts.elf, **fields))


def only(findings: tuple[Finding, ...]) -> Finding:
    (finding,) = findings
    assert finding.message.endswith(".")
    return finding


def test_fitting_file_has_no_findings(facts: BinaryFacts):
    assert check(facts, Host.default()) == ()


@pytest.mark.parametrize(
    ("fields", "identifiers"),
    [
        ({"bits": 32}, ["machine.class"]),
        ({"byte_order": "big"}, ["machine.byte-order"]),
        ({"machine": 0xF3, "machine_name": "RISC-V"}, ["machine.wrong"]),
        ({"bits": 32, "machine": 40, "machine_name": "ARM"}, ["machine.class", "machine.wrong"]),
        ({"type": 1}, ["elf.is-object"]),
        ({"type": 2}, ["elf.is-executable"]),
        ({"type": 4}, ["elf.is-core-dump"]),
        ({"type": 0xFE00}, ["elf.type-unknown"]),
        ({"flags_1": 0x0800_0000}, ["elf.is-executable"]),
        ({"has_dynamic": False}, ["elf.not-dynamic"]),
        ({"os_abi": 9}, ["elf.os-abi"]),
        ({"flags_1": 0x40}, ["loader.marked-no-open"]),
    ],
)
def test_what_stops_the_load_is_an_error(facts: BinaryFacts, fields: dict[str, object], identifiers: list[str]):
    findings = check(changed(facts, **fields), Host.default())
    assert [finding.id for finding in findings] == identifiers
    assert all(f.stops_load and f.severity is Severity.ERROR and f.message.endswith(".") for f in findings)


@pytest.mark.parametrize(
    ("field", "identifier"),
    [("executable_stack", "elf.executable-stack"), ("text_relocations", "elf.text-relocations")],
)
def test_doubtful_linking_is_a_warning(facts: BinaryFacts, field: str, identifier: str):
    finding = only(check(changed(facts, **{field: True}), Host.default()))
    assert (finding.id, finding.severity, finding.stops_load) == (identifier, Severity.WARNING, False)


def test_file_for_another_machine_is_not_blamed_for_its_libraries(facts: BinaryFacts):
    other = changed(facts, machine=183, machine_name="AArch64", needed=("libabsent.so",))
    assert only(check(other, Host.default())).id == "machine.wrong"


def test_nodlopen_agrees_with_the_loader(build_plugin: Build):
    plugin = build_plugin(SOURCE, name="closed.so", flags=["-Wl,-z,nodlopen"])
    assert only(check(read(plugin), Host.default())).id == "loader.marked-no-open"
    code = "import ctypes, sys; ctypes.CDLL(sys.argv[1])"
    assert subprocess.run([sys.executable, "-I", "-c", code, plugin], capture_output=True, timeout=30).returncode


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\0\0" + bytes(300), "Windows DLL cannot be loaded"),
        (bytes.fromhex("cffaedfe0700000103000000060000000000000000000000") + bytes(64), "macOS library cannot be"),
        (b"!<arch>\n" + bytes(60), "static linking"),
        (b"#!/bin/sh\necho\n", "script"),
        (b"GROUP ( /lib/libc.so.6 )\n", "text file"),
        (b"", "empty"),
        (bytes(range(256)), "not an ELF file"),
    ],
)
def test_other_formats_are_named(tmp_path: Path, content: bytes, words: str):
    path = tmp_path / "file.so"
    path.write_bytes(content)
    finding = only(check(read(path), Host.default()))
    assert finding.id == "format.not-elf"
    assert finding.stops_load
    assert words in finding.message
    assert finding.remedy


def test_default_host_names_its_machine_and_c_library():
    host = Host.default()
    assert host.platform
    assert host.name.startswith(f"Plugdeck's worker ({host.platform.bits}-bit ")
    assert Host.default() is host


def test_host_is_another_when_the_environment_changes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    before = Host.default()
    monkeypatch.setenv("LD_LIBRARY_PATH", os.fspath(tmp_path))
    assert Host.default().key != before.key


def test_host_is_another_when_a_search_folder_changes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("LD_LIBRARY_PATH", os.fspath(tmp_path))
    before = Host.default()
    (tmp_path / "libnew.so").write_bytes(b"")
    os.utime(tmp_path, ns=(1, 1))
    assert Host.default().key != before.key


PROGRAM = """
#include <dlfcn.h>
int offered(void) { return 1; }
int main(int count, char **names) { return !dlopen(names[count - 1], RTLD_NOW); }
"""


def program(tmp_path: Path, *flags: str) -> Path:
    source, target = tmp_path / "program.c", tmp_path / "program"
    source.write_text(PROGRAM)
    compiler = shutil.which("cc") or "gcc"
    subprocess.run([compiler, os.fspath(source), "-o", os.fspath(target), *flags], check=True, timeout=60)
    return target


def test_symbols_of_the_named_program_count(tmp_path: Path, build_plugin: Build):
    plugin = read(build_plugin("int offered(void); int Call(void) { return offered(); }\n"))
    assert only(check(plugin, Host.default())).id == "loader.symbol-not-found"
    assert check(plugin, Host.from_executable(program(tmp_path, "-rdynamic"))) == ()


def test_static_program_cannot_be_a_host(tmp_path: Path, facts: BinaryFacts):
    host = Host.from_executable(program(tmp_path, "-static"))
    finding = only(check(facts, host))
    assert finding.id == "host.cannot-load"
    assert "statically linked" in finding.message


def test_libraries_texts_and_nothing_cannot_be_hosts(tmp_path: Path, facts: BinaryFacts):
    (tmp_path / "text").write_text("hello")
    for path in (facts.path, tmp_path / "text", tmp_path / "absent", tmp_path):
        finding = only(check(facts, Host.from_executable(path)))
        assert finding.id == "host.cannot-load"
        assert finding.stops_load


def test_host_for_another_machine_judges_by_its_own(tmp_path: Path, facts: BinaryFacts):
    data = bytearray(program(tmp_path).read_bytes())
    data[18:20] = (183).to_bytes(2, "little")  # e_machine: AArch64
    other = tmp_path / "other"
    other.write_bytes(data)
    assert [f.id for f in check(facts, Host.from_executable(other))] == ["machine.wrong"]
