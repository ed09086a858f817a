"""The flag NODEFLIB with the cache, which lists libraries of the default folders as well."""

from __future__ import annotations

import os
from pathlib import Path

from plugdeck.binary import read
from plugdeck.compat.closure import MissingLibrary
from plugdeck.compat.finding import Finding
from plugdeck.compat.host import Host
from plugdeck.compat.ld_cache import CacheEntry
from plugdeck.compat.library import Library
from plugdeck.compat.library_files import LibraryFile, LibraryFiles
from plugdeck.compat.library_findings import library_findings
from plugdeck.compat.loader_setting import LoaderSetting
from plugdeck.compat.search import Search


def searched(libraries, folder: str) -> tuple[Library | None, Finding]:
    """What a file with the flag gets of a library that the cache has below the default folder, and the finding."""
    needed = libraries(f"{folder}/libneeded.so.1")
    plugin = libraries("plugin.so", needs=[needed], flags=["-Wl,-z,nodefaultlib"])
    elf, here = read(plugin).elf, Host.default().platform
    assert elf
    assert here
    entry = CacheEntry("libneeded.so.1", os.fspath(needed), here.cache_architectures[0])
    folders = (os.fspath(libraries.root / "usual"),)
    setting = LoaderSetting(here, program_path="/program", default_folders=folders, cache=[entry])
    search = Search(setting, LibraryFiles(read, here))
    library = Library(os.fspath(plugin), LibraryFile(elf), "plugin.so", None)
    (finding,) = library_findings((MissingLibrary("libneeded.so.1", library),), search)
    return search.find("libneeded.so.1", library), finding


def test_cache_is_said_to_list_what_the_flag_leaves_out(libraries):
    found, finding = searched(libraries, "usual")
    path = Path(libraries.root / "usual/libneeded.so.1")
    assert found is None
    assert finding.evidence == (
        "/etc/ld.so.cache: lists libneeded.so.1",
        f"{path} is in a default folder, which the flag NODEFLIB of plugin.so leaves out",
    )
    assert finding.remedy == "Link plugin.so without -z nodefaultlib."


def test_flag_leaves_out_what_is_anywhere_below_a_default_folder(libraries):
    found, finding = searched(libraries, "usual/below")
    assert found is None
    assert finding.remedy == "Link plugin.so without -z nodefaultlib."


def test_flag_leaves_other_folders_of_the_cache_alone(libraries):
    found, _ = searched(libraries, "usual-not")
    assert found
