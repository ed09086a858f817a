"""Our verdict against the dynamic loader's: on built files and a sample of others always, on all when asked for.

``pytest -m differential tests/differential`` judges everything below the folders of ``agreement.default_roots``;
``python tests/differential/agreement.py FOLDER…`` judges other folders and prints every disagreement.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from agreement import default_roots, disagreements
from oracle import shared_objects

SAMPLED = 12
LEAST_AGREEMENT = 0.999


def test_verdict_is_the_loaders_for_all_that_is_built_here(samples: Path, native: Callable[[str], Path]):
    broken = map(native, ("missing-library", "undefined-symbol", "newer-glibc", "wrong-machine"))
    assert not disagreements([os.fspath(path) for path in sorted((*samples.glob("*.so"), *broken))])


def test_verdict_is_the_loaders_for_a_sample_of_the_systems_libraries():
    """With room for the rare file that is a riddle, of which any computer may have one."""
    paths = sorted(shared_objects(["/usr/lib", "/usr/local/lib"]))[::SAMPLED]
    different = [each for each in disagreements(paths) if not each.is_by_constructor]
    assert len(different) <= max(1, len(paths) * (1 - LEAST_AGREEMENT)), different


@pytest.mark.differential
@pytest.mark.timeout(3600)
def test_verdict_is_the_loaders_for_every_shared_object_of_this_computer():
    paths = list(shared_objects(default_roots()))
    different = disagreements(paths)
    assert not [each for each in different if each.is_false_load and not each.is_by_constructor]
    assert 1 - len(different) / len(paths) >= LEAST_AGREEMENT, different
