"""How real files were built, against what other tools say of them."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from plugdeck.binary.build_facts import BuildFacts, DebugInfo, read_build_facts
from plugdeck.binary.hardening import Relro, Use
from plugdeck.binary.toolchain import ToolKind
from plugdeck.errors import BinaryFormatError

from ...conftest import skip_or_fail

Build = Callable[..., Path]
EVERY = 25

SOURCE = """
#include <stdio.h>
#include <string.h>
int counter = 3, nothing[100];
int copy(const char *text) {
  char buffer[64];
  strcpy(buffer, text);
  nothing[1] = counter;
  return printf("%s", buffer);
}
"""
CHECKED = ("-O2", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2")
PLAIN = ("-O2", "-U_FORTIFY_SOURCE", "-fno-builtin")

needs_readelf = pytest.mark.skipif(not shutil.which("readelf"), reason="readelf is not installed")


def said_by(tool: str, *words: str | Path) -> str:
    command = [tool, *map(os.fspath, words)]
    environment = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, errors="replace").stdout


def run(*words: str | Path, folder: Path) -> None:
    subprocess.run([os.fspath(word) for word in words], check=True, timeout=100, cwd=folder, capture_output=True)


def facts_of(build_plugin: Build, *flags: str, source: str = SOURCE) -> BuildFacts:
    return read_build_facts(build_plugin(source, flags=flags))


@pytest.mark.parametrize(
    ("flags", "relro", "binds_now"),
    [
        (("-Wl,-z,norelro",), Relro.NONE, False),
        (("-Wl,-z,relro", "-Wl,-z,lazy"), Relro.PARTIAL, False),
        (("-Wl,-z,relro", "-Wl,-z,now"), Relro.FULL, True),
        (("-Wl,-z,norelro", "-Wl,-z,now"), Relro.NONE, True),
    ],
)
def test_relro_and_binding_are_what_the_linker_was_told(build_plugin: Build, flags, relro, binds_now):
    hardening = facts_of(build_plugin, *flags).hardening
    assert (hardening.relro, hardening.binds_now) == (relro, binds_now)


@pytest.mark.parametrize(("flag", "executable"), [("-Wl,-z,execstack", True), ("-Wl,-z,noexecstack", False)])
def test_executable_stack_is_what_the_linker_was_told(build_plugin: Build, flag, executable):
    assert facts_of(build_plugin, flag).hardening.executable_stack is executable


def test_code_that_the_loader_has_to_change_is_told(build_plugin: Build):
    source = 'int counter; __asm__(".text\\n.quad counter\\n");'
    assert facts_of(build_plugin, "-Wl,-z,notext", source=source).hardening.text_relocations
    assert not facts_of(build_plugin).hardening.text_relocations


def test_segment_that_is_writable_and_executable_is_told(build_plugin: Build, tiny_elf, tmp_path: Path):
    (tmp_path / "made.so").write_bytes(tiny_elf().build())  # one segment with all rights
    assert read_build_facts(tmp_path / "made.so").hardening.writable_code
    assert not facts_of(build_plugin).hardening.writable_code


def test_stack_protector_shows_by_its_import(build_plugin: Build):
    assert facts_of(build_plugin, *PLAIN, "-fstack-protector-all").hardening.stack_canary is Use.YES


def test_stack_protector_that_no_function_needed_shows_by_the_compilers_options(build_plugin: Build):
    source = "int answer(void) { return 42; }"
    flags = ("-g", "-frecord-gcc-switches")
    asked = facts_of(build_plugin, *flags, "-fstack-protector-strong", source=source)
    if not any(producer.startswith("GNU ") for producer in asked.toolchain.producers):
        pytest.skip("the C compiler is not GCC, which alone tells its options")
    assert asked.hardening.stack_canary is Use.YES


def test_stack_protector_is_not_known_where_nothing_tells(build_plugin: Build):
    assert facts_of(build_plugin, *PLAIN, "-fno-stack-protector").hardening.stack_canary is Use.NOT_KNOWN


def test_fortify_shows_by_the_checked_functions(build_plugin: Build):
    hardening = facts_of(build_plugin, *CHECKED).hardening
    if not hardening.fortified:
        pytest.skip("this C library has no checked functions")
    assert "__strcpy_chk" in hardening.fortified
    assert "strcpy" not in hardening.fortifiable


def test_without_fortify_the_functions_that_could_be_checked_are_named(build_plugin: Build):
    hardening = facts_of(build_plugin, *PLAIN).hardening
    assert hardening.fortified == ()
    assert {"strcpy", "printf"} <= set(hardening.fortifiable)


@needs_readelf
def test_every_checked_function_of_this_c_library_is_known():
    libc = next((path for path in Path("/lib").glob("*/libc.so.6")), None)
    if libc is None:
        pytest.skip("no glibc in /lib")
    theirs = re.findall(r" (__\w+_chk)@", said_by("readelf", "--wide", "--dyn-syms", libc))
    from plugdeck.binary.hardening import _is_checked

    assert theirs
    assert [name for name in set(theirs) - {"__stack_chk_fail"} if not _is_checked(name)] == []


@needs_readelf
@pytest.mark.parametrize("flag", ["-fcf-protection=full", "-fcf-protection=branch", "-fcf-protection=none"])
def test_branch_protection_is_what_readelf_reads(build_plugin: Build, flag):
    if os.uname().machine != "x86_64":
        pytest.skip("Intel CET is for x86")
    path = build_plugin(SOURCE, flags=(flag, "-nostdlib", "-Wl,--unresolved-symbols=ignore-all"))
    found = re.search(r"x86 feature: ([\w, ]+)", said_by("readelf", "--wide", "--notes", path))
    assert read_build_facts(path).hardening.branch_protection == tuple(found[1].split(", ") if found else ())


def test_search_path_in_a_folder_of_everybody_is_a_risk(build_plugin: Build, tmp_path: Path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    (risk,) = facts_of(build_plugin, f"-Wl,-rpath,{shared}").hardening.search_risks
    assert str(shared) in risk
    assert "every user" in risk


@pytest.mark.parametrize("version", ["2", "3", "4", "5"])
@pytest.mark.parametrize("packing", ["-gz=none", "-gz=zlib", "-gz=zlib-gnu"])
def test_producer_is_read_from_every_version_of_dwarf_packed_or_not(build_plugin: Build, version, packing):
    flags = ("-g", f"-gdwarf-{version}", packing)
    try:
        path = build_plugin(SOURCE, flags=flags)
    except pytest.fail.Exception:
        pytest.skip(f"the C compiler does not know {' '.join(flags)}")
    build = read_build_facts(path)
    assert build.debug is DebugInfo.INCLUDED
    assert build.toolchain.producers == producers_by_pyelftools(path)
    assert build.toolchain.of(ToolKind.COMPILER)
    assert build.problem == ""


def producers_by_pyelftools(path: Path) -> tuple[str, ...]:
    with path.open("rb") as file:
        units = ELFFile(file).get_dwarf_info().iter_CUs()
        attributes = (unit.get_top_DIE().attributes.get("DW_AT_producer") for unit in units)
        return tuple(dict.fromkeys(attribute.value.decode() for attribute in attributes if attribute))


@pytest.mark.parametrize("target", ["x86_64-linux-gnu", "aarch64-linux-gnu", "x86-linux-gnu", "s390x-linux-gnu"])
@pytest.mark.skipif(not importlib.util.find_spec("ziglang"), reason="the package ziglang is not installed")
def test_clang_is_found_for_every_class_and_byte_order(tmp_path: Path, target):
    (tmp_path / "source.c").write_text("int answer(void) { return 42; }")
    zig = (sys.executable, "-m", "ziglang", "cc", "-target", target)
    run(*zig, "-shared", "-nostdlib", "-g", "-gdwarf-5", "-o", "clang.so", "source.c", folder=tmp_path)
    build = read_build_facts(tmp_path / "clang.so")
    assert "Clang" in {tool.name for tool in build.toolchain.of(ToolKind.COMPILER)}
    assert "LLD" in {tool.name for tool in build.toolchain.of(ToolKind.LINKER)}
    assert build.toolchain.producers[0].startswith("clang version")


def test_version_of_gcc_is_the_compilers_own(build_plugin: Build):
    version = said_by("gcc", "-dumpfullversion").strip() if shutil.which("gcc") else ""
    compilers = facts_of(build_plugin, "-g").toolchain.of(ToolKind.COMPILER)
    if not version or "GCC" not in {tool.name for tool in compilers}:
        pytest.skip("the C compiler is not GCC")
    assert ("GCC", version) in {(tool.name, tool.version) for tool in compilers}


def test_rust_names_its_compiler_stripped_or_not(tmp_path: Path):
    if not shutil.which("rustc"):
        skip_or_fail("no Rust compiler: rustc is not on PATH")
    version = said_by("rustc", "--version").split()[1]
    source = tmp_path / "lib.rs"
    source.write_text('#[no_mangle] pub extern "C" fn add(a: i32, b: i32) -> i32 { a + b }')
    for strip in ("none", "symbols"):
        path = tmp_path / f"{strip}.so"
        words = ["rustc", "--crate-type", "cdylib", "-g", "-C", f"strip={strip}", "-o", path, source]
        subprocess.run(words, check=True, timeout=60, capture_output=True)
        build = read_build_facts(path)
        assert "rustc" in {tool.name for tool in build.toolchain.tools}
        assert build.is_stripped is (strip == "symbols")
        if strip == "none":
            assert ("rustc", version) in {(tool.name, tool.version) for tool in build.toolchain.tools}


def test_go_tells_its_version_in_its_build_information(sample: Callable[[str], Path], samples: Path):
    for path in sorted(samples.glob("*.so")):
        build = read_build_facts(path)
        if build.toolchain.has_go_build_info:
            (go,) = [tool for tool in build.toolchain.tools if tool.name == "Go"]
            assert re.fullmatch(r"1\.\d+(\.\d+)?\S*", go.version)
            return
    pytest.skip("no sample was built with Go here")


@pytest.fixture
def objcopy() -> str:
    found = shutil.which("objcopy")
    if not found:
        pytest.skip("objcopy is not installed")
    return found


def test_split_debug_information_is_named(build_plugin: Build, tmp_path: Path, objcopy: str):
    shutil.copy(build_plugin(SOURCE, flags=("-g",)), tmp_path / "whole.so")
    run(objcopy, "--only-keep-debug", "whole.so", "split.debug", folder=tmp_path)
    run(objcopy, "--strip-all", "whole.so", "lean.so", folder=tmp_path)
    run(objcopy, "--add-gnu-debuglink=split.debug", "lean.so", folder=tmp_path)
    whole, lean = read_build_facts(tmp_path / "whole.so"), read_build_facts(tmp_path / "lean.so")
    assert (whole.debug, whole.is_stripped) == (DebugInfo.INCLUDED, False)
    assert (lean.debug, lean.debug_file, lean.is_stripped) == (DebugInfo.SEPARATE, "split.debug", True)
    assert lean.sizes.debug_bytes == 0 < whole.sizes.debug_bytes


def test_packed_names_of_functions_are_no_full_debug_information(build_plugin: Build, tmp_path: Path, objcopy: str):
    shutil.copy(build_plugin(SOURCE), tmp_path / "whole.so")
    (tmp_path / "names").write_bytes(b"packed")
    run(objcopy, "--add-section=.gnu_debugdata=names", "whole.so", "names.so", folder=tmp_path)
    assert read_build_facts(tmp_path / "names.so").debug is DebugInfo.NAMES_ONLY


def test_sections_that_are_cut_away_leave_what_segments_tell(build_plugin: Build, tmp_path: Path, objcopy: str):
    whole = build_plugin(SOURCE, flags=("-Wl,-z,relro", "-Wl,-z,now"))
    data = bytearray(whole.read_bytes())
    data[0x28:0x30] = bytes(8)  # e_shoff
    data[0x3C:0x40] = bytes(4)  # e_shnum, e_shstrndx
    bare = tmp_path / "bare.so"
    bare.write_bytes(data)
    build = read_build_facts(bare)
    assert (build.hardening.relro, build.problem, build.is_stripped) == (Relro.FULL, "", True)
    assert build.build_id == read_build_facts(whole).build_id
    assert build.sizes.text_bytes > 0
    assert build.sizes.bss_bytes >= 400


def test_what_is_no_elf_file_is_refused(tmp_path: Path):
    (tmp_path / "text.so").write_text("not a plugin")
    with pytest.raises(BinaryFormatError, match="not an ELF file"):
        read_build_facts(tmp_path / "text.so")


def _libraries() -> Sequence[Path]:
    """A sample of the machine's shared objects; the same in each run."""
    folders = [Path("/usr/lib"), Path("/lib"), Path("/usr/lib64")]
    found = {path.resolve() for folder in folders for path in folder.glob("*/*.so*") if path.is_file()}
    return [path for path in sorted(found)[::EVERY] if path.read_bytes()[:4] == b"\x7fELF"]


