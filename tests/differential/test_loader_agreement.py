"""Our verdict against the dynamic loader's: on a sample always, on every shared object here when asked for.

``pytest -m differential tests/differential`` judges everything below the folders of ``agreement.default_roots``;
``python tests/differential/agreement.py FOLDER…`` judges other folders and prints every disagreement.
"""

from __future__ import annotations

import pytest
from agreement import default_roots, disagreements
from oracle import shared_objects

SAMPLED = 12
LEAST_AGREEMENT = 0.999


def test_verdict_is_the_loaders_for_a_sample_of_the_systems_libraries():
    paths = sorted(shared_objects(["/usr/lib", "/usr/local/lib"]))[::SAMPLED]
    assert len(paths) > 20
    assert not [each for each in disagreements(paths) if not each.is_by_constructor]


@pytest.mark.differential
@pytest.mark.timeout(3600)
def test_verdict_is_the_loaders_for_every_shared_object_of_this_computer():
    paths = list(shared_objects(default_roots()))
    different = disagreements(paths)
    assert not [each for each in different if each.is_false_load and not each.is_by_constructor]
    assert 1 - len(different) / len(paths) >= LEAST_AGREEMENT, different
