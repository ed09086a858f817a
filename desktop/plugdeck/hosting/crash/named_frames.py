"""Frames by the names of their functions and files, from the fault to where the worker called the plugin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from plugdeck.hosting.crash.fault import file_name
from plugdeck.hosting.crash.native_file import NamedPlace, NativeFiles
from plugdeck.hosting.crash.process_view import Mapping, ProcessView
from plugdeck.hosting.crash.unwinding import Frame
from plugdeck.hosting.crash_site import place
from plugdeck.hosting.sandbox.visible import SYSTEM_FOLDERS, cffi_file, interpreter_path

_SYSTEM = tuple(f"{folder}/" for folder in SYSTEM_FOLDERS)
_CALLERS_LIBRARIES = ("libpython", "libffi", "_ctypes.")
"""Of the worker itself, beside its program: by these it calls plugins."""


@dataclass(frozen=True, slots=True)
class NamedFrame:
    """A frame, and where it is."""

    frame: Frame
    mapping: Mapping | None
    symbol: str = ""
    offset: int = 0
    """From the symbol's begin; without one, the address in the file."""

    @property
    def library(self) -> str:
        """The file's name; empty for none."""
        return file_name(self.mapping) if self.mapping and self.mapping.path else ""

    @property
    def words(self) -> str:
        """``smooth+0x1f of blur.so``, with ``perhaps`` in front where it is not certain."""
        where = place(self.symbol, self.offset, self.library) or f"address {self.frame.address:#x}"
        return where if self.frame.is_certain else f"perhaps {where}"

    @property
    def is_plugins(self) -> bool:
        """Whether it is a plugin's own code, or that of a library that came with it."""
        path = self.mapping.file_path if self.mapping else ""
        return bool(path) and not path.startswith(_SYSTEM) and not self.is_workers

    @property
    def is_workers(self) -> bool:
        """Whether it is the code that called the plugin."""
        path = self.mapping.file_path if self.mapping else ""
        return path in {interpreter_path(), cffi_file()} or PurePath(path).name.startswith(_CALLERS_LIBRARIES)


def name_frames(view: ProcessView, files: NativeFiles, frames: Iterable[Frame]) -> list[NamedFrame]:
    """The frames up to the worker's own code; the first one in any case."""
    named: list[NamedFrame] = []
    for frame in frames:
        each = NamedFrame(frame, view.mapping_at(frame.inside))
        if named and each.is_workers:
            break
        named.append(each)
    places = _places(files, named)
    return [_with_place(each, places) for each in named]


def _places(files: NativeFiles, frames: Iterable[NamedFrame]) -> dict[int, tuple[int, NamedPlace | None]]:
    """By each frame's address: the address in its file, and the function there. Each file is searched once."""
    by_file: dict[int, list[tuple[int, int]]] = {}
    for each in frames:
        mapping, inside = each.mapping, each.frame.inside
        file = files.of(mapping) if mapping else None
        address = file.address_of(inside - mapping.begin + mapping.offset) if mapping and file else None
        if mapping and address is not None:
            by_file.setdefault(mapping.inode, []).append((inside, address))
    found: dict[int, tuple[int, NamedPlace | None]] = {}
    mappings = {each.mapping.inode: each.mapping for each in frames if each.mapping}
    for inode, pairs in by_file.items():
        file = files.of(mappings[inode])
        names = file.names(address for _, address in pairs) if file else {}
        found |= {inside: (address, names.get(address)) for inside, address in pairs}
    return found


def _with_place(each: NamedFrame, places: dict[int, tuple[int, NamedPlace | None]]) -> NamedFrame:
    """Offsets are told of the instruction itself, though it is looked for by an address within a call."""
    beyond = each.frame.address - each.frame.inside
    if each.frame.inside in places:
        address, name = places[each.frame.inside]
        if name:
            return NamedFrame(each.frame, each.mapping, name.symbol, name.offset + beyond)
        return NamedFrame(each.frame, each.mapping, "", address + beyond)
    offset = each.frame.address - each.mapping.begin + each.mapping.offset if each.mapping else 0
    return NamedFrame(each.frame, each.mapping, "", offset)
