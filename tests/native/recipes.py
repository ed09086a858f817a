"""Plugins that misbehave, or that do not fit, by name: the fixture ``native`` builds them.

``<behaviour>-in-call``, ``-in-constructor``, ``-in-init`` and ``-in-destructor`` are ``misbehave.c`` and the files of
its themes, for each of ``BEHAVIOURS``; ``misbehave`` is the same plugin, well-behaved until its variable ``behaviour``
is written, and ``throw`` the same in C++. The names in ``BROKEN`` are files that a host should refuse before running
them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
Build = Callable[..., Path]

THEMES = (
    "crashes", "endings", "memory", "frames", "protocol", "words", "processes", "outside", "state",
)  # fmt: skip
BEHAVIOURS = ("copy", *re.findall(r'X\(\w+, "([\w-]+)"\)', (HERE / "misbehave.h").read_text("utf-8")))
"""The values of ``behaviour``, in their order."""
MOMENTS = ("in-call", "in-constructor", "in-init", "in-destructor")

HEAD = '#include "plugdeck.h"\n'
PLUGIN = 'PD_PLUGIN("broken", "1.0.0", "Plugdeck\'s tests", "MIT", "Does not fit.")\n'
PROMISE = 'PD_IMAGE_TRANSFORM(100, "pointwise")\n'
TRANSFORM = "int Transform(const pd_image *in, pd_image *out) { (void)in; (void)out; return 0; }\n"
WHOLE = HEAD + PLUGIN + PROMISE + TRANSFORM


def build(name: str, build_plugin: Build) -> Path:
    """Builds one of them by its name; ``KeyError`` for a name that is none."""
    if name in BROKEN:
        return BROKEN[name](build_plugin)
    if name == "throw":
        return build_plugin(HERE / "throw.cpp", name="throw.so", language="c++", flags=("-lpthread",))
    return misbehaving(name, build_plugin)


def misbehaving(name: str, build_plugin: Build) -> Path:
    """The misbehaving plugin with the behaviour and the moment of the name."""
    choices = {
        f"{behaviour}-{moment}": (i, j) for i, behaviour in enumerate(BEHAVIOURS) for j, moment in enumerate(MOMENTS)
    }
    behaviour, moment = choices["copy-in-call" if name == "misbehave" else name]
    objects = [build_plugin(HERE / f"{theme}.c", name=f"{theme}.o", flags=("-c",), shared=False) for theme in THEMES]
    flags = (f"-DBEHAVIOUR={behaviour}", f"-DWHEN={moment}", *map(str, objects), "-lpthread")
    return build_plugin(HERE / "misbehave.c", name=f"{name}.so", flags=flags)


def from_source(name: str, text: str, *flags: str) -> Callable[[Build], Path]:
    """A plugin that the compiler makes of this text."""
    return lambda build_plugin: build_plugin(text, name=f"{name}.so", flags=flags)


def missing_library(build_plugin: Build) -> Path:
    """Needs a library that no search path has."""
    gone = build_plugin(
        '__attribute__((visibility("default"))) int gone(void) { return 7; }',
        name="libplugdeck-gone.so.1",
        flags=("-Wl,-soname,libplugdeck-gone.so.1",),
    )
    caller = TRANSFORM.replace("return 0;", "return gone();")
    return build_plugin(
        f"{HEAD}{PLUGIN}{PROMISE}int gone(void);\n{caller}", name="missing-library.so", flags=(str(gone),)
    )


def newer_glibc(build_plugin: Build) -> Path:
    """Needs GLIBC_2.99: linked against a C library that has one function of that version."""
    script = build_plugin("int unused;", name="unused.so").with_name("versions.map")
    script.write_text("GLIBC_2.99 { global: tomorrow; local: *; };\n", encoding="ascii")
    stub = build_plugin(
        '__attribute__((visibility("default"))) int tomorrow(void) { return 7; }',
        name="libc.so.6",
        flags=("-nostdlib", "-Wl,-soname,libc.so.6", f"-Wl,--version-script={script}"),
    )
    caller = TRANSFORM.replace("return 0;", "return tomorrow();")
    return build_plugin(
        f"{HEAD}{PLUGIN}{PROMISE}int tomorrow(void);\n{caller}",
        name="newer-glibc.so",
        flags=("-nostdlib", str(stub), "-fno-stack-protector"),
    )


def patched(name: str, change: Callable[[bytearray], None], *flags: str) -> Callable[[Build], Path]:
    """A good plugin, linked with these flags, with some of its bytes changed."""

    def recipe(build_plugin: Build) -> Path:
        path = build_plugin(WHOLE + f"/* {name} */", name=f"{name}.so")
        data = bytearray(build_plugin(WHOLE, name="whole.so", flags=flags).read_bytes())
        change(data)
        path.write_bytes(data)
        return path

    return recipe


def other_machine(data: bytearray) -> None:
    """``e_machine`` says AArch64, or x86-64 where that is what runs here."""
    here = struct.unpack_from("<H", data, 18)[0]
    struct.pack_into("<H", data, 18, 62 if here == 183 else 183)


def cut_short(data: bytearray) -> None:
    """Half of the file is gone."""
    del data[len(data) // 2 :]


def damage_note(data: bytearray) -> None:
    """A note's description claims to be longer than the file."""
    at = data.index(b"Plugdeck\0") - 12
    struct.pack_into("<I", data, at + 4, 0x7FFFFFF0)


