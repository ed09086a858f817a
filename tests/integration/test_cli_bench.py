"""``plugdeck bench`` opens in this process what was allowed and has ended nothing before, and nothing else."""

import hashlib
import shutil
from pathlib import Path

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.chain.bench import measure
from plugdeck.cli import main
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.in_app_journal import InAppJournal
from plugdeck.hosting.sandbox.confinement import Approval, Tier

SOURCE = """
#include "plugdeck.h"
PD_PLUGIN("sayer", "1.0.0", "", "MIT", "Says what it is told.")
PD_FUNCTION(const char *, Say, (const char *))
const char *Say(const char *word) { return word; }
"""


@pytest.fixture
def sayer(build_plugin, tmp_path):
    """A plugin that no other test has opened in this process."""
    return Path(shutil.copy(build_plugin(SOURCE, name="sayer.so"), tmp_path))


def is_here(plugin: Path) -> bool:
    return str(plugin) in Path("/proc/self/maps").read_text()


def test_only_the_bytes_that_were_allowed_are_opened_in_this_process(sayer, monkeypatch):
    """As they are after the plugin ran in a worker, which may be why they are others."""
    allowed = Approval(sha256=hashlib.sha256(sayer.read_bytes()).hexdigest())
    monkeypatch.setattr("plugdeck.chain.bench._figures", lambda *_: sayer.write_bytes(sayer.read_bytes() + b"\0"))

    with pytest.raises(PlugdeckError, match="bytes are not the ones that you allowed"):
        measure(sayer, examine(sayer).manifest, allowed)
    assert not is_here(sayer)


def test_a_yes_to_confinement_is_none_to_this_process(sayer):
    with pytest.raises(PlugdeckError, match="confine"):
        measure(sayer, examine(sayer).manifest, Approval(lowest_tier=Tier.FILTERED))
    assert not is_here(sayer)


def test_what_ended_plugdeck_before_is_not_opened_in_this_process(sayer):
    journal = InAppJournal()
    journal.folder.mkdir(parents=True)
    (journal.folder / f"{hashlib.sha256(sayer.read_bytes()).hexdigest()}.crash").write_bytes(b"")

    with pytest.raises(PlugdeckError, match="Plugdeck came to a bad end"):
        main(["bench", "--trust", str(sayer)])
    assert not is_here(sayer)
