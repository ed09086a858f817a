"""Go's build information, in both of its forms, against what ``go version -m`` prints."""

from __future__ import annotations

import struct
import subprocess

import pytest

from plugdeck.binary.source import open_source
from plugdeck.dialects.go import GoModule, read_go_file
from plugdeck.dialects.go.build_info import parse_build_info, read_build_info
from plugdeck.dialects.go.image import GoImage

from .recipes import HOST, REPLACED, SPECIAL, STRIPPED, TRIMMED

FRAME = bytes.fromhex("3077af0c9274080241e1c107e6d618e6"), bytes.fromhex("f932433186182072008242104116d8f2")
TEXT = "path\texample.com/old\nmod\texample.com/old\tv1.2.3\th1:abc=\nbuild\t-compiler=gc\n"


def as_go_prints_it(build):
    """The lines of ``go version -m`` behind the first."""
    yield f"path\t{build.package}"
    for word, modules in (("mod", [build.main]), ("dep", build.dependencies)):
        for module in modules:
            yield f"{word}\t{module.path}\t{module.version}" + ("" if module.replacement else f"\t{module.sum}")
            if module.replacement:
                yield "=>\t" + "\t".join(module.replacement[:3])
    for name, value in build.settings.items():
        yield f"build\t{name}={value}"


@pytest.mark.parametrize("recipe", (HOST, TRIMMED, SPECIAL, STRIPPED, REPLACED), ids=lambda recipe: recipe.name)
def test_it_is_what_go_itself_prints(workshop, recipe):
    path = workshop.build(recipe)
    printed = subprocess.run(
        [workshop.go, "version", "-m", path], capture_output=True, text=True, check=True, env=workshop.environment()
    ).stdout.splitlines()
    build = read_go_file(path).build
    assert printed[0] == f"{path}: {build.toolchain}"
    assert [line.removeprefix("\t").rstrip() for line in printed[1:] if line.strip()] == [
        line.rstrip() for line in as_go_prints_it(build)
    ]


def test_it_is_found_without_sections(workshop, tmp_path):
    """As tools leave a file that drop the section headers, which no loader needs."""
    data = bytearray(workshop.build(STRIPPED).read_bytes())
    struct.pack_into("<Q", data, 0x28, 0)  # e_shoff
    struct.pack_into("<HHH", data, 0x3A, 0, 0, 0)
    path = tmp_path / "without-sections.so"
    path.write_bytes(data)
    file, whole = read_go_file(path), read_go_file(workshop.build(STRIPPED))
    assert file == whole and file.build and file.symbols


OLD = """
static const char version[] = "go1.17.13";
static const char modules[] = "{modules}";
struct text {{ const void *data; unsigned long size; }};
static struct text texts[] = {{ {{ version, sizeof version - 1 }}, {{ modules, sizeof modules - 1 }} }};
__attribute__((section(".go.buildinfo"), aligned(16))) struct {{
    unsigned char magic[14], pointer_bytes, flags; struct text *version, *modules;
}} info = {{ "\\xff Go buildinf:", 8, 0, &texts[0], &texts[1] }};
"""


def test_pointers_of_the_older_form_are_followed(build_plugin):
    framed = FRAME[0] + TEXT.encode() + FRAME[1]
    source = OLD.format(modules="".join(f"\\{byte:03o}" for byte in framed))
    with open_source(build_plugin(source, flags=("-Wl,-z,nopack-relative-relocs",))) as file:
        build = read_build_info(GoImage(file))
    assert build.toolchain == "go1.17.13"
    assert build.package == "example.com/old"
    assert build.main == GoModule("example.com/old", "v1.2.3", "h1:abc=")


@pytest.mark.parametrize(
    ("line", "key", "value"),
    (
        ("-tags=a,b", "-tags", "a,b"),
        ('-ldflags="-s -w"', "-ldflags", "-s -w"),
        ('CGO_CFLAGS="-O2 \\"x\\" \\t\\u00e9"', "CGO_CFLAGS", '-O2 "x" \té'),
        ('"-a b"=`c d`', "-a b", "c d"),
        ("CGO_LDFLAGS=", "CGO_LDFLAGS", ""),
        ("alone", "alone", ""),
    ),
)
def test_settings_are_unquoted_as_go_quotes_them(line, key, value):
    assert parse_build_info("go1.21.0", f"build\t{line}\n").settings == {key: value}


def test_replacements_belong_to_the_module_before_them():
    text = "mod\ta\tv1\n=>\tb\tv2\th1:b\ndep\tc\tv3\n=>\t../d\t\t\n=>\te\tv5\t\ndep\tf\tv6\th1:f\n"
    build = parse_build_info("go1.21.0", text)
    assert build.main.used == GoModule("b", "v2", "h1:b")
    assert [module.used.path for module in build.dependencies] == ["e", "f"]


@pytest.mark.parametrize("text", ("=>\tx\ty\n", "dep\n", "mod\t\t\t\t\t\n", "build\n", "\n\n", "path", "\udcff\tx\n"))
def test_lines_that_make_no_sense_are_no_error(text):
    assert parse_build_info("go1.21.0", text).toolchain == "go1.21.0"
