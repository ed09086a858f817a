"""Mangled names: as c++filt spells them, whatever a file says, and within bounds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugdeck.binary import read
from plugdeck.compat.demangle import demangled
from plugdeck.compat.demangling.reading import MOST_INPUT, MOST_OUTPUT
from plugdeck.compat.host import Host

from ...conftest import skip_or_fail

TEMPLATES = """
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#define SHOWN __attribute__((visibility("default"), noinline))
namespace deck { namespace {
struct Hidden { int value; };
}
struct SHOWN Card {
    Card(int); virtual ~Card(); Card &operator+=(const Card &) volatile &&; operator std::string() const;
    template <typename T> operator T *() const; static int count; int (*callback(char))(double);
    template <typename... Ts> auto take(Ts &&...all) -> decltype(std::make_tuple(all...));
};
Card::Card(int) {} Card::~Card() {} int Card::count;
Card &Card::operator+=(const Card &) volatile && { return const_cast<Card &>(*this); }
Card::operator std::string() const { static std::string kept = "x"; return kept; }
template <typename T> SHOWN Card::operator T *() const { return nullptr; }
template Card::operator long *() const;
int (*Card::callback(char))(double) { return nullptr; }
template <typename... Ts> SHOWN auto Card::take(Ts &&...all) -> decltype(std::make_tuple(all...)) { return {all...}; }
template auto Card::take(int &&, char &&) -> decltype(std::make_tuple(1, 'c'));
template <int N, bool B, typename T> SHOWN T pick(T (&)[N], std::integral_constant<bool, B>) { return T(); }
template int pick<3, true, int>(int (&)[3], std::integral_constant<bool, true>);
SHOWN void all(std::map<std::string, std::unique_ptr<Card>> &, int Card::*, void (Card::*)(int) const,
               const char *const *, std::function<void(int (*)[4], long double)>, unsigned char,
               decltype(nullptr), __int128, ...) {}
SHOWN std::string operator""_card(unsigned long long) { return {}; }
SHOWN int count_on(Hidden *) { auto each = [](auto x, int) { return x; }; return each(1, 2); }
}
"""
"""What compilers make of the odd corners of C++."""


def only_differences_of_taste_removed(text: str) -> str:
    """c++filt says ``> >``, spells the standard's own abbreviations out, and shows what rustc hides."""
    for name in ("string", "istream", "ostream", "iostream"):
        long = rf"std::basic_{name}<char, std::char_traits<char>(, std::allocator<char>)? ?>(?!::~?basic_)"
        text = re.sub(long, f"std::{name}", text)
    return re.sub(r"\[[0-9a-f]{8,16}\]", "", text.replace("> >", ">>").replace("> >", ">>"))


def disagreements(names: list[str]) -> list[tuple[str, str, str]]:
    """Names that c++filt spells otherwise."""
    if (tool := shutil.which("c++filt")) is None:
        skip_or_fail("c++filt is not on PATH")
        raise AssertionError("unreachable")
    done = subprocess.run([tool], input="\n".join(names), capture_output=True, text=True, timeout=60, check=True)
    theirs = done.stdout.split("\n")
    return [
        (name, ours, their)
        for name, ours, their in zip(names, map(demangled, names), theirs, strict=True)
        if only_differences_of_taste_removed(ours) != only_differences_of_taste_removed(their)
    ]


def mangled_names(path: Path) -> list[str]:
    facts = read(path)
    return sorted({symbol.name for symbol in (*(facts.exports or ()), *(facts.imports or ())) if "_Z" in symbol.name})


def test_odd_corners_of_cpp_are_spelled_as_by_cppfilt(build_plugin: Callable[..., Path]):
    names = mangled_names(build_plugin(TEMPLATES, language="c++", name="corners.so"))
    assert len(names) > 20
    assert disagreements(names) == []


def test_standard_library_of_cpp_is_spelled_as_by_cppfilt(build_plugin: Callable[..., Path]):
    plugin = build_plugin(TEMPLATES, language="c++", name="corners.so")
    closure = Host.default().closure(read(plugin))
    assert closure
    (library,) = [each for each in closure.libraries if "++" in each.label]
    names = mangled_names(Path(library.path))
    wrong = disagreements(names)
    assert len(names) > 1000
    assert len(wrong) <= len(names) / 100, wrong[:20]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("_Z1fv", "f()"),
        ("_ZTV4Card", "vtable for Card"),
        ("_ZTSSt9exception", "typeinfo name for std::exception"),
        ("_ZThn16_N4deck4CardD1Ev", "non-virtual thunk to deck::Card::~Card()"),
        ("_ZGVZ4mainE4kept", "guard variable for main::kept"),
        ("_Z4sortIPiEvT_S1_", "void sort<int*>(int*, int*)"),
        ("_ZNSt6vectorIiSaIiEE9push_backERKi", "std::vector<int, std::allocator<int>>::push_back(int const&)"),
        ("_ZNSdD1Ev", "std::basic_iostream<char, std::char_traits<char>>::~basic_iostream()"),
        ("_Z3runPFPFvvEiE", "run(void (*(*)(int))())"),
        ("_Z3runRA3_A4_i", "run(int (&) [3][4])"),
        ("_ZN3oneB5cxx11Ev", "one[abi:cxx11]()"),
        ("_ZZ4mainENKUliE_clEi", "main::{lambda(int)#1}::operator()(int) const"),
        ("_Z4workv.isra.0", "work() [clone .isra.0]"),
        ("_ZN12_GLOBAL__N_14workEv", "(anonymous namespace)::work()"),
        ("_ZN4core3fmt9Formatter3pad17h9b2b3a0e5b4d1b31E", "core::fmt::Formatter::pad"),
        ("_ZN60_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$core..ops..Drop$GT$4drop17h0123456789abcdefE",
         "<alloc::vec::Vec<T> as core::ops::Drop>::drop"),
        ("_RNvC6_123foo3bar", "123foo::bar"),
        ("_RNvCs1234_7mycrate4main", "mycrate::main"),
        ("_RNCNvC4deck4play0", "deck::play::{closure#0}"),
        ("_RINvNtC3std3mem8align_ofNtNtC4deck1a1bE", "std::mem::align_of::<deck::a::b>"),
        ("_RMC4deckNtB0_4Card", "<deck::Card>"),
        ("_RINvC4deck3cutKj10_E", "deck::cut::<16>"),
        ("_RNvC7mycrateu8gdel_5qa", "mycrate::gödel"),
        ("_RINvC1a1bFUKCRShEuE", 'a::b::<unsafe extern "C" fn(&[u8])>'),
        ("_RINvC1a1bDG_INtC1f2FnTRL0_eEEp6OutputuEL_E", "a::b::<dyn for<'a> f::Fn<(&'a str,), Output = ()>>"),
    ],
)  # fmt: skip
def test_names_are_spelled_as_their_authors_wrote_them(name: str, text: str):
    assert demangled(name) == text