each_library = pytest.mark.parametrize("path", _libraries(), ids=lambda path: path.name)


@each_library
@pytest.mark.skipif(not shutil.which("size"), reason="size is not installed")
def test_sizes_of_system_libraries_are_those_of_size(path: Path):
    sizes = read_build_facts(path).sizes
    theirs = tuple(map(int, said_by("size", path).splitlines()[1].split()[:3]))
    assert (sizes.text_bytes, sizes.data_bytes, sizes.bss_bytes) == theirs


@each_library
@needs_readelf
def test_readelf_reads_the_same_of_system_libraries(path: Path):
    build = read_build_facts(path)
    segments, dynamic = said_by("readelf", "-lW", path), said_by("readelf", "-dW", path)
    sections, comment = said_by("readelf", "-SW", path), said_by("readelf", "-p", ".comment", path)
    assert (build.hardening.relro is not Relro.NONE) is ("GNU_RELRO" in segments)
    assert build.hardening.binds_now is bool(re.search(r"BIND_NOW|\bNOW\b", dynamic))
    assert build.hardening.executable_stack is ("GNU_STACK" not in segments or " RWE " in segments)
    assert build.is_stripped is (".symtab" not in sections)
    assert (build.debug is DebugInfo.INCLUDED) is bool(re.search(r"\.z?debug_info", sections))
    assert bool(build.debug_file) is (".gnu_debuglink" in sections)
    versions = {tool.version for tool in build.toolchain.tools if tool.name == "GCC"}
    assert set(re.findall(r"GCC: \(.*\) (\d\S*)", comment)) <= versions
