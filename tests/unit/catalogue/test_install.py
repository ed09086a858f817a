"""Real plugins, real folders; only what a disk says no with is made up."""

import errno
import hashlib
import os
import shutil
import threading
from pathlib import Path

import pytest

from plugdeck import atomic_file, paths
from plugdeck.catalogue import incoming
from plugdeck.catalogue.install import install, propose
from plugdeck.catalogue.installed import installed, trashed, uninstall
from plugdeck.catalogue.report import Status
from plugdeck.catalogue.trash import restore
from plugdeck.errors import InstallError

SOURCE = """
#include "plugdeck.h"
PD_PLUGIN("{name}", "{version}", "A", "MIT", "A test.")
PD_FUNCTION(int, Answer, (void))
int Answer(void) {{ return {answer}; }}
"""


@pytest.fixture
def make(build_plugin, tmp_path):
    """A plugin of the given name, version and content, as a file of the test's own."""

    def build(name="thing", version="1.0.0", answer=42, file="plugin.so", flags=()):
        built = build_plugin(SOURCE.format(name=name, version=version, answer=answer), flags=flags)
        target = tmp_path / file
        shutil.copy(built, target)
        return target

    return build


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data" / "plugins"


def files(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def hash_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_plugin_that_finds_a_library_by_where_it_lies_is_not_torn_from_it(make, build_plugin, folder, tmp_path):
    library = build_plugin('__attribute__((visibility("default"))) int beside(void) { return 1; }', name="libbeside.so")
    shutil.copy(library, tmp_path)
    flags = ("-Wl,--no-as-needed", f"-L{tmp_path}", "-lbeside", "-Wl,-rpath,$ORIGIN")
    path = make(flags=flags)

    assert "libbeside.so" in propose(path, folder).refusal
    with pytest.raises(InstallError, match="leave them behind") as refused:
        install(path, folder)
    assert "where it is" in refused.value.remedy
    assert files(folder) == []


def test_the_plugin_is_installed_under_its_name_version_and_hash(make, folder):
    path = make()
    result = install(path, folder)
    assert files(folder) == [f"thing-1.0.0-{hash_of(path)[:8]}.so"]
    assert (result.path.parent, result.name, result.version) == (folder, "thing", "1.0.0")
    assert (result.sha256, result.already) == (hash_of(path), False)
    assert result.path.read_bytes() == path.read_bytes()


def test_the_default_folder_is_the_users(make):
    assert install(make()).path.parent == paths.plugin_folder()


def test_an_installed_file_is_not_writable_by_accident(make, folder):
    assert install(make(), folder).path.stat().st_mode & 0o222 == 0


def test_the_same_content_is_installed_once_whatever_the_file_is_called(make, folder):
    first = install(make(), folder)
    second = install(make(file="renamed (1).so"), folder)
    assert (second.path, second.already) == (first.path, True)
    assert len(files(folder)) == 1


def test_installing_a_file_of_the_folder_itself_changes_nothing(make, folder):
    folder.mkdir(parents=True)
    by_hand = Path(shutil.copy(make(), folder / "by-hand.so"))
    result = install(by_hand, folder)
    assert (result.path, result.already) == (by_hand, True)
    assert files(folder) == ["by-hand.so"]


def test_older_versions_and_other_builds_of_the_same_version_stay_beside_it(make, folder):
    install(make(version="1.0.0"), folder)
    install(make(version="1.0.0", answer=43), folder)
    install(make(version="2.0.0"), folder)
    assert [(plugin.name, plugin.version) for plugin in installed(folder)] == [
        ("thing", "1.0.0"),
        ("thing", "1.0.0"),
        ("thing", "2.0.0"),
    ]


def test_a_proposal_says_what_would_happen_and_changes_nothing(make, folder):
    older = install(make(version="1.0.0"), folder).path
    install(make(name="thing-else"), folder)
    path = make(version="2.0.0")
    before = files(folder)
    proposal = propose(path, folder)
    assert (proposal.already, proposal.refusal, proposal.replaces) == (False, "", (older,))
    assert proposal.sha256 == hash_of(path)
    assert files(folder) == before
    result = install(path, folder, expected_sha256=proposal.sha256)
    assert result.path == proposal.target
    again = propose(path, folder)
    assert (again.already, again.target, again.replaces) == (True, result.path, (older,))


def test_bytes_other_than_the_proposed_ones_are_refused(make, folder):
    proposal = propose(make(), folder)
    with pytest.raises(InstallError, match="changed since it was examined"):
        install(make(answer=43), folder, expected_sha256=proposal.sha256)
    assert files(folder) == []


def test_a_taken_name_is_never_overwritten(make, folder):
    path = make()
    target = propose(path, folder).target
    folder.mkdir(parents=True)
    target.write_text("somebody's")
    result = install(path, folder)
    assert target.read_text() == "somebody's"
    assert result.path.name == f"thing-1.0.0-{hash_of(path)[:16]}.so"
    assert install(path, folder).path == result.path


DAMAGED = {
    "empty": b"",
    "text": b"just text\n",
    "elf magic only": b"\x7fELF",
    "cut off": None,
    "pe": b"MZ" + bytes(200),
    "archive": b"!<arch>\n",
}


@pytest.mark.parametrize("kind", DAMAGED)
@pytest.mark.parametrize("even_if_incompatible", [False, True])
def test_what_is_damaged_or_no_elf_file_is_always_refused(make, folder, kind, even_if_incompatible):
    path = make()
    path.write_bytes(path.read_bytes()[:1000] if DAMAGED[kind] is None else DAMAGED[kind])
    proposal = propose(path, folder)
    assert proposal.target is None
    assert proposal.refusal
    with pytest.raises(InstallError, match="was not installed"):
        install(path, folder, even_if_incompatible=even_if_incompatible)
    assert files(folder) == []


def test_what_does_not_fit_here_is_installed_only_on_demand(make, folder, build_plugin):
    library = build_plugin("int gone(void) { return 1; }", name="libgone.so", flags=["-Wl,-soname,libgone.so"])
    path = make(flags=["-Wl,--no-as-needed", f"-L{library.parent}", "-lgone"])
    proposal = propose(path, folder)
    assert proposal.report.status is Status.INCOMPATIBLE
    assert proposal.refusal == ""
    with pytest.raises(InstallError, match=r"does not fit here.*libgone\.so") as caught:
        install(path, folder)
    assert caught.value.remedy
    assert files(folder) == []
    assert install(path, folder, even_if_incompatible=True).path.exists()


@pytest.mark.parametrize("kind", ["fifo", "folder", "dangling", "missing", "device"])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path, folder, kind):
    path = tmp_path / "odd.so"
    match kind:
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "dangling":
            path.symlink_to("nowhere")
        case "device":
            path = Path("/dev/zero")
    assert propose(path, folder).refusal
    with pytest.raises(InstallError):
        install(path, folder)
    assert files(folder) == []


