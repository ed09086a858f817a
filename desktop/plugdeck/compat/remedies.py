"""What to do about a library or a symbol that is missing or too old, from the policies that come with Plugdeck."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache

from plugdeck.compat.packages import Packages
from plugdeck.paths import shipped
from plugdeck.text import visible

_PARTED = re.compile(r"(?P<prefix>[A-Za-z_]+?)_(?P<number>\d+(?:\.\d+)*)")
_CPP_LIBRARY = ("GLIBCXX", "CXXABI")


def install_remedy(library: str, packages: Packages | None = None, *, is_musl: bool = False) -> str:
    """How to get a library by its soname, on this family of distributions and elsewhere.

    ``is_musl``: the host's C library is musl: then it is glibc's libraries that have no place there.
    """
    known = _of_form("glibc-libraries" if is_musl else "musl-libraries", library) or _of_form("kinds", library)
    if known:
        return known
    lists = packages.offering(library) if packages else ""
    if lists:
        return f"Install the package {visible(lists)}, which ships it by apt's lists: sudo apt install {visible(lists)}"
    return (
        f"Install what provides {visible(library)}{_package_words(library, packages)}, or put the library beside the "
        "plugin and link the plugin with -Wl,-rpath,'$ORIGIN'."
    )


def is_c_library(library: str) -> bool:
    """Whether a library of this name belongs to a C library, of which a process can have but one."""
    return bool(_of_form("glibc-libraries", library) or _of_form("musl-libraries", library))


def debian_package(library: str) -> str:
    """The package's name after Debian Policy 8.1, or as the policy file knows better; empty for a bad name."""
    known = _policy("debian-libraries")["packages"].get(library)
    if known:
        return known
    found = re.fullmatch(r"(lib[\w.+-]+?)\.so\.([\w.+-]+)|(lib[\w.+-]+?)-([\d.]+)\.so", library, re.ASCII)
    if found is None:
        return ""
    stem, version = (found[1], found[2]) if found[1] else (found[3], found[4])
    between = "-" if stem[-1].isdigit() or found[3] else ""
    return f"{stem}{between}{version}".lower().replace("_", "-")


def newest(versions: Iterable[str], like: str) -> str:
    """The highest version that has the same prefix as ``like``; empty when there is none."""
    prefix, _ = _part(like)
    same = [version for version in versions if _part(version)[0] == prefix and _part(version)[1]]
    return max(same, key=lambda version: _part(version)[1], default="")


def rebuild_remedy(needed: str, offered: str) -> str:
    """How to get rid of a need for a version that is too new."""
    policy = _policy("symbol-versions")
    if known := policy["remedies"].get(needed):
        return known
    if not offered or _part(needed)[1] < _part(offered)[1]:
        return "Build it against the library that is on this computer, or install the one it was built with."
    example, makers = policy["distributions"].get(offered), policy["distributions"].get(needed)
    if _part(needed)[0] in _CPP_LIBRARY and example:
        instead = f"the libstdc++ of {makers.partition(' (')[0]}" if makers else "a libstdc++ with that version"
        return f"Rebuild it with {example} or older, or link it with -static-libstdc++, or run it where {instead} is."
    what = policy["prefixes"].get(_part(offered)[0], "")
    maker = f"{what.split(',')[0]} {_number(offered)}" if what else visible(offered)
    where = f", for example on {example}" if example else ""
    instead = f"{what.split(',')[0]} {_number(needed)}" if what else visible(needed)
    return f"Rebuild it against {maker} or older{where}, or run it where {instead} or newer is."


def symbol_remedy(name: str) -> str:
    """Where a symbol of this name, demangled, mostly comes from, and what to do when nothing defines it."""
    beginnings = _policy("symbol-origins")["beginnings"]
    return beginnings[max((each for each in beginnings if name.startswith(each)), key=len)]


def _of_form(kind: str, library: str) -> str:
    forms = _policy("debian-libraries")[kind]
    return next((text for form, text in forms.items() if fnmatchcase(library, form)), "")


def _package_words(library: str, packages: Packages | None) -> str:
    """The package, with how sure that is; nothing for a name that no rule covers."""
    package = debian_package(library)
    if not package:
        return ""
    if library in _policy("debian-libraries")["packages"]:
        return f" (Debian and Ubuntu: the package {package})"
    is_there = packages.has_package(package) if packages else None
    listed = {True: ", which apt's lists have", False: ", which apt's lists here do not have", None: ""}[is_there]
    return f" (Debian and Ubuntu: by their naming rule, a package {package}{listed})"


def _part(version: str) -> tuple[str, tuple[int, ...]]:
    """``GLIBC_2.38`` as prefix and comparable number; no number for ``GLIBC_PRIVATE``."""
    found = _PARTED.fullmatch(version)
    if found is None:
        return version, ()
    return found["prefix"], tuple(int(part) for part in found["number"].split("."))


def _number(version: str) -> str:
    return ".".join(map(str, _part(version)[1]))


@cache
def _policy(name: str) -> Mapping[str, Mapping[str, str]]:
    import json  # here, since nothing of it is needed for a file that fits

    content = json.loads(shipped("resources", "policies", f"{name}.json").read_text(encoding="utf-8"))
    return {key: value for key, value in content.items() if isinstance(value, dict)}
