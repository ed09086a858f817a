"""What one host's dynamic loader starts from: its lists of folders, its cache, its environment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from plugdeck.compat.ld_cache import CacheEntry
from plugdeck.compat.library_files import HERE
from plugdeck.compat.machine import Platform, library_token, processor_levels
from plugdeck.compat.sysroot import Sysroot


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
    ) -> None:
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
        self._levels_in: dict[str, tuple[str, ...]] = {}

    def cached(self, name: str) -> Iterator[str]:
        """The one path that the cache has for this name on this computer's processor, if any."""
        entries = self._by_name.get(name, ())
        for level in (*self._levels, "") if any(entry.hwcap for entry in entries) else ("",):
            for entry in entries:
                if entry.hwcap == level:
                    yield self.sysroot.path(entry.path)
                    return

    def names_like(self, stem: str) -> tuple[str, ...]:
        """The names in the cache that are ``libfoo.so`` with any version behind it."""
        return self._by_stem.get(stem, ())

    def levels_in(self, folder: str) -> tuple[str, ...]:
        """The processor levels for which this folder has a ``glibc-hwcaps`` folder that is searched before it."""
        if folder not in self._levels_in:
            has_any = os.path.isdir(os.path.join(folder, "glibc-hwcaps"))
            self._levels_in[folder] = self._levels if has_any else ()
        return self._levels_in[folder]

    @cached_property
    def _levels(self) -> tuple[str, ...]:
        """None for another machine's tree: its processor is not known."""
        return () if self.sysroot.folder or self.is_musl else processor_levels(self.platform)

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
