"""Hosts in other trees and of other kinds: judged statically, from files that compilers made for them."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from plugdeck.binary import read
from plugdeck.binary.facts import BinaryFacts
from plugdeck.compat.check import check
from plugdeck.compat.host import Host
from plugdeck.compat.sysroot import Sysroot

OPENER = """
#include <dlfcn.h>
int main(int count, char **names) { return !dlopen(names[count - 1], RTLD_NOW); }
"""


def stops(facts: BinaryFacts, host: Host) -> list[str]:
    return [finding.id for finding in check(facts, host) if finding.stops_load]


def compile_program(target: Path, source: str, *flags: str) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    file = target.with_suffix(".c")
    file.write_text(source)
    command = [shutil.which("cc") or "gcc", os.fspath(file), "-o", os.fspath(target), *flags]
    subprocess.run(command, check=True, timeout=60)
    file.unlink()
    return target


@pytest.fixture
def tree(tmp_path: Path, libraries) -> Path:
    """The file tree of a machine like this one: a loader and a C library, behind absolute links."""
    root, own = tmp_path / "board", Host.default()
    assert own.resolver
    interpreter = read(Path(sys.executable).resolve(), symbols=False).elf
    assert interpreter and interpreter.interpreter
    real = root / "usr/libs"
    real.mkdir(parents=True)
    for name in ("libc.so.6", "libm.so.6"):
        shutil.copy(own.resolver.loaded[name].path, real / name)
    shutil.copy(interpreter.interpreter, real / Path(interpreter.interpreter).name)
    (root / "lib").symlink_to("/usr/libs")
    (root / "lib64").symlink_to("usr/libs")
    program = compile_program(root / "usr/bin/deck", OPENER)
    (root / "bin").symlink_to("/usr/bin")
    assert program.exists()
    return root


def test_program_of_a_tree_finds_its_libraries_in_the_tree(tree: Path, libraries):
    host = Host.from_executable(Path("/bin/deck"), sysroot=tree)
    assert host.platform
    assert not host.findings
    assert host.resolver
    assert host.resolver.loaded["libc.so.6"].path.startswith(os.fspath(tree))
    assert stops(read(libraries("plugin.so")), host) == []


def test_program_of_a_tree_may_be_named_with_the_trees_folder(tree: Path):
    inside, outside = (Host.from_executable(path, sysroot=tree) for path in (Path("/usr/bin/deck"), tree / "bin/deck"))
    assert inside.findings == outside.findings == ()
    assert inside.glibc == outside.glibc == Host.default().glibc


def test_libraries_of_this_computer_are_not_those_of_the_tree(tree: Path, libraries, monkeypatch: pytest.MonkeyPatch):
    needed = libraries("here/libneeded.so")
    plugin = libraries("plugin.so", needs=[needed])
    monkeypatch.setenv("LD_LIBRARY_PATH", os.fspath(needed.parent))
    host = Host.from_executable(Path("/bin/deck"), sysroot=tree)
    assert stops(read(plugin), host) == ["loader.library-not-found"]
    shutil.copy(needed, tree / "usr/libs")
    fresh = Host.from_executable(Path("/bin/deck"), sysroot=tree)
    runpath = libraries("with.so", needs=[needed], flags=["-Wl,-rpath,/usr/libs"])
    assert stops(read(runpath), fresh) == []
    assert stops(read(runpath), Host.default()) == []  # by the variable, which is this computer's


def test_tree_without_a_named_program_is_that_of_an_ordinary_one(tree: Path, libraries):
    host = Host.from_sysroot(tree)
    assert not host.findings
    assert host.glibc == Host.default().glibc
    assert host.name.startswith("A program of ")
    assert stops(read(libraries("plugin.so")), host) == []
    undefined = libraries("other.so", "int nowhere(void); int Call(void) { return nowhere(); }\n")
    assert stops(read(undefined), host) == ["loader.symbol-not-found"]


def test_tree_for_another_machine_than_asked_for_is_no_host(tree: Path):
    (finding,) = Host.from_sysroot(tree, machine=0xF3).findings
    assert finding.id == "host.cannot-load"


def test_empty_tree_is_no_host(tmp_path: Path):
    (finding,) = Host.from_sysroot(tmp_path).findings
    assert (finding.id, finding.stops_load) == ("host.cannot-load", True)


def test_links_do_not_lead_out_of_a_tree(tmp_path: Path):
    tree = Sysroot.at(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a/up").symlink_to("../../../../b")
    (tmp_path / "round").symlink_to("round")
    assert tree.real(tree.path("/a/up/file")) == f"{tmp_path}/b/file"
    assert tree.real(tree.path("/../../x")) == f"{tmp_path}/x"
    assert tree.real(tree.path("/round")) == f"{tmp_path}/round"
    assert tree.real("/etc/passwd") == "/etc/passwd"


def test_program_that_never_opens_a_file_says_so(tmp_path: Path, build_plugin: Callable[..., Path]):
    plugin = read(build_plugin("int Call(void) { return 1; }\n"))
    opens = Host.from_executable(compile_program(tmp_path / "opens", OPENER))
    assert check(plugin, opens) == ()
    never = Host.from_executable(compile_program(tmp_path / "never", "int main(void) { return 0; }\n"))
    (finding,) = check(plugin, never)
    assert (finding.id, finding.stops_load) == ("host.no-dlopen", False)


def own_machine() -> str:
    platform = Host.default().platform
    assert platform
    return platform.musl_name


@pytest.fixture
def musl_tree(tmp_path: Path, libraries) -> Path:
    """A tree with musl's names: its loader is its C library. The stub defines what the tests ask for."""
    root = tmp_path / "alpine"
    (root / "lib").mkdir(parents=True)
    library = libraries("libc.so", "int puts(const char *text) { return !text; }\nvoid *dlopen(const char *n, int f)"
                        "{ return 0; }\n", soname="libc.so", flags=["-nostdlib"])  # fmt: skip
    shutil.copy(library, root / f"lib/ld-musl-{own_machine()}.so.1")
    return root