@pytest.mark.parametrize(
    "name",
    [
        "",
        "main",
        "_Z",
        "_R",
        "_ZN",
        "_Z1",
        "_Z999999999999f",
        "_ReadULEB",
        "_ZGVbN4v_sinf",
        "_Z1fS_",
        "_Z1fT_",
        "_RB_",
        "_RNvB_1a",
    ],
)
def test_what_is_not_mangled_stays_as_it_is(name: str):
    assert demangled(name) == name


def doubling(count: int) -> str:
    """A name whose types each hold the one before twice: 2 to the power of ``count`` words."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    number = lambda n: "" if n == 0 else digits[n - 1] if n < 37 else digits[(n - 1) // 36] + digits[(n - 1) % 36]  # noqa: E731
    pairs = "".join(f"1aIS{number(2 * each + 1)}_S{number(2 * each + 1)}_E" for each in range(count))
    return f"_Z1f1aIiE{pairs}"


@pytest.mark.parametrize(
    "name",
    [
        doubling(60),
        "_Z1f" + "P" * 3000 + "i",
        "_Z1f" + "1aI" * 900,
        "_ZN" + "1a" * 1900 + "E",
        "_Z1f" + "Z1f" * 900,
        "_Z1fIJJJEEEvDpDpDpT_" * 100,
        "_RINvC1a1b" + "T" * 3000,
        "_RINvC1a1b" + "TB8_B8_" * 400 + "E",
        "_ZcvT_IT_E",
        "_Z" + "1" * 5000,
    ],
    ids=lambda name: f"{name[:12]}-{len(name)}",
)
def test_names_that_are_made_to_annoy_are_bounded(name: str):
    assert len(demangled(name)) <= max(MOST_OUTPUT, len(name))


def test_longer_names_than_any_are_left_alone():
    name = f"_Z{MOST_INPUT}{'a' * MOST_INPUT}v"
    assert demangled(name) == name


LETTERS = st.text("_ZNSt0123456789ESTDPKRIJLXAFMCGOvicahstTUlbwBQWYcvdn", max_size=120)
SEEDS = [
    "_ZNSt6vectorIiSaIiEE9push_backERKi",
    "_ZZ4mainENKUliE_clEi",
    "_RINvNtC3std3mem8align_ofNtNtC4deck1a1bE",
    "_Z1fIJicEEvDpT_",
]


@settings(max_examples=400, deadline=None)
@given(
    start=st.sampled_from(["_Z", "_ZN", "_ZNSt", "_R", "_RIN", "_ZT"]), rest=st.one_of(LETTERS, st.text(max_size=60))
)
def test_any_text_gives_a_text(start: str, rest: str):
    assert len(demangled(start + rest)) <= max(MOST_OUTPUT, len(start + rest))


@settings(max_examples=400, deadline=None)
@given(seed=st.sampled_from(SEEDS), at=st.integers(2, 40), length=st.integers(0, 6), put=LETTERS)
def test_damaged_names_give_a_text(seed: str, at: int, length: int, put: str):
    name = seed[:at] + put + seed[at + length :]
    assert len(demangled(name)) <= max(MOST_OUTPUT, len(name))


def test_folders_of_rust_are_read_where_rust_is(tmp_path: Path):
    compiler = shutil.which("rustc")
    if compiler is None:
        skip_or_fail("no Rust compiler: rustc is not on PATH")
    source = tmp_path / "deck.rs"
    source.write_text(
        "pub mod cards { pub struct Card; impl Card { #[inline(never)] pub fn draw(&self) -> u8 { 7 } } }\n"
    )
    target = tmp_path / "libdeck.so"
    for version, extra in (("v0", []), ("legacy", ["-Z", "unstable-options"])):
        command = [compiler, "--crate-type=dylib", "-C", f"symbol-mangling-version={version}", *extra]
        done = subprocess.run(
            [*command, "-C", "prefer-dynamic", "-o", os.fspath(target), os.fspath(source)],
            capture_output=True, text=True, timeout=100, check=False, env={**os.environ, "RUSTC_BOOTSTRAP": "1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        spelled = {demangled(symbol.name) for symbol in read(target).exports or ()}
        assert any(text in ("<deck::cards::Card>::draw", "deck::cards::Card::draw") for text in spelled), spelled
