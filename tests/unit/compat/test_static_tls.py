"""The static thread-local block: our figures against the dynamic loader, to the byte."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugdeck.binary import read
from plugdeck.binary.facts import ThreadLocal
from plugdeck.compat.check import check
from plugdeck.compat.host import Host
from plugdeck.compat.static_tls import NO_STATIC_BLOCK, StaticBlock

DLOPEN = "import ctypes, os, sys; ctypes.CDLL(sys.argv[1], os.RTLD_NOW)"
INITIAL_EXEC = ("-ftls-model=initial-exec",)


def loads(path: Path) -> bool:
    command = [sys.executable, "-I", "-S", "-c", DLOPEN, os.fspath(path)]
    return subprocess.run(command, capture_output=True, timeout=60).returncode == 0


def stops(path: Path) -> list[str]:
    return [finding.id for finding in check(read(path), Host.default()) if finding.stops_load]


@pytest.fixture
def block(libraries):
    """``block(100, 64) -> Path``: a library with so many bytes of thread-local memory at a fixed place."""

    def build(size_bytes: int, alignment: int = 1, name: str = "block") -> Path:
        source = (
            f"__thread char {name}[{size_bytes}] __attribute__((aligned({alignment})));\n"
            f"char *from_{name}(void) {{ return {name}; }}\n"
        )
        return libraries(f"lib{name}.so", source, flags=INITIAL_EXEC)

    return build


@pytest.mark.parametrize("alignment", [1, 16, 64])
def test_last_byte_that_fits_is_known(block, alignment: int):
    free = Host.default().static_block.surplus_bytes
    for size_bytes, fits in ((free, True), (free + 1, False)):
        plugin = block(size_bytes, alignment)
        assert loads(plugin) is fits
        assert stops(plugin) == ([] if fits else ["loader.static-tls"])


def test_alignment_beyond_the_hosts_is_refused(block):
    plugin = block(8, 2 * Host.default().static_block.alignment)
    assert not loads(plugin)
    assert stops(plugin) == ["loader.static-tls"]


def test_libraries_share_what_is_left(block, libraries):
    free = Host.default().static_block.surplus_bytes
    one = block(free // 2, name="one")
    for size_bytes, fits in ((free - free // 2, True), (free - free // 2 + 1, False)):
        two = block(size_bytes, name="two")
        source = (
            "char *from_one(void); char *from_two(void); char *Call(int i) { return i ? from_one() : from_two(); }\n"
        )
        plugin = libraries("both.so", source, needs=[one, two], flags=["-Wl,-rpath,$ORIGIN"])
        assert loads(plugin) is fits
        assert stops(plugin) == ([] if fits else ["loader.static-tls"])


def test_variable_of_another_library_needs_a_place_for_that_library(libraries):
    free = Host.default().static_block.surplus_bytes
    owner = libraries("libowner.so", f"__thread char owned[{free + 1}];\n")
    user_source = f"extern __thread char owned[{free + 1}]; char *Call(void) {{ return owned; }}\n"
    plugin = libraries("user.so", user_source, needs=[owner], flags=[*INITIAL_EXEC, "-Wl,-rpath,$ORIGIN"])
    assert loads(owner)
    assert not stops(owner)
    assert not loads(plugin)
    (finding,) = (each for each in check(read(plugin), Host.default()) if each.stops_load)
    assert finding.id == "loader.static-tls"
    assert finding.message.startswith("libowner.so needs")


def test_tunable_makes_room(block, monkeypatch: pytest.MonkeyPatch):
    plugin = block(Host.default().static_block.surplus_bytes + 100)
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.check=0:glibc.rtld.optional_static_tls=0x400")
    assert loads(plugin)
    assert not stops(plugin)


def test_remedy_of_the_finding_helps(block, monkeypatch: pytest.MonkeyPatch):
    plugin = block(100_000)
    (finding,) = (each for each in check(read(plugin), Host.default()) if each.stops_load)
    tunable = next(word for word in finding.remedy.replace(",", "").split() if word.startswith("GLIBC_TUNABLES="))
    monkeypatch.setenv(*tunable.split("=", 1))
    assert loads(plugin)
    assert not stops(plugin)


def test_musl_has_no_place_at_all():
    assert NO_STATIC_BLOCK.refuses([ThreadLocal(1, 1, 0)]) == (0, 0)


@given(st.lists(st.builds(ThreadLocal, st.integers(1, 4000), st.sampled_from([1, 2, 8, 16, 32, 64]), st.just(0))))
def test_blocks_never_take_more_than_there_is(blocks: list[ThreadLocal]):
    whole = StaticBlock.of([])
    refused = whole.refuses(blocks)
    number = refused[0] if refused else len(blocks)
    assert sum(block.size_bytes for block in blocks[:number]) <= whole.surplus_bytes
    if refused:
        assert blocks[number].size_bytes > refused[1]
