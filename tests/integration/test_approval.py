"""What the user said yes to is what runs: those bytes, confined so well at least, linked as it was judged."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.hosting.hosted_plugin import HostedPlugin
from plugdeck.hosting.outcome import Ending, HostError, PluginState
from plugdeck.hosting.plugin_log import LogSource
from plugdeck.hosting.sandbox.confinement import Approval, Permissions, Tier
from plugdeck.hosting.supervisor import Supervisor

SOURCE = """
#include <stdio.h>
#include "plugdeck.h"
PD_PLUGIN("own", "1.0.0", "", "MIT", "Looks at files.")
PD_FUNCTION(int, LastByte, (const char *))
int LastByte(const char *path) {
  FILE *file = fopen(path, "rb");
  int last = -1;
  if (!file) return -2;
  if (!fseek(file, -1, SEEK_END)) last = fgetc(file);
  fclose(file);
  return last;
}
"""
Host = Callable[..., HostedPlugin]


@pytest.fixture
def host(patient, needs_tier) -> Iterator[Host]:
    """``host(tier, path, approval)``: a host that is not started."""
    supervisors: list[Supervisor] = []

    def host(tier: Tier, path: Path, approval: Approval) -> HostedPlugin:
        needs_tier(tier)
        supervisors.append(Supervisor(tier=tier, deadlines=patient))
        manifest = examine(path).manifest
        assert manifest
        return supervisors[-1].host(path, manifest, approval)

    yield host
    for supervisor in supervisors:
        supervisor.close()


@pytest.fixture
def plugin(build_plugin, tmp_path: Path) -> Path:
    path = tmp_path / "own.so"
    path.write_bytes(build_plugin(SOURCE, name="own.so").read_bytes())
    return path


def put_data_beside(plugin: Path) -> None:
    """So that it is opened at its own path."""
    plugin.with_suffix(".json").write_text("{}")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def add_a_byte(path: Path, byte: int = 7) -> None:
    """Other bytes that say the same of themselves and run the same, in the same file."""
    with path.open("ab") as file:
        file.write(bytes([byte]))


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("in_place", [False, True])
def test_bytes_that_were_approved_run_and_are_known_by_their_hash(host, plugin, tier, in_place):
    if in_place:
        put_data_beside(plugin)
    hosted = host(tier, plugin, Approval(sha256=sha256(plugin)))
    hosted.start()

    assert hosted.is_opened_in_place == in_place
    assert hosted.sha256 == sha256(plugin)


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("in_place", [False, True])
def test_other_bytes_that_say_the_same_of_themselves_are_refused(host, plugin, tier, in_place):
    if in_place:
        put_data_beside(plugin)
    approved = Approval(sha256=sha256(plugin))
    add_a_byte(plugin)
    hosted = host(tier, plugin, approved)

    with pytest.raises(HostError, match="not the ones that you allowed") as failure:
        hosted.start()
    assert failure.value.outcome.ending is Ending.REFUSED
    assert hosted.pid is None

    hosted.approval = Approval(sha256=sha256(plugin))
    hosted.start()
    assert hosted.state is PluginState.LOADED


@pytest.mark.parametrize("tier", Tier)
def test_what_is_approved_is_asked_again_at_every_start(host, plugin, tier):
    hosted = host(tier, plugin, Approval(sha256=sha256(plugin)))
    hosted.start()
    add_a_byte(plugin)

    with pytest.raises(HostError, match="not the ones that you allowed"):
        hosted.restart()


@pytest.mark.parametrize("readable", [False, True])
def test_a_sealed_plugin_at_its_own_path_is_a_copy_that_no_later_write_reaches(host, plugin, readable):
    put_data_beside(plugin)
    add_a_byte(plugin, 1)
    permissions = Permissions(readable=(os.fspath(plugin.parent),)) if readable else Permissions()
    hosted = host(Tier.SEALED, plugin, Approval(permissions, sha256(plugin)))
    hosted.start()
    add_a_byte(plugin, 2)

    assert hosted.call("LastByte", os.fspath(plugin)) == 1
    assert hosted.call("LastByte", os.fspath(plugin.with_suffix(".json"))) == ord("}")


def test_a_plugin_that_is_reached_by_a_link_is_placed_under_the_name_of_the_link(host, plugin, tmp_path):
    folder = tmp_path / "links"
    folder.mkdir()
    link = folder / "own.so"
    link.symlink_to(plugin)
    put_data_beside(link)
    for readable in ((), (os.fspath(folder),), (os.fspath(tmp_path),)):
        hosted = host(Tier.SEALED, link, Approval(Permissions(readable=readable), sha256(plugin)))
        hosted.start()
        assert hosted.call("LastByte", os.fspath(link.with_suffix(".json"))) == ord("}")
        hosted.stop()


@pytest.mark.parametrize(("tier", "lowest"), [(Tier.LIMITED, Tier.FILTERED), (Tier.FILTERED, Tier.SEALED)])
def test_a_plugin_is_not_started_with_less_confinement_than_the_user_agreed_to(host, plugin, tier, lowest):
    hosted = host(tier, plugin, Approval(lowest_tier=lowest))

    with pytest.raises(HostError, match=f"confinement {lowest} or better") as failure:
        hosted.start()

    assert failure.value.outcome.ending is Ending.NOT_STARTED
    assert (hosted.state, hosted.outcome, hosted.pid) == (PluginState.NOT_LOADED, failure.value.outcome, None)
    assert [line.source for line in hosted.log.lines()] == [LogSource.HOST]


def test_a_shared_process_goes_on_without_a_plugin_that_wants_to_be_held_better(plugin, patient):
    manifest = examine(plugin).manifest
    with Supervisor(tier=Tier.LIMITED, deadlines=patient) as supervisor:
        group = supervisor.group()
        first, second = group.add(plugin, manifest), group.add(plugin, manifest, Approval(lowest_tier=Tier.SEALED))
        first.start()
        with pytest.raises(HostError):
            second.start()
        assert (first.state, second.state) == (PluginState.LOADED, PluginState.NOT_LOADED)


BESIDE = """
#include "plugdeck.h"
PD_PLUGIN("beside", "1.0.0", "", "MIT", "Needs another library.")
PD_FUNCTION(int, Answer, (void))
int beside(void);
int Answer(void) { return beside(); }
"""
LIBRARY = '__attribute__((visibility("default"))) int beside(void) { return %d; }'


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("by", ["LD_LIBRARY_PATH", "LD_LIBRARY_PATH=", "RUNPATH", "RPATH"])
def test_libraries_beside_the_current_folder_are_found_as_the_verdict_found_them(
    host, build_plugin, tmp_path, monkeypatch, tier, by
):
    (tmp_path / "with space").mkdir()
    library = tmp_path / "with space" / "libbeside.so"
    library.write_bytes(build_plugin(LIBRARY % 41, name="libbeside.so").read_bytes())
    tags = {"RUNPATH": "--enable-new-dtags", "RPATH": "--disable-new-dtags"}.get(by)
    flags = [f"-L{library.parent}", "-lbeside", *([f"-Wl,{tags},-rpath,with space"] if tags else [])]
    plugin = build_plugin(BESIDE, name=f"beside-{by.rstrip('=').lower()}.so", flags=flags)
    monkeypatch.chdir(library.parent if by.endswith("=") else tmp_path)
    if not tags:
        monkeypatch.setenv("LD_LIBRARY_PATH", ":/nowhere" if by.endswith("=") else "with space")
    assert not any(finding.stops_load for finding in examine(plugin).findings)

    hosted = host(tier, plugin, Approval())
    hosted.start()
    assert hosted.call("Answer") == 41