def note(identifier: str, kind: str, *pairs: str) -> str:
    """A note in its own words, with any content."""
    text = "".join(pair + r"\0" for pair in pairs)
    return f'PD_NOTE({identifier}, PD_NOTE_{kind}, "{text}")\n'


INTERFACE = note("interface", "INTERFACE", "name=image-transform/1", "area=pointwise")
PRIORITY = "PD_VARIABLE(int, Priority)\nint Priority = 100;\n"
DECLARED = "PD_EXPORT int Transform(const pd_image *in, pd_image *out);\n"

BROKEN: dict[str, Callable[[Build], Path]] = {
    "no-notes": from_source(
        "no-notes", '__attribute__((visibility("default"))) int Add(int a, int b) { return a + b; }'
    ),
    "abi-too-new": from_source(
        "abi-too-new", f"{HEAD}#undef PD_ABI_MAJOR\n#define PD_ABI_MAJOR 9\n{PLUGIN}{PROMISE}{TRANSFORM}"
    ),
    "missing-transform": from_source("missing-transform", HEAD + PLUGIN + PROMISE),
    "missing-priority": from_source(
        "missing-priority",
        HEAD + PLUGIN + INTERFACE + "PD_FUNCTION(int, Transform, (const pd_image *, pd_image *))\n" + TRANSFORM,
    ),
    "wrong-type": from_source(
        "wrong-type",
        HEAD
        + PLUGIN
        + INTERFACE
        + PRIORITY
        + DECLARED
        + TRANSFORM
        + note("type", "SYMBOL", "name=Transform", "kind=function", "type=int(int, int)"),
    ),
    "wrong-kind": from_source(
        "wrong-kind",
        HEAD
        + PLUGIN
        + INTERFACE
        + PRIORITY
        + "PD_EXPORT int Transform = 1;\n"
        + note("kind", "SYMBOL", "name=Transform", "kind=function", "type=int(const pd_image *, pd_image *)"),
    ),
    "unreadable-type": from_source(
        "unreadable-type",
        HEAD
        + PLUGIN
        + INTERFACE
        + PRIORITY
        + DECLARED
        + TRANSFORM
        + note("type", "SYMBOL", "name=Transform", "kind=function", "type=int((((const"),
    ),
    "undefined-symbol": from_source(
        "undefined-symbol",
        HEAD
        + PLUGIN
        + PROMISE
        + "int plugdeck_nowhere(void);\n"
        + TRANSFORM.replace("return 0;", "return plugdeck_nowhere();"),
    ),
    "missing-library": missing_library,
    "newer-glibc": newer_glibc,
    # Without counted relocations: their kinds have other numbers there.
    "wrong-machine": patched("wrong-machine", other_machine, "-Wl,-z,nocombreloc"),
    "cut-short": patched("cut-short", cut_short),
    "damaged-note": patched("damaged-note", damage_note),
    "executable": lambda build_plugin: build_plugin(
        "int main(void) { return 0; }", name="executable.so", flags=("-pie",), shared=False
    ),
}