def test_a_link_is_followed_to_the_plugin(make, folder, tmp_path):
    link = tmp_path / "link.so"
    link.symlink_to(make())
    result = install(link, folder)
    assert not result.path.is_symlink()


def test_a_huge_file_is_refused_without_being_copied(folder, tmp_path):
    path = tmp_path / "huge.so"
    with path.open("wb") as file:
        file.write(b"\x7fELF")
        file.truncate(3 << 30)
    with pytest.raises(InstallError):
        install(path, folder)
    assert not folder.exists()


def test_odd_names_of_files_and_plugins_end_as_plain_names(make, folder):
    result = install(make(name="a/b\\u202e c", file="x\n\u202ey.so"), folder)
    assert result.path.name.isprintable()
    assert result.path.parent == folder


def test_a_source_that_vanishes_leaves_nothing(make, folder, monkeypatch):
    path = make()
    real = incoming.sweep
    monkeypatch.setattr(incoming, "sweep", lambda where: (real(where), path.unlink(missing_ok=True)))
    with pytest.raises(InstallError, match="could not be read"):
        install(path, folder)
    assert files(folder) == []


@pytest.mark.parametrize("change", ["grows", "is rewritten", "is cut"])
def test_a_source_that_changes_while_it_is_copied_is_refused(make, folder, monkeypatch, change):
    path = make()
    real = incoming._read

    def read_then_change(file, source):
        chunk = real(file, source)
        if not chunk:
            data = path.read_bytes()
            path.write_bytes({"grows": data + b"x", "is rewritten": data, "is cut": data[:100]}[change])
            os.utime(path, ns=(1, 1))
        return chunk

    monkeypatch.setattr(incoming, "_read", read_then_change)
    with pytest.raises(InstallError, match="changed while it was copied"):
        install(path, folder)
    assert files(folder) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
def test_a_disk_that_fails_while_writing_leaves_nothing(make, folder, monkeypatch, code):
    def fail(_target, _chunk):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(incoming, "_write", fail)
    with pytest.raises(InstallError) as caught:
        install(make(), folder)
    assert files(folder) == []
    assert caught.value.remedy or code == errno.EIO


def test_a_full_disk_is_known_before_the_copy(make, folder, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=4096)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
    with pytest.raises(InstallError, match="not enough space") as caught:
        install(make(), folder)
    assert "Free some space" in caught.value.remedy


