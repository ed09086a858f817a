"""Asserting C types against real plugins: the samples, other compilers, and damaged declarations."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugdeck.binary.facts import SymbolKind
from plugdeck.dialects.opening import manifest_of, open_plugin
from plugdeck.errors import OpenError, SymbolTypeError
from plugdeck.runtime import Variable
from plugdeck.runtime.c_types import UnknownTypeError, parse_type

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
SAMPLES = sorted([*PLUGINS.glob("c/*/*.c"), *PLUGINS.glob("cpp/*/*.cpp")])
LANGUAGES = {".c": "c", ".cpp": "c++"}


@pytest.fixture(params=SAMPLES, ids=lambda path: path.stem)
def sample(request, build_plugin):
    language = LANGUAGES[request.param.suffix]
    return open_plugin(build_plugin(request.param, name=f"{request.param.stem}.so", language=language))


def test_every_symbol_that_a_sample_declares_can_be_asserted_with_its_own_type(sample):
    declared = manifest_of(sample).symbols
    assert declared
    for symbol in declared:
        asserted = sample.lookup(symbol.name).expect(symbol.c_type)
        assert isinstance(asserted, Variable) is (symbol.kind is SymbolKind.VARIABLE)


def test_every_symbol_of_a_sample_refuses_another_type_before_anything_is_called(sample):
    for symbol in manifest_of(sample).symbols:
        for other in ("int(int, int, int, int, int)", "pd_host", "float"):
            with pytest.raises(SymbolTypeError, match=re.escape(f"is declared as {symbol.c_type}; expected {other}")):
                sample.lookup(symbol.name).expect(other)


def test_a_wrong_assertion_ends_a_program_with_a_sentence_and_no_crash(build_plugin):
    file = build_plugin(PLUGINS / "c" / "invert" / "invert.c", name="invert.so")
    code = "import plugdeck, sys; plugdeck.open(sys.argv[1]).lookup('Transform').expect('double(double)')(1.5)"
    done = subprocess.run([sys.executable, "-c", code, file], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "plugdeck.errors.SymbolTypeError: symbol Transform of plugin invert.so is declared as "
        "int(const pd_image *, pd_image *); expected double(double)"
    )


def test_a_symbol_that_assembly_gives_no_kind_follows_its_declaration(build_plugin):
    """As compilers of other languages may leave it: the type is in the note, the symbol table says nothing."""
    source = """
        #include "plugdeck.h"
        PD_PLUGIN("bare", "1.0.0", "test", "MIT", "A symbol without a type.")
        PD_FUNCTION(int, Answer, (void))
        __asm__(".pushsection .text\\n.globl Answer\\nAnswer:\\n  mov $42, %eax\\n  ret\\n.popsection");
    """
    answer = open_plugin(build_plugin(source, name="bare.so")).lookup("Answer")
    assert answer.kind is SymbolKind.OTHER
    assert answer.expect("int(void)")() == 42


def test_what_is_not_code_is_not_called(build_plugin):
    source = """
        #include "plugdeck.h"
        PD_PLUGIN("bare", "1.0.0", "test", "MIT", "Data that is declared as a function.")
        PD_FUNCTION(int, Answer, (void))
        __asm__(".pushsection .data\\n.globl Answer\\nAnswer:\\n  .long 42\\n.popsection");
    """
    with pytest.raises(SymbolTypeError, match="lies in memory that is not code"):
        open_plugin(build_plugin(source, name="bare.so")).lookup("Answer").expect("int(void)")


def test_a_damaged_declaration_never_becomes_a_callable(build_plugin, tmp_path):
    """One byte after another of the declared type is overwritten in the file; no change is taken for the real type."""
    source = """
        #include "plugdeck.h"
        PD_PLUGIN("damaged", "1.0.0", "test", "MIT", "Its note is damaged.")
        PD_FUNCTION(int, Twice, (int, double))
        int Twice(int value, double factor) { return (int)(value * factor); }
    """
    whole = build_plugin(source).read_bytes()
    start = whole.index(b"int(int, double)")
    for offset in range(start, start + len(b"int(int, double)")):
        file = tmp_path / f"{offset}.so"
        file.write_bytes(whole[:offset] + b"#" + whole[offset + 1 :])
        with pytest.raises((SymbolTypeError, OpenError)):
            open_plugin(file).lookup("Twice").expect("int(int, double)")


WORDS = ["int", "char", "const", "unsigned", "long", "void", "pd_image", "struct", "bool", "x", "4", "-1"]
MARKS = ["*", "(", ")", "[", "]", ",", "...", "(*)", "()"]


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS + MARKS), max_size=14).map(" ".join)))
def test_any_text_is_a_type_or_is_refused(text):
    """Declared types come from files: whatever they hold, reading them ends in one of two ways."""
    try:
        parsed = parse_type(text)
    except UnknownTypeError as error:
        assert str(error)
    else:
        assert parsed.is_same_as(parse_type(text))


def test_a_plugin_with_thousands_of_symbols_is_looked_up_by_name(build_plugin, tmp_path):
    lines = "".join(f"PD_EXPORT int f{number}(void) {{ return {number}; }}\n" for number in range(5000))
    file = shutil.copyfile(build_plugin(f'#include "plugdeck.h"\n{lines}'), tmp_path / "many.so")
    plugin = open_plugin(file)
    assert len(plugin.symbols) == 5000
    assert plugin.lookup("f4321").assume("int(void)")() == 4321
