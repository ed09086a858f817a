"""Modules that only workers import are compiled before a worker needs them."""

import os
from importlib.util import cache_from_source
from pathlib import Path

from plugdeck.hosting.sandbox.bytecode import compile_modules


def test_what_is_not_compiled_or_older_than_its_source_is_compiled(tmp_path):
    sources = [tmp_path / "top.py", tmp_path / "hosting" / "sandbox" / "deep.py"]
    for source in sources:
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text("a = 1\n")
    compile_modules(tmp_path)
    compiled = [Path(cache_from_source(source)) for source in sources]
    first = [file.read_bytes() for file in compiled]

    compiled[0].write_bytes(b"kept, since it is newer")
    sources[1].write_text("a = 22\n")
    later = compiled[1].stat().st_mtime_ns + 1_000_000_000
    os.utime(sources[1], ns=(later, later))
    compile_modules(tmp_path)

    assert compiled[0].read_bytes() == b"kept, since it is newer"
    assert compiled[1].read_bytes() != first[1]


def test_a_module_with_an_error_stops_nothing(tmp_path):
    (tmp_path / "bad.py").write_text("def\n")
    (tmp_path / "good.py").write_text("a = 1\n")
    compile_modules(tmp_path)

    assert not Path(cache_from_source(tmp_path / "bad.py")).exists()
    assert Path(cache_from_source(tmp_path / "good.py")).exists()
