"""What a system's own records say of libraries: which package shipped one, and which could.

Only files are read: dpkg's lists of what is installed (``/var/lib/dpkg/info``, see ``dpkg-query(1)`` and
``deb-symbols(5)``) and the lists that apt has fetched (``/var/lib/apt/lists``). Nothing is started, and no network is
asked. A system without them has no answers.
"""

from __future__ import annotations

import glob
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import BinaryIO

_INFO = "var/lib/dpkg/info"
_LISTS = "var/lib/apt/lists"
_CHUNK_BYTES = 1 << 20
_MOST_FILES = 20_000
_MOST_BYTES = 60_000_000
"""Of dpkg's records; a desktop has a quarter of that."""
_MOST_LIST_BYTES = 200_000_000
"""Of one of apt's lists, unpacked; what follows counts as unknown."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A library file that an installed package brought."""

    path: str
    package: str


@dataclass(frozen=True, slots=True)
class Definer:
    """A library of an installed package that defines a symbol, by its record."""

    library: str
    package: str


class Packages:
    """The records of one system; each is read once, when it is first asked for."""

    def __init__(self, root: str = "/") -> None:
        self._root = root
        self._definers: dict[str, Definer | None] = {}

    def shipped(self, library: str) -> tuple[Shipped, ...]:
        """The files of this name that installed packages brought, wherever they put them."""
        return self._shipped.get(os.fsencode(library), ())

    def offering(self, library: str) -> str:
        """The package that ships this library, by apt's lists of contents; empty when they do not say."""
        package = self._offered.get(os.fsencode(library), b"")
        return package.decode("ascii", "replace")

    def has_package(self, package: str) -> bool | None:
        """Whether apt's lists have a package of this name; None when there are no lists that can be read."""
        lists = self._list_paths("*_Packages")
        if not lists:
            return None
        wanted = f"\nPackage: {package}\n".encode()
        return any(_contains(path, wanted) for path in lists)

    def definer(self, symbol: str) -> Definer | None:
        """An installed library that defines the symbol by its package's record, which lists no names of C++."""
        if symbol not in self._definers:
            self._definers[symbol] = self._find_definer(symbol)
        return self._definers[symbol]

    @cached_property
    def _shipped(self) -> Mapping[bytes, tuple[Shipped, ...]]:
        found: dict[bytes, tuple[Shipped, ...]] = {}
        for name, content in self._records(".list"):
            package = name.removesuffix(".list").partition(":")[0]
            for line in _lines_of_libraries(content):
                base = line.rpartition(b"/")[2]
                found[base] = (*found.get(base, ()), Shipped(os.fsdecode(line), package))
        return found

    @cached_property
    def _offered(self) -> Mapping[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        for path in self._list_paths("*_Contents-*"):
            for chunk in _chunks(path):
                for line in _lines_of_libraries(chunk):
                    file, _, sections = line.rpartition(b" ")
                    base = file.rstrip().rpartition(b"/")[2]
                    found.setdefault(base, sections.partition(b",")[0].rpartition(b"/")[2])
        return found

    @cached_property
    def _symbols(self) -> bytes:
        return b"\n".join(content for _, content in self._records(".symbols"))

    def _find_definer(self, symbol: str) -> Definer | None:
        at = self._symbols.find(f"\n {symbol}@".encode("utf-8", "surrogateescape")) if symbol.isprintable() else -1
        while at >= 0:
            start = self._symbols.rfind(b"\n", 0, at) + 1
            if self._symbols[start : start + 1].isalnum():
                words = self._symbols[start:at].decode("ascii", "replace").split()
                return Definer(words[0], words[1]) if len(words) > 1 else None
            at = start - 1
        return None

    def _records(self, ending: str) -> Iterator[tuple[str, bytes]]:
        left = _MOST_BYTES
        folder = os.path.join(self._root, _INFO)
        for name in _names(folder, ending):
            content = _read(os.path.join(folder, name), left)
            left -= len(content)
            yield name, content

    def _list_paths(self, pattern: str) -> list[str]:
        """Lists in a form that can be read here; apt may keep others, packed with lz4."""
        found = glob.glob(os.path.join(glob.escape(os.path.join(self._root, _LISTS)), pattern))
        return sorted(path for path in found if not path.endswith((".lz4", ".xz", ".zst", ".bz2", ".diff_Index")))


@lru_cache(maxsize=4)
def packages_of(root: str = "/") -> Packages:
    """The records of the system below this folder, kept for as long as the process lives."""
    return Packages(root)


def _names(folder: str, ending: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.name.endswith(ending))[:_MOST_FILES]
    except OSError:
        return []


def _read(path: str, most_bytes: int) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(max(most_bytes, 0))
    except OSError:
        return b""


def _lines_of_libraries(content: bytes) -> Iterator[bytes]:
    """The lines with ``.so`` in them; faster than a regular expression over everything else."""
    position = 0
    while (at := content.find(b".so", position)) >= 0:
        end = content.find(b"\n", at)
        position = end if end >= 0 else len(content)
        yield content[content.rfind(b"\n", 0, at) + 1 : position]


def _contains(path: str, wanted: bytes) -> bool:
    before = b"\n"
    for chunk in _chunks(path):
        if wanted in before + chunk:
            return True
        before = b"\n"
    return False


def _chunks(path: str) -> Iterator[bytes]:
    """The content in pieces of whole lines; what is damaged ends it."""
    import gzip  # apt's lists are asked for seldom

    opened: Callable[[str], BinaryIO] = gzip.open if path.endswith(".gz") else _open  # type: ignore[assignment]
    try:
        with opened(path) as file:
            rest, left = b"", _MOST_LIST_BYTES
            while left > 0 and (read := file.read(_CHUNK_BYTES)):
                left -= len(read)
                whole, newline, tail = (rest + read).rpartition(b"\n")
                yield whole + newline
                rest = tail[-_CHUNK_BYTES:]
            yield rest
    except (OSError, EOFError, zlib.error):
        return


def _open(path: str) -> BinaryIO:
    return open(path, "rb")
