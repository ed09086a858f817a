"""Whatever a plugin does: the outcome is the expected one, nothing is left behind, and its neighbours go on.

Each behaviour of ``tests/native/behaviours.py`` once in every tier, alone and with a neighbour in its process; twenty
times each with ``-m hostile``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from plugdeck.hosting.limits import Limits
from plugdeck.hosting.sandbox.confinement import Tier
from plugdeck.hosting.sandbox.offer import offer
from plugdeck.hosting.supervisor import Supervisor

from ..native.behaviours import BEHAVIOURS, Behaviour
from ..native.runs import THROWS, Family, Stage, Told, manifest_of

NATIVE = Path(__file__).parent.parent / "native"
TIMES = 20
# So that using up memory takes a moment, and none of the machine's.
LIMITS = Limits(address_space_bytes=768 << 20)
CASES = [
    pytest.param(tier, behaviour, id=f"{behaviour.deed}, {tier}")
    for tier in Tier
    for behaviour in BEHAVIOURS
    if tier in behaviour.tiers
]


@pytest.fixture(scope="module")
def family() -> Iterator[Family]:
    family = Family()
    yield family
    family.close()


@pytest.fixture(scope="module")
def witness(build_plugin) -> Path:
    return build_plugin(NATIVE / "witness.c", name="witness.so")


@pytest.fixture(scope="module")
def stages(family, native, number_of, patient, tmp_path_factory) -> Iterator[Callable[[Tier], Stage]]:
    """A supervisor for each tier, whose plugins misbehave one after another."""
    made: dict[Tier, Stage] = {}
    numbers = {each.name: number_of(each.name) for each in BEHAVIOURS if each.name not in THROWS}
    numbers |= {name: number for number, name in enumerate(THROWS, 1)}

    def stage(tier: Tier) -> Stage:
        if list(Tier).index(tier) < list(Tier).index(offer().tier):
            pytest.skip(f"this system does not offer tier {tier}: {offer().reason}")
        if tier not in made:
            supervisor = Supervisor(deadlines=patient, tier=tier, limits=LIMITS)
            folder = tmp_path_factory.mktemp("h")
            made[tier] = Stage(supervisor, native("misbehave"), native("throw"), folder, numbers)
            assert alone(made[tier], BEHAVIOURS[-1]).words  # so that what is kept for the next frame is there
        return made[tier]

    yield stage
    for each in made.values():
        each.supervisor.close()


@pytest.fixture
def nothing_left(family, descriptors, until):
    """``with nothing_left():`` fails when a process or a descriptor is left behind."""

    def held() -> Counter[str]:
        return Counter(link.partition(":[")[0] for link in descriptors())

    @contextmanager
    def check() -> Iterator[None]:
        processes, before = family.strangers(), held()
        yield
        until(lambda: not family.strangers() - processes)
        assert held() - before == Counter()

    return check


def alone(stage: Stage, behaviour: Behaviour) -> Told:
    """What came of it in a process of its own."""
    plugin = stage.host(behaviour)
    plugin.start()
    try:
        return stage.run(behaviour, plugin)
    finally:
        plugin.stop()


def beside(stage: Stage, behaviour: Behaviour, witness: Path) -> str:
    """What came of it in a process that it shares with a neighbour, who learns of it and goes on."""
    path, group = stage.file_of(behaviour), stage.supervisor.group()
    neighbour, plugin = group.add(witness, manifest_of(witness)), group.add(path, manifest_of(path))
    neighbour.start()
    plugin.start()
    assert neighbour.pid == plugin.pid
    told = stage.run(behaviour, plugin)
    if told.outcome:
        assert plugin.manifest.name in "\n".join(line.text for line in neighbour.log.lines())
        neighbour.start()
    assert stage.transform(neighbour).words == "lives"
    plugin.stop()
    neighbour.stop()
    return told.words


@pytest.mark.parametrize(("tier", "behaviour"), CASES)
def test_what_a_plugin_does_alone_has_the_same_end_and_leaves_nothing(stages, nothing_left, tier, behaviour):
    stage = stages(tier)
    with nothing_left():
        told = alone(stage, behaviour)

    assert told.words == behaviour.expected(tier)
    if told.outcome and not told.words.startswith("later"):
        assert told.outcome.during == "Transform"


@pytest.mark.parametrize(("tier", "behaviour"), [case for case in CASES if case.values[0] is Tier.SEALED])
def test_a_neighbour_in_the_same_process_is_told_the_truth_and_starts_again(
    stages, nothing_left, witness, tier, behaviour
):
    stage = stages(tier)
    with nothing_left():
        assert beside(stage, behaviour, witness) == behaviour.expected(tier)
