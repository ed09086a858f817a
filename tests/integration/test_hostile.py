"""Whatever a plugin does: the outcome is the expected one, nothing is left behind, and its neighbours go on.

Each behaviour of ``tests/native/behaviours.py`` once in every tier, alone and with a neighbour in its process; twenty
times each with ``-m hostile``.
"""

from __future__ import annotations

import ctypes
import gc
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

import psutil
import pytest

from plugdeck.hosting.limits import Limits
from plugdeck.hosting.outcome import BETWEEN_CALLS
from plugdeck.hosting.sandbox.confinement import Tier
from plugdeck.hosting.supervisor import Supervisor

from ..native.behaviours import BEHAVIOURS, Behaviour
from ..native.runs import THROWS, Family, Stage, Told, manifest_of

NATIVE = Path(__file__).parent.parent / "native"
TIMES = 20
AT_ONCE = 4
# Pieces of memory that are left between others after two thousand runs: no slope.
FLAT_BYTES = 16 << 20
# So that using up memory takes a moment, and none of the machine's.
LIMITS = Limits(address_space_bytes=768 << 20)
CASES = [
    pytest.param(tier, behaviour, id=f"{behaviour.deed}, {tier}")
    for tier in Tier
    for behaviour in BEHAVIOURS
    if tier in behaviour.tiers
]


def can_make_namespaces() -> bool:
    """Whether a program that nothing confines may make them: not in a container, nor below another root."""
    return subprocess.run(["unshare", "--user", "true"], stderr=subprocess.DEVNULL).returncode == 0


@pytest.fixture(scope="module")
def family() -> Iterator[Family]:
    family = Family()
    yield family
    family.close()


@pytest.fixture(scope="module")
def witness(build_plugin) -> Path:
    return build_plugin(NATIVE / "witness.c", name="witness.so")


@pytest.fixture(scope="module")
def stages(family, needs_tier, native, number_of, patient, tmp_path_factory) -> Iterator[Callable[[Tier], Stage]]:
    """A supervisor for each tier, whose plugins misbehave one after another."""
    made: dict[Tier, Stage] = {}
    numbers = {each.name: number_of(each.name) for each in BEHAVIOURS if each.name not in THROWS}
    numbers |= {name: number for number, name in enumerate(THROWS, 1)}

    def stage(tier: Tier) -> Stage:
        needs_tier(tier)
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


def beside(stage: Stage, behaviour: Behaviour, witness: Path, wait_until: Callable[..., None]) -> str:
    """What came of it in a process that it shares with a neighbour, who learns of it and goes on."""
    path, group = stage.file_of(behaviour), stage.supervisor.group()
    neighbour, plugin = group.add(witness, manifest_of(witness)), group.add(path, manifest_of(path))
    neighbour.start()
    plugin.start()
    assert neighbour.pid == plugin.pid
    told = stage.run(behaviour, plugin)
    if told.outcome and told.outcome.during == BETWEEN_CALLS:  # then nobody knows which of the two it was
        assert "not known" in neighbour.outcome.message
        neighbour.start()
    elif told.outcome:
        wait_until(lambda: neighbour.is_loaded)
        at_work = (
            f"The process that it shares has ended while {plugin.manifest.name} was at work, and is started again."
        )
        assert at_work in [line.text for line in neighbour.log.lines()]
        assert neighbour.outcome is None
        assert not plugin.is_loaded
    assert stage.transform(neighbour).words == "lives"
    plugin.stop()
    neighbour.stop()
    return told.words


@pytest.mark.parametrize(("tier", "behaviour"), CASES)
def test_what_a_plugin_does_alone_has_the_same_end_and_leaves_nothing(stages, nothing_left, tier, behaviour):
    stage = stages(tier)
    if behaviour.name == "leave-namespace" and tier is Tier.LIMITED and not can_make_namespaces():
        pytest.skip("this system lets nobody make namespaces")
    with nothing_left():
        told = alone(stage, behaviour)

    assert told.words == behaviour.expected(tier)
    if told.outcome and not told.words.startswith("later"):
        assert told.outcome.during == "Transform"


# What is done to somebody else, the neighbour does not notice.
SHARED = [case for case in CASES if case.values[0] is Tier.SEALED and not case.values[1].target]


@pytest.mark.parametrize(("tier", "behaviour"), SHARED)
def test_a_neighbour_in_the_same_process_is_told_the_truth_and_starts_again(
    stages, nothing_left, witness, until, tier, behaviour
):
    stage = stages(tier)
    with nothing_left():
        assert beside(stage, behaviour, witness, until) == behaviour.expected(tier)


def all_of(stage: Stage, tier: Tier, run: Callable[[Behaviour], str], times: int) -> dict[str, Counter[str]]:
    """What came of each behaviour that did not come of it every time; several at once."""
    wanted = [behaviour for behaviour in BEHAVIOURS if tier in behaviour.tiers] * times

    def attempt(behaviour: Behaviour) -> str:
        try:
            return run(behaviour)
        except Exception as failure:
            return repr(failure)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = list(zip(wanted, pool.map(attempt, wanted), strict=True))
    wrong: dict[str, Counter[str]] = {}
    for behaviour, words in told:
        if words != behaviour.expected(tier):
            wrong.setdefault(f"{behaviour.deed}: {behaviour.expected(tier)}", Counter())[words] += 1
    return wrong


@pytest.mark.hostile
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("mode", ["individually", "together"])
@pytest.mark.parametrize("tier", Tier)
def test_twenty_times_each_has_the_same_end_and_nothing_grows(
    stages, family, descriptors, witness, until, capsys, tier, mode
):
    stage = stages(tier)
    runs = {"individually": lambda behaviour: alone(stage, behaviour).words,
            "together": lambda behaviour: beside(stage, behaviour, witness, until)}  # fmt: skip
    all_of(stage, tier, runs[mode], 1)
    processes, held, began, memory = family.strangers(), len(descriptors()), monotonic(), own_bytes()
    wrong = all_of(stage, tier, runs[mode], TIMES)
    seconds, grown = monotonic() - began, own_bytes() - memory
    count = TIMES * sum(tier in behaviour.tiers for behaviour in BEHAVIOURS)
    with capsys.disabled():
        print(f"\ntier {tier}, {mode}: {count:,} runs in {seconds:.0f} s, memory {grown / 1e6:+.1f} MB", wrong or "")
    assert wrong == {}
    with suppress(AssertionError):
        until(lambda: not family.strangers() - processes)
    assert not {(each.pid, each.status(), *each.cmdline()[:9]) for each in family.strangers() - processes}
    assert len(descriptors()) <= held + 4 * AT_ONCE  # frames that are kept for the next
    assert grown < FLAT_BYTES


def own_bytes() -> int:
    """What this process alone holds, but for what its allocator keeps in hand."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return psutil.Process().memory_full_info().uss
