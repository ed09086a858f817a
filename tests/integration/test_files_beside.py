"""What a question says that a plugin can read beside itself is what its worker sees there, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.hosting.sandbox.confinement import Tier
from plugdeck.hosting.sandbox.linked_files import files_beside
from plugdeck.hosting.supervisor import Supervisor

SOURCE = """
#include <stdio.h>
#include "plugdeck.h"
PD_PLUGIN("reads", "1.0.0", "", "MIT", "Reads files.")
PD_FUNCTION(int, CanRead, (const char *))
int beside(void);
int CanRead(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file) fclose(file);
  return file ? beside() : 0;
}
"""
LIBRARY = '__attribute__((visibility("default"))) int beside(void) { return 1; }'


@pytest.fixture(params=[Tier.SEALED, Tier.FILTERED])
def supervisor(request, patient, needs_tier) -> Iterator[Supervisor]:
    needs_tier(request.param)
    with Supervisor(tier=request.param, deadlines=patient) as supervisor:
        yield supervisor


@pytest.fixture
def plugin(build_plugin, tmp_path) -> Path:
    """In a folder with its library, its data, and what is none of its own."""
    library = tmp_path / "libbeside.so"
    library.write_bytes(build_plugin(LIBRARY, name="libbeside.so").read_bytes())
    flags = [f"-L{tmp_path}", "-lbeside", "-Wl,--enable-new-dtags,-rpath,$ORIGIN"]
    path = tmp_path / "reads.so"
    path.write_bytes(build_plugin(SOURCE, name="reads.so", flags=flags).read_bytes())
    for name in ("reads.json", "reads.csv", "reads.c", "other.json", "readsmore.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "reads.link").symlink_to("other.json")
    (tmp_path / "reads.d").mkdir()
    return path


def test_a_question_can_name_every_file_that_a_plugin_will_be_able_to_read(supervisor, plugin):
    hosted = supervisor.host(plugin, examine(plugin).manifest)
    hosted.start()
    named = files_beside(plugin)
    readable = {each.name for each in plugin.parent.iterdir() if hosted.call("CanRead", os.fspath(each))}

    assert list(dict.fromkeys(each.name for each in named)) == ["reads.csv", "reads.json", "libbeside.so"]
    assert readable - {"reads.so"} == {each.name for each in named}


def test_a_folder_full_of_files_of_its_name_gives_a_list_that_can_be_read(supervisor, plugin):
    for number in range(5000):
        (plugin.parent / f"reads.{number:04}").touch()
    named = files_beside(plugin)
    hosted = supervisor.host(plugin, examine(plugin).manifest)
    hosted.start()

    names = list(dict.fromkeys(each.name for each in named))
    assert names == [*(f"reads.{number:04}" for number in range(64)), "libbeside.so"]
    assert hosted.call("CanRead", os.fspath(named[63])) == 1
    assert hosted.call("CanRead", os.fspath(plugin.with_suffix(".0064"))) == 0


def test_what_cannot_be_read_needs_nothing(tmp_path):
    (tmp_path / "damaged.so").write_text("no ELF")
    (tmp_path / "damaged.json").write_text("{}")

    assert files_beside(tmp_path / "damaged.so") == files_beside(tmp_path / "missing.so") == ()
