"""What ``open`` promises: once for each file, for good, and never silently another code."""

import gc
import os
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from plugdeck.dialects.opening import open_plugin
from plugdeck.errors import OpenError, StaleError

UNRESOLVED = """
int absent_from_everywhere(void);
__attribute__((visibility("default"))) int Call(void) { return absent_from_everywhere(); }
"""


def generation(plugin):
    return plugin.lookup("Generation").call()


def test_the_same_path_gives_the_same_plugin_and_runs_constructors_once(counting, constructor_runs):
    file = counting()
    assert open_plugin(file) is open_plugin(str(file))
    assert constructor_runs() == 1


def test_links_and_relative_names_give_the_same_plugin(counting, constructor_runs, tmp_path, monkeypatch):
    file = counting()
    (tmp_path / "link.so").symlink_to(file)
    (tmp_path / "chain.so").symlink_to("link.so")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    names = ["counting.so", "./link.so", "chain.so", "folder/../counting.so", f"{tmp_path}//counting.so"]
    assert {open_plugin(name) for name in names} == {open_plugin(file)}
    assert constructor_runs() == 1


def test_a_hard_link_gives_the_same_plugin(counting, constructor_runs, tmp_path):
    plugin = open_plugin(counting())
    os.link(plugin.path, tmp_path / "hard.so")
    assert open_plugin(tmp_path / "hard.so") is plugin
    assert not plugin.is_stale()
    assert constructor_runs() == 1


def test_a_renamed_file_gives_the_same_plugin_under_its_new_name(counting, tmp_path):
    plugin = open_plugin(counting())
    plugin.path.rename(tmp_path / "renamed.so")
    assert open_plugin(tmp_path / "renamed.so") is plugin


def test_a_copy_is_another_plugin(counting, constructor_runs, tmp_path):
    first = open_plugin(counting())
    second = open_plugin(shutil.copyfile(first.path, tmp_path / "copy.so"))
    assert first is not second
    assert constructor_runs() == 2


def test_a_link_that_leads_elsewhere_now_gives_the_other_plugin(counting, tmp_path):
    link = tmp_path / "current.so"
    link.symlink_to(counting("one.so", 1))
    assert generation(open_plugin(link)) == 1
    link.unlink()
    link.symlink_to(counting("two.so", 2))
    assert generation(open_plugin(link)) == 2


def test_many_threads_get_the_same_plugin_and_constructors_run_once(counting, constructor_runs):
    file = counting()
    start = threading.Barrier(16)

    def open_together(_):
        start.wait()
        return open_plugin(file)

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(open_together, range(16)))) == 1
    assert constructor_runs() == 1


def test_threads_that_race_through_hard_links_get_the_same_plugin(counting, constructor_runs, tmp_path):
    file = counting()
    names = [file, *(tmp_path / f"link{number}.so" for number in range(7))]
    for name in names[1:]:
        os.link(file, name)
    start = threading.Barrier(len(names))

    def open_together(name):
        start.wait()
        return open_plugin(name)

    with ThreadPoolExecutor(len(names)) as pool:
        assert len(set(pool.map(open_together, names))) == 1
    assert constructor_runs() == 1


