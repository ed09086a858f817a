"""What to do about a library that is missing or too old, from the policies that come with Plugdeck."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache

from plugdeck.paths import shipped
from plugdeck.text import visible

_DIGITS = re.compile(r"(\d+)")
_PARTED = re.compile(r"(?P<prefix>[A-Za-z_]+?)_(?P<number>\d+(?:\.\d+)*)")


def install_remedy(library: str) -> str:
    """How to get a library by its soname, on this family of distributions and elsewhere."""
    known, package = _policy("debian-libraries")["packages"].get(library), debian_package(library)
    sure = "the package" if known else "by their naming rule, a package"
    here = f" (Debian and Ubuntu: {sure} {package})" if package else ""
    return (
        f"Install what provides {visible(library)}{here}, or put the library beside the plugin and link the plugin "
        "with -Wl,-rpath,'$ORIGIN'."
    )


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
    if needed == "GLIBC_ABI_DT_RELR":
        return "Link it with -Wl,-z,nopack-relative-relocs, or run it where glibc is 2.36 or newer."
    if not offered or _part(needed)[1] < _part(offered)[1]:
        return "Build it against the library that is on this computer, or install the one it was built with."
    policy = _policy("symbol-versions")
    what = policy["prefixes"].get(_part(offered)[0], "")
    maker = f"{what.split(',')[0]} {_number(offered)}" if what else offered
    example = policy["distributions"].get(offered)
    where = f", for example on {example}" if example else ""
    instead = f"{what.split(',')[0]} {_number(needed)}" if what else needed
    return f"Rebuild it against {maker} or older{where}, or run it where {instead} or newer is."


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
    content = json.loads(shipped("resources", "policies", f"{name}.json").read_text(encoding="utf-8"))
    return {key: value for key, value in content.items() if isinstance(value, dict)}
