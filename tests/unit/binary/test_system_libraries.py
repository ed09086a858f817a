"""The libraries of this machine, against what other tools say of the same files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import lief
import pytest
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile

from plugdeck.binary import read
from plugdeck.binary.facts import BinaryFacts

EVERY = 20
FOLDERS = (Path("/usr/lib"), Path("/lib"), Path("/usr/lib64"))


def _libraries() -> list[Path]:
    """A sample of the machine's shared objects, spread over its folders; the same in each run."""
    found = {
        Path(folder, name).resolve()
        for root in FOLDERS
        for folder, _folders, names in os.walk(root)
        for name in names
        if re.search(r"\.so(\.|$)", name)
    }
    return [path for path in sorted(found)[::EVERY] if "debug" not in path.parts and _is_elf(path)]


def _is_elf(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


LIBRARIES = _libraries()
each_library = pytest.mark.parametrize("path", LIBRARIES, ids=lambda path: path.name)


def elf_facts(path: Path) -> BinaryFacts:
    facts = read(path)
    assert facts.elf is not None
    return facts


def test_there_are_libraries_to_compare() -> None:
    assert LIBRARIES


@each_library
def test_pyelftools_reads_the_same_dynamic_table(path: Path) -> None:
    facts = elf_facts(path)
    with path.open("rb") as file:
        elf = ELFFile(file)
        segment = next(part for part in elf.iter_segments() if isinstance(part, DynamicSegment))
        tags = [(tag.entry.d_tag, tag) for tag in segment.iter_tags()]
    assert facts.elf.needed == tuple(tag.needed for name, tag in tags if name == "DT_NEEDED")
    assert [facts.elf.soname] == ([tag.soname for name, tag in tags if name == "DT_SONAME"] or [None])
    assert ":".join(facts.elf.runpath) == "".join(tag.runpath for name, tag in tags if name == "DT_RUNPATH")
    assert ":".join(facts.elf.rpath) == "".join(tag.rpath for name, tag in tags if name == "DT_RPATH")
    assert facts.elf.flags == sum(tag.entry.d_val for name, tag in tags if name == "DT_FLAGS")
    assert facts.elf.flags_1 == sum(tag.entry.d_val for name, tag in tags if name == "DT_FLAGS_1")


@each_library
def test_pyelftools_reads_the_same_notes(path: Path) -> None:
    facts = elf_facts(path)
    with path.open("rb") as file:
        elf = ELFFile(file)
        segments = [part for part in elf.iter_segments() if part["p_type"] == "PT_NOTE"]
        notes = [(note["n_name"], note["n_descsz"]) for part in segments for note in part.iter_notes()]
    assert [(note.owner, len(note.description)) for note in facts.elf.notes] == notes


@each_library
def test_lief_reads_the_same_symbols(path: Path) -> None:
    facts = elf_facts(path)
    binary = lief.parse(path)  # has to outlive what is iterated
    assert isinstance(binary, lief.ELF.Binary)
    local = lief.ELF.Symbol.BINDING.LOCAL
    symbols = [symbol for symbol in binary.dynamic_symbols if symbol.binding != local]
    exported = Counter((s.name, s.value, s.size) for s in symbols if s.shndx)
    imported = Counter(s.name for s in symbols if not s.shndx)
    assert facts.exports is not None
    assert facts.imports is not None
    assert Counter((s.name, s.address, s.size_bytes) for s in facts.exports) == exported
    assert Counter(s.name for s in facts.imports) == imported


@each_library
def test_lief_reads_the_same_versions(path: Path) -> None:
    facts = elf_facts(path)
    binary = lief.parse(path)
    assert isinstance(binary, lief.ELF.Binary)
    needs = {
        (need.name, entry.name) for need in binary.symbols_version_requirement for entry in need.get_auxiliary_symbols()
    }
    assert {(need.library, need.version) for need in facts.elf.version_needs} == needs


@each_library
@pytest.mark.skipif(not shutil.which("readelf"), reason="readelf is not installed")
def test_readelf_reads_the_same_versions_and_build_id(path: Path) -> None:
    facts = elf_facts(path)
    command = ["readelf", "--wide", "--notes", "--dyn-syms", os.fspath(path)]
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, errors="replace")
    found = re.search(r"Build ID: ([0-9a-f]+)", done.stdout)
    assert facts.elf.build_id == (found[1] if found else None)
    rows = re.findall(r"^ *\d+: [0-9a-f]+ .*?(?:GLOBAL|WEAK|UNIQUE) .*? (\S+?) +(\S+)(?: \(\d+\))?$", done.stdout, re.M)
    theirs = Counter(name for _section, name in rows)
    assert facts.exports is not None
    assert facts.imports is not None
    ours = Counter(_decorated(symbol) for symbol in (*facts.exports, *facts.imports))
    assert ours == theirs


def _decorated(symbol) -> str:
    """The name as readelf prints it: ``name``, ``name@VERSION`` or ``name@@VERSION``, a version's own mark plain."""
    if symbol.version in {None, symbol.name}:
        return symbol.name
    return f"{symbol.name}{'@@' if symbol.version_is_default else '@'}{symbol.version}"
