"""What a system's own records say of libraries: which package shipped one, and which could.

Only files are read: dpkg's lists of what is installed (``/var/lib/dpkg/info``, see ``dpkg-query(1)`` and
``deb-symbols(5)``) and the lists that apt has fetched (``/var/lib/apt/lists``). Nothing is started, and no network is
asked. A system without them has no answers.
"""

from __future__ import annotations

import glob
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice, repeat
from operator import itemgetter
from typing import BinaryIO, cast

from plugdeck.compat.system_files import open_regular, read_at_most

_INFO = "var/lib/dpkg/info"
_LISTS = "var/lib/apt/lists"
_CHUNK_BYTES = 1 << 20
_MOST_FILES = 20_000
_MOST_BYTES = 60_000_000
"""Of dpkg's lists of files together; a desktop has a quarter of that."""
_MOST_SYMBOL_BYTES = 20_000_000
"""Of its records of symbols, which are kept."""
_MOST_LIST_BYTES = 200_000_000
"""Of apt's lists of one kind together, unpacked; what follows counts as unknown."""
_MOST_COPIES = 20
_NAMES_PAY_AFTER = 20
"""Symbols that were looked for in the records: for fewer, to list all names takes longer."""
_MOST_NAMES = 200_000
"""In one index: the tree of another machine may be made to annoy."""


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
        return package.encode() in self._package_names if self._list_paths("*_Packages") else None

    def definer(self, symbol: str) -> Definer | None:
        """An installed library that defines the symbol by its package's record, which lists no names of C++."""
        if symbol not in self._definers:
            self._definers[symbol] = self._find_definer(symbol)
        return self._definers[symbol]

    @cached_property
    def _shipped(self) -> Mapping[bytes, tuple[Shipped, ...]]:
        found: dict[bytes, tuple[Shipped, ...]] = {}
        for name, content in self._records(".list", _MOST_BYTES):
            package = name.removesuffix(".list").partition(":")[0]
            for line in _lines_with(b".so", content):
                base = line.rpartition(b"/")[2]
                if len(found) < _MOST_NAMES and len(found.get(base, ())) < _MOST_COPIES:
                    found[base] = (*found.get(base, ()), Shipped(os.fsdecode(line), package))
        return found

    @cached_property
    def _offered(self) -> Mapping[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        for chunk in _chunks(self._list_paths("*_Contents-*")):
            for line in _lines_with(b".so", chunk):
                file, _, sections = line.rpartition(b" ")
                base = file.rstrip().rpartition(b"/")[2]
                if len(found) < _MOST_NAMES:
                    found.setdefault(base, sections.partition(b",")[0].rpartition(b"/")[2])
        return found

    @cached_property
    def _package_names(self) -> frozenset[bytes]:
        chunks = _chunks(self._list_paths("*_Packages"))
        lines = (line for chunk in chunks for line in _lines_with(b"Package: ", chunk) if line.startswith(b"Package: "))
        return frozenset(line.removeprefix(b"Package: ") for line in islice(lines, _MOST_NAMES))

    @cached_property
    def _symbols(self) -> tuple[bytes, ...]:
        return tuple(content for _, content in self._records(".symbols", _MOST_SYMBOL_BYTES))

    @cached_property
    def _symbol_records(self) -> Mapping[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        for record in reversed(self._symbols):  # the first counts
            lines = record.split(b"\n")
            found.update(zip(map(itemgetter(0), map(bytes.partition, lines, repeat(b"@"))), repeat(record)))
        return found

    def _find_definer(self, symbol: str) -> Definer | None:
        line = f" {symbol}".encode("utf-8", "surrogateescape")
        wanted = b"\n" + line + b"@"
        if len(self._definers) < _NAMES_PAY_AFTER:
            record = next((record for record in self._symbols if wanted in record), b"")
        else:
            record = self._symbol_records.get(line, b"")
        at = record.find(wanted) if symbol.isprintable() else -1
        for _ in range(_MOST_NAMES if at >= 0 else 0):  # back to the line that names the library
            start = record.rfind(b"\n", 0, at) + 1
            if record[start : start + 1].isalnum():
                words = record[start:at].decode("ascii", "replace").split()
                return Definer(words[0], words[1]) if len(words) > 1 else None
            if (at := start - 1) < 0:
                break
        return None

    def _records(self, ending: str, most_bytes: int) -> Iterator[tuple[str, bytes]]:
        left = most_bytes
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
        return read_at_most(path, most_bytes)
    except OSError:
        return b""


def _lines_with(words: bytes, content: bytes) -> Iterator[bytes]:
    """The lines with these words in them; faster than a regular expression over everything else."""
    position = 0
    while (at := content.find(words, position)) >= 0:
        end = content.find(b"\n", at)
        position = end if end >= 0 else len(content)
        yield content[content.rfind(b"\n", 0, at) + 1 : position]


def _chunks(paths: list[str]) -> Iterator[bytes]:
    """The contents in pieces of whole lines; damage ends a file, and too much of all ends everything."""
    left = _MOST_LIST_BYTES
    for path in paths:
        try:
            with open_regular(path) as file, _unpacked(file, path) as content:
                rest = b""
                while left > 0 and (read := content.read(_CHUNK_BYTES)):
                    left -= len(read)
                    whole, newline, tail = (rest + read).rpartition(b"\n")
                    yield whole + newline
                    rest = tail[-_CHUNK_BYTES:]
                yield rest
        except (OSError, EOFError, zlib.error):
            continue


def _unpacked(file: BinaryIO, path: str) -> BinaryIO:
    if not path.endswith(".gz"):
        return file
    import gzip  # apt's lists are asked for seldom

    return cast("BinaryIO", gzip.GzipFile(fileobj=file))
