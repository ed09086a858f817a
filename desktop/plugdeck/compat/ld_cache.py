"""The dynamic loader's list of known libraries, ``/etc/ld.so.cache``, as ldconfig wrote it.

Format: glibc ``sysdeps/generic/dl-cache.h`` (``struct cache_file_new``), written since glibc 2.2; the older
``ld.so-1.7.0`` part that may precede it is skipped. Rejected: ``ldconfig -p``, which is a process a look, is missing
from the usual PATH of a user, and does not show which entries are for which processor level.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

from plugdeck.compat.system_files import read_at_most

LOADER_CACHE = Path("/etc/ld.so.cache")

_MAGIC = b"glibc-ld.so.cache1.1"
_OLD_MAGIC = b"ld.so-1.7.0"
_HEADER = struct.Struct("=20sIIB3xI12x")
_ENTRY = struct.Struct("=iIIIQ")
_OLD_ENTRY_BYTES = 12
_OLD_HEADER_BYTES = 16
_EXTENSION_MAGIC = 0xEAA42174
_HWCAPS_SECTION = 1
_HWCAP_IS_EXTENSION = 1 << 62
_FLAG_TYPE_MASK = 0x00FF
_FLAG_ELF_LIBC6 = 0x0003
_LARGEST_BYTES = 8 << 20
_MOST_ENTRIES = 100_000
_LONGEST_PATH = 4096
_MOST_TEXT = 4
"""Times the file's size: entries share strings, and one that is made to annoy has all of them share a long one."""


class CacheEntry(NamedTuple):
    """One library that ldconfig found."""

    name: str
    """What programs ask for, which is its soname: ``libz.so.1``."""
    path: str
    architecture: int
    """The second byte of ``flags``: 3 is x86-64, 10 is AArch64, 0 is the machine's plain 32-bit kind."""
    hwcap: str = ""
    """The processor level that it is for (``x86-64-v3``), or empty for every one."""
    legacy_bits: int = 0
    """What it is for in the terms of loaders before glibc 2.37 (``LegacyFolders``); later ones pass such entries by."""


class LoaderCacheError(ValueError):
    """The bytes are not a cache that this reader, or the loader, would use."""


def read_loader_cache(path: Path = LOADER_CACHE) -> tuple[CacheEntry, ...]:
    """The entries in the loader's own order; none when there is no usable cache, as the loader does then."""
    try:
        return parse_loader_cache(read_at_most(path, _LARGEST_BYTES))
    except (OSError, LoaderCacheError):
        return ()


def parse_loader_cache(data: bytes) -> tuple[CacheEntry, ...]:
    """The entries in file order.

    Raises:
        LoaderCacheError: a header, count or string lies outside the bytes.
    """
    data = data[_new_format_offset(data) :]
    if len(data) < _HEADER.size:
        raise LoaderCacheError("the header is cut short")
    magic, count, _strings_bytes, _flags, extension_offset = _HEADER.unpack_from(data)
    if magic != _MAGIC:
        raise LoaderCacheError("not a glibc-ld.so.cache1.1 file")
    end = _HEADER.size + count * _ENTRY.size
    if end > len(data) or count > _MOST_ENTRIES:
        raise LoaderCacheError(f"{count} entries do not fit into {len(data)} bytes, or are too many")
    levels = _parse_hwcap_names(data, extension_offset)
    entries, text_left = list[CacheEntry](), _MOST_TEXT * len(data)
    for flags, key, value, _os_version, hwcap in _ENTRY.iter_unpack(data[_HEADER.size : end]):
        level = _hwcap_name(hwcap, levels)
        if flags & _FLAG_TYPE_MASK == _FLAG_ELF_LIBC6 and level is not None:
            legacy_bits = 0 if level else hwcap
            entry = CacheEntry(_string(data, key), _string(data, value), flags >> 8 & 0xFF, level, legacy_bits)
            text_left -= len(entry.name) + len(entry.path)
            if text_left < 0:
                raise LoaderCacheError(f"the strings are larger than {len(data)} bytes can hold")
            entries.append(entry)
    return tuple(entries)


def _new_format_offset(data: bytes) -> int:
    """Where the new format begins: at once, or after the entries of the old one, aligned to 8."""
    if not data.startswith(_OLD_MAGIC):
        return 0
    if len(data) < _OLD_HEADER_BYTES:
        raise LoaderCacheError("the old header is cut short")
    (count,) = struct.unpack_from("=I", data, 12)
    return int(-(-(_OLD_HEADER_BYTES + count * _OLD_ENTRY_BYTES) // 8) * 8)


def _parse_hwcap_names(data: bytes, offset: int) -> tuple[str, ...]:
    """The names that entries' hwcap fields count into (``struct cache_extension``)."""
    if offset == 0 or offset % 4 or offset + 8 > len(data):
        return ()
    magic, sections = struct.unpack_from("=II", data, offset)
    if magic != _EXTENSION_MAGIC or offset + 8 + sections * 16 > len(data):
        return ()
    for tag, _flags, start, size in struct.iter_unpack("=IIII", data[offset + 8 : offset + 8 + sections * 16]):
        if tag == _HWCAPS_SECTION and start + size <= len(data) and size % 4 == 0:
            return tuple(_string(data, where) for (where,) in struct.iter_unpack("=I", data[start : start + size]))
    return ()


def _hwcap_name(hwcap: int, levels: tuple[str, ...]) -> str | None:
    """A level's name, empty for an entry without one, or None for a level that the cache does not name."""
    if not hwcap & _HWCAP_IS_EXTENSION:
        return ""
    index = hwcap & 0xFFFF_FFFF
    return levels[index] if index < len(levels) else None


def _string(data: bytes, offset: int) -> str:
    end = data.find(b"\0", offset, offset + _LONGEST_PATH)
    if end < 0:
        raise LoaderCacheError(f"a string at {offset:#x} has no end")
    return data[offset:end].decode("utf-8", "surrogateescape")