@pytest.mark.parametrize("where", ["/proc/plugins", "/dev/null/plugins"])
def test_a_folder_that_cannot_be_written_is_an_error(make, where):
    with pytest.raises(InstallError, match="could not be written"):
        install(make(), Path(where))


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes to read-only folders")
def test_a_read_only_folder_is_an_error_with_a_remedy(make, folder):
    folder.mkdir(parents=True)
    folder.chmod(0o500)
    with pytest.raises(InstallError) as caught:
        install(make(), folder)
    assert "writable" in caught.value.remedy


def test_a_file_system_without_hard_links_takes_plugins_too(make, folder, monkeypatch):
    def refuse(*_arguments, **_options):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(atomic_file.os, "link", refuse)
    path = make()
    assert install(path, folder).path.read_bytes() == path.read_bytes()
    restore(uninstall("thing", folder))
    assert len([name for name in files(folder) if name.endswith(".so")]) == 1


def test_what_a_killed_install_left_is_removed_later(make, folder):
    left = folder / ".incoming-old"
    left.mkdir(parents=True)
    (left / "half.so").write_bytes(b"half")
    os.utime(left, (0, 0))
    running = folder / ".incoming-new"
    running.mkdir()
    install(make(), folder)
    assert not left.exists()
    assert running.exists()


def test_many_installs_at_once_make_one_file_a_content(make, folder):
    sources = [make(answer=number % 2, file=f"{number}.so") for number in range(8)]
    results = []
    threads = [threading.Thread(target=lambda path=path: results.append(install(path, folder))) for path in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert len(files(folder)) == 2
    assert sum(not result.already for result in results) == 2


def test_uninstall_moves_to_the_trash_and_restore_brings_it_back(make, folder):
    path = install(make(), folder).path
    content = path.read_bytes()
    removed = uninstall("thing", folder)
    assert not path.exists()
    assert removed.original == path
    assert removed.path.read_bytes() == content
    assert installed(folder) == []
    assert trashed(folder) == [removed]
    assert restore(removed) == path
    assert path.read_bytes() == content
    assert trashed(folder) == []
    assert not removed.info.exists()


@pytest.mark.parametrize("how", ["name", "file name", "path", "stem"])
def test_a_plugin_is_uninstalled_by_name_file_or_path(make, folder, how):
    path = install(make(), folder).path
    uninstall({"name": "thing", "file name": path.name, "path": path, "stem": path.stem}[how], folder)
    assert not path.exists()


def test_several_versions_are_not_uninstalled_by_their_common_name(make, folder):
    for version in ("1.0.0", "2.0.0"):
        install(make(version=version), folder)
    with pytest.raises(InstallError, match="Several versions") as caught:
        uninstall("thing", folder)
    assert all(plugin.path.name in caught.value.remedy for plugin in installed(folder))


@pytest.mark.parametrize("name", ["nothing", "", ".", "..", "../thing", "/etc/passwd", ".trash/files/x"])
def test_what_is_not_installed_is_not_uninstalled(make, folder, name):
    install(make(), folder)
    with pytest.raises(InstallError):
        uninstall(name, folder)
    assert len(installed(folder)) == 1


def test_the_trash_keeps_every_file_of_the_same_name(make, folder):
    first = uninstall(install(make(), folder).path, folder)
    second = uninstall(install(make(), folder).path, folder)
    assert first.path != second.path
    restore(first)
    assert restore(second) == first.original  # the same content is there already: nothing is lost
    assert trashed(folder) == []


def test_restore_does_not_overwrite_what_took_its_place(make, folder):
    removed = uninstall(install(make(), folder).path, folder)
    removed.original.write_text("another")
    with pytest.raises(InstallError, match="with another content"):
        restore(removed)
    assert removed.original.read_text() == "another"
    assert removed.path.exists()


def test_a_plugin_gone_from_the_trash_is_an_error(make, folder):
    removed = uninstall(install(make(), folder).path, folder)
    removed.path.unlink()
    assert trashed(folder) == []
    with pytest.raises(InstallError, match="no longer in the trash"):
        restore(removed)


@pytest.mark.parametrize("text", ["", "[Trash Info]\n", "Path=../../x\nDeletionDate=2026-01-01T00:00:00\n", "Path=a\n"])
def test_a_damaged_or_hostile_trash_entry_is_passed_over(make, folder, text):
    removed = uninstall(install(make(), folder).path, folder)
    removed.info.write_text(text)
    assert trashed(folder) == []


def test_a_loaded_plugin_goes_on_while_it_is_in_the_trash(make, folder):
    path = install(make(), folder).path
    with path.open("rb") as held:
        uninstall(path, folder)
        assert held.read(4) == b"\x7fELF"
