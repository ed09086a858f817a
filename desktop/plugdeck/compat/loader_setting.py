"""What one host's dynamic loader starts from: its lists of folders, its cache, its environment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from plugdeck.compat.ld_cache import CacheEntry
from plugdeck.compat.library_files import HERE
from plugdeck.compat.machine import Platform, Release, library_token
from plugdeck.compat.sysroot import Sysroot

if TYPE_CHECKING:
    from plugdeck.compat.legacy_folders import LegacyFolders

_LEVELS_FOLDER = "glibc-hwcaps"
_FIRST_WITH_LEVELS: Release = (2, 33)
_FIRST_WITHOUT_LEGACY: Release = (2, 37)


class LoaderSetting:
    """The parts of a search that do not depend on who asks."""

    def __init__(
        self,
        platform: Platform,
        *,
        program_path: str,
        program_rpath: tuple[str, ...] = (),
        library_path: str = "",
        default_folders: tuple[str, ...] = (),
        cache: Iterable[CacheEntry] = (),
        sysroot: Sysroot = HERE,
        is_musl: bool = False,
        release: Release | None = None,
        is_brief: bool = False,
    ) -> None:
        """``release``: of the loader, where it is glibc's; None stands for a new one. ``is_brief`` is for one scan:
        then each folder is looked at once."""
        self.platform = platform
        self.sysroot = sysroot
        self.is_musl = is_musl
        self.program_folder = os.path.dirname(os.path.realpath(program_path))
        """What ``$ORIGIN`` is for the program: the kernel has resolved the links (``/proc/self/exe``)."""
        self.program_label = os.path.basename(program_path)
        self.program_rpath = program_rpath
        self.library_path = split_library_path(library_path)
        self.default_folders = tuple(map(sysroot.path, default_folders))
        self.library_token = library_token(platform, default_folders)
        self._cache = tuple(cache)
        self._release = release
        self._subfolders: dict[str, tuple[str, ...]] | None = {} if is_brief else None

    def cached(self, name: str) -> Iterator[str]:
        """The one path that the cache has for this name on this computer's processor, if any."""
        entries = self._by_name.get(name, ())
        for level in (*self._levels, "") if any(entry.hwcap for entry in entries) else ("",):
            for entry in entries:
                if entry.hwcap == level and self._counts(entry):
                    yield self.sysroot.path(entry.path)
                    return

    def _counts(self, entry: CacheEntry) -> bool:
        bits = entry.legacy_bits
        return not bits or (self._legacy is not None and not bits & ~self._legacy.cache_bits)

    def names_like(self, stem: str) -> tuple[str, ...]:
        """The names in the cache that are ``libfoo.so`` with any version behind it."""
        return self._by_stem.get(stem, ())

    def subfolders_in(self, folder: str) -> tuple[str, ...]:
        """What is searched before this folder itself: folders for processor levels, and those of old loaders."""
        if self._subfolders is None:
            return self._present_in(folder)
        if folder not in self._subfolders:
            self._subfolders[folder] = self._present_in(folder)
        return self._subfolders[folder]

    def _present_in(self, folder: str) -> tuple[str, ...]:
        present = {first for first in self.first_below if self._is_folder(os.path.join(folder, first))}
        return tuple(each for each in self._all_below if each.partition("/")[0] in present) if present else ()

    @cached_property
    def platform_token(self) -> str:
        """What ``$PLATFORM`` stands for."""
        if self.sysroot.folder:
            return self.platform.token
        from plugdeck.compat.processor import platform_word

        return platform_word(self.platform)

    @cached_property
    def first_below(self) -> tuple[str, ...]:
        """The folders that decide what ``subfolders_in`` gives."""
        return (*((_LEVELS_FOLDER,) if self._levels else ()), *(self._legacy.first if self._legacy else ()))

    @cached_property
    def _all_below(self) -> tuple[str, ...]:
        levels = (os.path.join(_LEVELS_FOLDER, level) for level in self._levels)
        return (*levels, *(self._legacy.subfolders if self._legacy else ()))

    def _is_folder(self, path: str) -> bool:
        return os.path.isdir(self.sysroot.real(path))

    @cached_property
    def _levels(self) -> tuple[str, ...]:
        """None for another machine's tree: its processor is not known."""
        is_old = self._release is not None and self._release < _FIRST_WITH_LEVELS
        if self.sysroot.folder or self.is_musl or is_old:
            return ()
        from plugdeck.compat.processor import processor_levels  # most checks look into no folder

        return processor_levels(self.platform)

    @cached_property
    def _legacy(self) -> LegacyFolders | None:
        """None for loaders that know of no such folders."""
        if self._release is None or self._release >= _FIRST_WITHOUT_LEGACY:
            return None
        from plugdeck.compat.legacy_folders import LegacyFolders

        return LegacyFolders(self.platform, is_here=not self.sysroot.folder)

    @cached_property
    def _by_stem(self) -> Mapping[str, tuple[str, ...]]:
        stems: dict[str, tuple[str, ...]] = {}
        for name in self._by_name:
            stem = f"{name.partition('.so')[0]}.so"
            stems[stem] = (*stems.get(stem, ()), name)
        return stems

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[CacheEntry, ...]]:
        names: dict[str, tuple[CacheEntry, ...]] = {}
        for entry in self._cache:
            if entry.architecture in self.platform.cache_architectures:
                names[entry.name] = (*names.get(entry.name, ()), entry)
        return names


def split_library_path(text: str) -> tuple[str, ...]:
    """``LD_LIBRARY_PATH`` as a list: parted at colons and semicolons, where an empty part is the current folder."""
    return tuple(text.replace(";", ":").split(":")) if text else ()
