"""Symbols, versions and flags, from libraries that a compiler made for each case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from plugdeck.binary import read
from plugdeck.binary.facts import BinaryFacts, BinarySymbol, Binding, SymbolKind, VersionNeed, Visibility

KINDS = """
#define EXPORT __attribute__((visibility("default")))
EXPORT int function(void) { return 1; }
EXPORT int variable = 1;
EXPORT int zeros[100];
EXPORT const char constant[] = "text";
EXPORT __thread int each_thread = 2;
EXPORT __attribute__((weak)) int weak(void) { return 1; }
__attribute__((visibility("protected"))) int protected_function(void) { return 1; }
int hidden(void) { return 1; }
static int chosen(void) { return 1; }
static int (*choose(void))(void) { return chosen; }
EXPORT int indirect(void) __attribute__((ifunc("choose")));
"""


def exports_of(facts: BinaryFacts) -> dict[str, BinarySymbol]:
    assert facts.exports is not None
    return {symbol.name: symbol for symbol in facts.exports}


@pytest.fixture(params=["sysv", "gnu", "both"])
def hash_style(request) -> str:
    return f"-Wl,--hash-style={request.param}"


@pytest.mark.parametrize(
    ("name", "kind", "binding", "visibility", "size_bytes"),
    [
        ("function", SymbolKind.FUNCTION, Binding.GLOBAL, Visibility.DEFAULT, None),
        ("variable", SymbolKind.VARIABLE, Binding.GLOBAL, Visibility.DEFAULT, 4),
        ("zeros", SymbolKind.VARIABLE, Binding.GLOBAL, Visibility.DEFAULT, 400),
        ("constant", SymbolKind.VARIABLE, Binding.GLOBAL, Visibility.DEFAULT, 5),
        ("each_thread", SymbolKind.THREAD_LOCAL, Binding.GLOBAL, Visibility.DEFAULT, 4),
        ("weak", SymbolKind.FUNCTION, Binding.WEAK, Visibility.DEFAULT, None),
        ("protected_function", SymbolKind.FUNCTION, Binding.GLOBAL, Visibility.PROTECTED, None),
        ("indirect", SymbolKind.INDIRECT_FUNCTION, Binding.GLOBAL, Visibility.DEFAULT, None),
    ],
)
def test_exported_symbol_is_listed_as_what_it_is(
    build_plugin: Callable[..., Path], hash_style: str, name: str, kind, binding, visibility, size_bytes
) -> None:
    symbol = exports_of(read(build_plugin(KINDS, flags=[hash_style])))[name]
    assert (symbol.kind, symbol.binding, symbol.visibility) == (kind, binding, visibility)
    assert size_bytes in (None, symbol.size_bytes)


def test_hidden_symbol_is_not_listed(build_plugin: Callable[..., Path], hash_style: str) -> None:
    assert "hidden" not in exports_of(read(build_plugin(KINDS, flags=[hash_style])))


def test_unique_symbol_of_cpp_is_listed(build_plugin: Callable[..., Path]) -> None:
    source = """
    template <typename T> struct __attribute__((visibility("default"))) Holder { static int value; };
    template <typename T> int Holder<T>::value = 3;
    template struct Holder<int>;
    """
    facts = read(build_plugin(source, language="c++"))
    assert Binding.UNIQUE in {symbol.binding for symbol in exports_of(facts).values()}


def test_imports_of_a_library_without_exports_are_listed(build_plugin: Callable[..., Path], hash_style: str) -> None:
    source = """
    #include <stdio.h>
    #include <stdlib.h>
    __attribute__((constructor)) static void start(void) { puts(getenv("HOME")); }
    """
    facts = read(build_plugin(source, flags=[hash_style]))
    assert facts.imports is not None
    assert facts.exports == ()
    assert {"puts", "getenv"} <= {symbol.name for symbol in facts.imports}
    version = next(symbol.version for symbol in facts.imports if symbol.name == "puts")
    assert version is not None
    assert version.startswith("GLIBC_")


def test_names_outside_ascii_are_decoded(build_plugin: Callable[..., Path]) -> None:
    source = '__attribute__((visibility("default"))) int grüße(void) { return 1; }'
    assert "grüße" in exports_of(read(build_plugin(source)))


VERSIONED = """
#define EXPORT __attribute__((visibility("default")))
EXPORT int old_open(void) { return 1; }
EXPORT int new_open(void) { return 2; }
__asm__(".symver old_open, open_it@V_1");
__asm__(".symver new_open, open_it@@V_2");
EXPORT int plain(void) { return 3; }
"""


@pytest.fixture
def versioned(build_plugin: Callable[..., Path], tmp_path: Path) -> Path:
    script = tmp_path / "versions"
    script.write_text("V_1 { global: open_it; };\nV_2 { global: plain; } V_1;\n")
    return build_plugin(VERSIONED, name="libv.so", flags=[f"-Wl,--version-script={script}", "-Wl,-soname,libv.so.2"])


def test_defined_versions_are_listed_without_the_base(versioned: Path) -> None:
    elf = read(versioned).elf
    assert elf is not None
    assert elf.version_definitions == ("V_1", "V_2")


def test_old_and_default_version_of_a_symbol_are_told_apart(versioned: Path) -> None:
    exports = read(versioned).exports
    assert exports is not None
    found = {(symbol.version, symbol.version_is_default) for symbol in exports if symbol.name == "open_it"}
    assert found == {("V_1", False), ("V_2", True)}


def test_marks_of_versions_are_no_variables(versioned: Path) -> None:
    assert exports_of(read(versioned))["V_1"].kind is SymbolKind.OTHER


def test_needed_version_names_its_library(versioned: Path, build_plugin: Callable[..., Path]) -> None:
    source = """
    int plain(void);
    __attribute__((visibility("default"))) int call(void) { return plain(); }
    """
    elf = read(build_plugin(source, flags=[str(versioned)])).elf
    assert elf is not None
    assert "libv.so.2" in elf.needed
    assert VersionNeed("libv.so.2", "V_2", weak=False) in elf.version_needs


@pytest.mark.parametrize(
    ("flags", "rpath", "runpath"),
    [
        (["-Wl,--enable-new-dtags", "-Wl,-rpath,$ORIGIN/a:/b"], (), ("$ORIGIN/a", "/b")),
        (["-Wl,--disable-new-dtags", "-Wl,-rpath,/only"], ("/only",), ()),
        ([], (), ()),
    ],
)
def test_search_folders_are_read(build_plugin: Callable[..., Path], flags, rpath, runpath) -> None:
    elf = read(build_plugin("int x;", flags=flags)).elf
    assert elf is not None
    assert (elf.rpath, elf.runpath) == (rpath, runpath)


@pytest.mark.parametrize(("flag", "expected"), [("-Wl,-z,execstack", True), ("-Wl,-z,noexecstack", False)])
def test_executable_stack_is_told(build_plugin: Callable[..., Path], flag: str, expected: bool) -> None:
    flags = [flag, "-Wl,--no-warn-execstack"] if expected else [flag]
    elf = read(build_plugin("int y;", flags=flags)).elf
    assert elf is not None
    assert elf.executable_stack is expected


def test_flags_are_read(build_plugin: Callable[..., Path]) -> None:
    elf = read(build_plugin("int z;", flags=["-Wl,-z,now", "-Wl,-z,nodelete", "-Wl,--build-id=0xcafe"])).elf
    assert elf is not None
    assert elf.flags & 8  # DF_BIND_NOW
    assert elf.flags_1 & 0x9 == 0x9  # DF_1_NOW, DF_1_NODELETE
    assert elf.build_id == "cafe"
    assert not elf.text_relocations


@pytest.mark.parametrize(
    ("flags", "description"),
    [
        (["-pie", "-fPIE"], "64-bit ELF program (position-independent)"),
        (["-no-pie"], "64-bit ELF program"),
        (["-no-pie", "-static"], "64-bit ELF program"),
        (["-r", "-nostdlib"], "64-bit ELF object file, not linked yet"),
    ],
)
def test_program_and_object_file_are_told_from_a_shared_object(
    build_plugin: Callable[..., Path], flags, description: str
) -> None:
    facts = read(build_plugin("int main(void) { return 0; }", name="program", flags=["-no-pie", *flags]))
    assert facts.description.startswith(description + ",")
    assert facts.elf is not None
    assert facts.elf.is_executable == ("program" in description)
    assert facts.elf.has_dynamic == (not {"-static", "-r"} & set(flags))


def test_separate_debug_information_is_named(build_plugin: Callable[..., Path], tmp_path: Path) -> None:
    import shutil
    import subprocess

    from plugdeck.errors import BinaryFormatError

    if not shutil.which("objcopy"):
        pytest.skip("objcopy is not installed")
    debug = tmp_path / "x.debug"
    library = build_plugin("int with_debug;", flags=["-g"])
    subprocess.run(["objcopy", "--only-keep-debug", library, debug], check=True, timeout=20)
    with pytest.raises(BinaryFormatError, match="debug information"):
        read(debug)