def test_other_threads_run_while_a_constructor_runs(plugin_file, tmp_path, monkeypatch):
    """The constructor waits for a byte that only another Python thread writes."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    monkeypatch.setenv("WAITS_FOR", str(fifo))
    file = plugin_file(
        "#include <fcntl.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
        '__attribute__((visibility("default"))) int Got;'
        "__attribute__((constructor)) static void wait(void) {"
        '  char byte = 0; int file = open(getenv("WAITS_FOR"), O_RDONLY);'
        "  Got = (int)read(file, &byte, 1); close(file); }"
    )
    with ThreadPoolExecutor(1) as pool:
        opened = pool.submit(open_plugin, file)
        fifo.write_bytes(b"x")
        assert opened.result(timeout=90).lookup("Got").assume("int").value == 1


def test_a_replaced_file_is_reported_as_stale_and_never_as_new_code(counting, constructor_runs, tmp_path):
    plugin = open_plugin(counting())
    counting("new.so", generation=2).rename(plugin.path)
    assert plugin.is_stale()
    with pytest.raises(StaleError, match="another file took its place") as caught:
        open_plugin(plugin.path)
    assert caught.value.plugin is plugin
    assert "new process" in caught.value.remedy
    assert generation(plugin) == 1
    assert constructor_runs() == 1


def test_a_deleted_file_keeps_working_and_is_stale(counting):
    plugin = open_plugin(counting())
    plugin.path.unlink()
    assert generation(plugin) == 1
    assert plugin.stale_reason == "the file was deleted"
    with pytest.raises(StaleError, match="the file was deleted") as caught:
        open_plugin(plugin.path)
    assert caught.value.plugin is plugin


def test_a_file_that_was_put_back_is_no_longer_stale(counting, tmp_path):
    plugin = open_plugin(counting())
    plugin.path.rename(tmp_path / "aside.so")
    assert plugin.is_stale()
    (tmp_path / "aside.so").rename(plugin.path)
    assert not plugin.is_stale()
    assert open_plugin(plugin.path) is plugin


def test_a_file_that_was_only_touched_or_written_again_is_not_stale(counting, constructor_runs):
    plugin = open_plugin(counting())
    os.utime(plugin.path, (1, 1))
    assert not plugin.is_stale()
    plugin.path.unlink()
    counting()
    assert open_plugin(plugin.path) is plugin
    assert constructor_runs() == 1


def test_a_file_overwritten_in_place_is_stale(counting):
    plugin = open_plugin(counting())
    with plugin.path.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        file.write(b"\0")
    assert plugin.stale_reason == "the file was overwritten in place"


def test_a_name_taken_by_another_file_and_the_old_file_renamed_stay_apart(counting, tmp_path):
    plugin = open_plugin(counting())
    plugin.path.rename(tmp_path / "old.so")
    counting(plugin.path.name, generation=2)
    assert open_plugin(tmp_path / "old.so") is plugin
    with pytest.raises(StaleError):
        open_plugin(plugin.path)


def test_a_failed_open_is_remembered_until_the_file_changes(plugin_file, counting, constructor_runs):
    file = plugin_file(UNRESOLVED)
    with pytest.raises(OpenError, match="undefined symbol: absent_from_everywhere") as first:
        open_plugin(file)
    with pytest.raises(OpenError) as second:
        open_plugin(file)
    assert (second.value.reason, second.value.remedy) == (first.value.reason, first.value.remedy)
    assert second.value is not first.value
    counting("fixed.so").rename(file)
    assert generation(open_plugin(file)) == 1
    assert constructor_runs() == 1


def test_a_remembered_failure_is_not_tried_again(plugin_file, build_plugin, tmp_path):
    """The library that was missing is there now; the file itself is as it was."""
    dependency = build_plugin("int from_dependency(void) { return 7; }", flags=("-fvisibility=default",))
    needed = shutil.copyfile(dependency, tmp_path / "libneeded_here.so")
    file = plugin_file(
        'int from_dependency(void); __attribute__((visibility("default"))) int Call(void) {'
        "  return from_dependency(); }",
        flags=(str(needed), f"-Wl,-rpath,{tmp_path}", "-Wl,--no-as-needed"),
    )
    hidden = needed.rename(tmp_path / "hidden.so")
    for _ in range(2):
        with pytest.raises(OpenError, match="cannot open shared object file"):
            open_plugin(file)
        hidden = hidden.rename(needed)
    os.utime(file)
    assert open_plugin(file).lookup("Call").assume("int(void)")() == 7


def test_a_missing_file_is_not_remembered(counting, tmp_path):
    with pytest.raises(OpenError, match="does not exist"):
        open_plugin(tmp_path / "counting.so")
    assert generation(open_plugin(counting())) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\x7fELF", "ends"),
        (b"MZ" + bytes(200), "ELF"),
        (b"INPUT(libc.so.6)\n", "text"),
        (b"#!/bin/sh\n", "script"),
    ],
)
def test_a_file_that_is_no_shared_object_is_refused_before_the_loader_sees_it(tmp_path, content, reason):
    file = tmp_path / "plugin.so"
    file.write_bytes(content)
    with pytest.raises(OpenError, match=reason):
        open_plugin(file)


def test_a_folder_and_a_pipe_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.so")
    for path in (tmp_path, tmp_path / "pipe.so"):
        with pytest.raises(OpenError, match="could not be opened: it is a"):
            open_plugin(path)


def test_a_truncated_plugin_is_refused_and_opens_when_it_is_whole(counting):
    file = counting()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(OpenError):
        open_plugin(file)
    file.write_bytes(whole)
    assert generation(open_plugin(file)) == 1


@pytest.mark.parametrize("flag", ["-pie", "-no-pie"])
def test_a_program_is_refused(tmp_path, flag):
    (tmp_path / "program.c").write_text("int main(void) { return 0; }")
    subprocess.run(["gcc", flag, "program.c", "-o", "program"], cwd=tmp_path, check=True, timeout=60)
    with pytest.raises(OpenError, match=r"no ELF shared object but .* program"):
        open_plugin(tmp_path / "program")


@pytest.mark.parametrize("name", ["two\nlines.so", "\u202egpj.so", "plügin ✓.so", "a'b\"c.so"])
def test_odd_names_open(counting, name):
    assert generation(open_plugin(counting(name))) == 1


def test_names_that_are_not_unicode_open(counting):
    assert generation(open_plugin(counting(os.fsdecode(b"\xff\xfe.so")))) == 1


def test_a_name_that_the_loader_would_expand_is_refused(counting):
    with pytest.raises(OpenError, match=r"would replace \$ORIGIN"):
        open_plugin(counting("$ORIGIN.so"))


def test_a_plugin_opens_from_a_sealed_memory_file(counting):
    content = counting().read_bytes()
    descriptor = os.memfd_create("plugin", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.write(descriptor, content)
        path = Path(f"/proc/self/fd/{descriptor}")
        plugin = open_plugin(path)
        assert generation(plugin) == 1
        assert open_plugin(path) is plugin
    finally:
        os.close(descriptor)


def test_a_replaced_library_that_another_plugin_loaded_is_not_taken_for_the_new_one(counting, plugin_file, tmp_path):
    library = counting("libshared_part.so")
    user = plugin_file(
        'int Generation(void); __attribute__((visibility("default"))) int Use(void) { return Generation(); }',
        name="user.so",
        flags=(str(library), "-Wl,-rpath,$ORIGIN"),
    )
    assert open_plugin(user).lookup("Use").assume("int(void)")() == 1
    counting("new.so", generation=2).rename(library)
    with pytest.raises(OpenError, match="an older file of this name is loaded already"):
        open_plugin(library)


def test_a_library_that_another_plugin_loaded_opens_while_it_is_unchanged(counting, plugin_file, constructor_runs):
    library = counting("libshared_part.so")
    user = plugin_file(
        'int Generation(void); __attribute__((visibility("default"))) int Use(void) { return Generation(); }',
        name="user.so",
        flags=(str(library), "-Wl,-rpath,$ORIGIN"),
    )
    open_plugin(user)
    assert generation(open_plugin(library)) == 1
    assert constructor_runs() == 1


def test_symbols_of_one_plugin_are_not_seen_by_another(plugin_file):
    """RTLD_LOCAL: two plugins with a function of the same name each call their own."""
    source = """
        __attribute__((visibility("default"), noinline, noipa)) int Shared(void) { return NUMBER; }
        __attribute__((visibility("default"))) int CallShared(void) { return Shared(); }
    """
    for number in (1, 2):
        file = plugin_file(source, name=f"{number}.so", flags=(f"-DNUMBER={number}",))
        assert open_plugin(file).lookup("CallShared").assume("int(void)")() == number


def test_nothing_closes_a_plugin_even_when_it_is_forgotten(counting, constructor_runs):
    file = counting()
    open_plugin(file)
    gc.collect()
    open_plugin(file)
    assert os.fsencode(file) in Path("/proc/self/maps").read_bytes()
    assert constructor_runs() == 1