def test_musl_takes_names_of_the_c_library_for_itself(musl_tree: Path, libraries):
    host = Host.from_sysroot(musl_tree)
    assert (host.is_musl, host.findings) == (True, ())
    assert host.name.endswith("musl)")
    stub = libraries("stub/libc.so.6", "int puts(const char *text) { return !text; }\n", flags=["-nostdlib"])
    math = libraries("stub/libm.so.6", "double sin(double x) { return x; }\n", flags=["-nostdlib"])
    source = "int puts(const char *); int Call(void) { return puts(0); }\n"
    plugin = libraries("plugin.so", source, needs=[stub, math], flags=["-nostdlib"])
    assert stops(read(plugin), host) == []
    source = "int __printf_chk(int, const char *, ...); int Call(void) { return __printf_chk(1, 0); }\n"
    gnu = libraries("gnu.so", source, needs=[stub], flags=["-nostdlib"])
    assert stops(read(gnu), host) == ["loader.symbol-not-found"]


def test_musl_lets_runpath_hold_for_libraries_below(musl_tree: Path, libraries):
    deep = libraries("alpine/opt/libdeep.so", flags=["-nostdlib"])
    middle = libraries("alpine/opt/libmiddle.so", needs=[deep], flags=["-nostdlib"])
    plugin = libraries("alpine/plugin.so", needs=[middle], flags=["-nostdlib", "-Wl,--enable-new-dtags,-rpath,/opt"])
    assert stops(read(plugin), Host.from_sysroot(musl_tree)) == []
    (musl_tree / "etc").mkdir()
    (musl_tree / f"etc/ld-musl-{own_machine()}.path").write_text("/opt\n/elsewhere\n")
    plain = libraries("plain.so", needs=[middle], flags=["-nostdlib"])
    assert stops(read(plain), Host.from_sysroot(musl_tree)) == []


def test_relocation_of_a_needed_library_that_leads_nowhere_is_told(libraries):
    source = "int puts(const char *); int Below(void) { return puts(0); }\n"
    below = libraries("libs/libbelow.so", source)
    plugin = libraries("plugin.so", needs=[below], flags=["-Wl,-rpath,$ORIGIN/libs"])
    assert stops(read(plugin), Host.default()) == []
    data = bytearray(below.read_bytes())
    with below.open("rb") as file:
        elf = ELFFile(file)
        section = elf.get_section_by_name(".rela.plt") or elf.get_section_by_name(".rela.dyn")
        struct.pack_into("<I", data, section["sh_offset"] + 12, 0x00FF_FFFF)  # the symbol's number
    below.write_bytes(data)
    assert stops(read(plugin), Host.default()) == ["loader.library-damaged"]


def test_word_in_a_path_is_replaced_by_glibc_alone_and_only_in_the_path_of_its_machine(
    tree: Path, musl_tree: Path, libraries
):
    plugin = libraries("plugin.so", flags=["-nostdlib"])
    for folder in ("board/$LIB", "alpine/$LIB"):
        (tree.parent / folder).mkdir()
        shutil.copy(plugin, tree.parent / folder)
    assert stops(read(musl_tree / "$LIB/plugin.so"), Host.from_sysroot(musl_tree)) == []
    assert stops(read(tree / "$LIB/plugin.so"), Host.from_sysroot(tree)) == ["loader.path-replaced"]
    moved = tree.rename(tree.parent / "$LIB")
    shutil.copy(plugin, moved)
    assert stops(read(moved / "plugin.so"), Host.from_sysroot(moved)) == []
