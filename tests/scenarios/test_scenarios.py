"""Every scenario, asked of the dynamic loader and of the verdict: both have to say what its recipe expects."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plugdeck import examine
from plugdeck.compat.finding import Finding
from plugdeck.compat.host import Host
from plugdeck.compat.processor import processor_levels

from .building import Builder
from .oracle import ask_loader
from .recipe import Case, Scenario, all_scenarios, decoded

ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("LD_")}
QUESTIONS = [(scenario, case) for scenario in all_scenarios() for case in scenario.cases]

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64" or platform.libc_ver()[0] != "glibc",
    reason="the scenarios are built for x86-64 and glibc",
)


def name_of(scenario: Scenario, case: Case) -> str:
    return f"{scenario.name}: {case.name}" if case.name else scenario.name


@pytest.fixture(scope="session")
def builder(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest, build_plugin: Callable[..., Path]
) -> Iterator[Builder]:
    """Builds the scenarios of the tests that were chosen, in the order of the tests."""
    build_plugin("int present;")  # without a compiler, this skips or fails
    chosen = [item.callspec.params["scenario"] for item in request.session.items if "builder" in item.fixturenames]
    zig = Path(os.environ.get("ZIG_GLOBAL_CACHE_DIR") or "~/.cache/zig").expanduser()
    environment = {**ENVIRONMENT, "ZIG_GLOBAL_CACHE_DIR": os.fspath(zig)}
    unique = {scenario.name: scenario for scenario in chosen}.values()
    builder = Builder(tmp_path_factory.mktemp("scenarios"), unique, environment)
    yield builder
    builder.close()


@pytest.mark.parametrize(
    ("scenario", "case"),
    [
        pytest.param(
            scenario, case, id=name_of(scenario, case),
            marks=[pytest.mark.xfail(reason=case.gap, strict=True)] if case.gap else [],
        )
        for scenario, case in QUESTIONS
    ],
)  # fmt: skip
def test_verdict_and_loader_say_what_the_scenario_expects(
    builder: Builder, scenario: Scenario, case: Case, monkeypatch: pytest.MonkeyPatch
):
    for requirement in case.requires:
        if not is_met(requirement):
            pytest.skip(f"this computer does not meet {requirement}")
    root = builder.root_of(scenario)
    for key in set(os.environ) - set(ENVIRONMENT):
        monkeypatch.delenv(key)
    for key, value in case.environment.items():
        monkeypatch.setenv(key, value.replace("{root}", os.fspath(root)))
    monkeypatch.chdir(root / decoded(case.folder))
    path, host = root / decoded(case.open), root / case.host if case.host else None
    wrong = [*wrong_of_loader(case, path, host), *wrong_of_verdict(case, path, host)]
    assert not wrong, "\n".join(wrong)


def wrong_of_loader(case: Case, path: Path, host: Path | None) -> Iterator[str]:
    """What the loader does that the recipe does not expect."""
    if case.no_oracle:
        return
    answer = ask_loader(path, host, os.environ, Path.cwd())
    if answer.loads != (case.loads and not case.limit) or case.loader_says not in answer.words:
        yield f"the loader: {answer.words or 'it loads'}"


def wrong_of_verdict(case: Case, path: Path, host: Path | None) -> Iterator[str]:
    """What the verdict says that the recipe does not expect, or leaves unsaid."""
    report = examine(path, Host.from_executable(host) if host else Host.default())
    said = [f"the verdict: {finding.id}: {text_of(finding)}" for finding in report.findings]
    if report.loads != case.loads:
        yield from (f"the verdict: loads={report.loads}", *said)
    if not case.finding:
        return
    found = [finding for finding in report.findings if finding.id == case.finding]
    if not any(finding.stops_load != case.loads for finding in found):
        yield from (f"no {case.finding} that {'warns' if case.loads else 'stops'}", *said)
    yield from (f"unsaid: {words}" for words in case.says if not any(words in text_of(each) for each in found))


def text_of(finding: Finding) -> str:
    return "\n".join((finding.message, *finding.evidence, finding.remedy))


def is_met(requirement: str) -> bool:
    """Whether this computer has the processor level, or a glibc older or not older than a version."""
    if requirement.startswith("x86-64-"):
        here = Host.default().platform
        return here is not None and requirement in processor_levels(here)
    found = re.fullmatch(r"glibc(<|>=)(\d+)\.(\d+)", requirement)
    assert found, requirement
    here, asked = tuple(map(int, platform.libc_ver()[1].split("."))), (int(found[2]), int(found[3]))
    return here < asked if found[1] == "<" else here >= asked


def test_recipes_are_complete():
    names = [name_of(scenario, case) for scenario, case in QUESTIONS]
    assert len(names) == len(set(names))
    assert all(scenario.about.endswith(".") for scenario, _ in QUESTIONS)
    assert all(case.loads != bool(case.finding) or case.loads or case.limit for _, case in QUESTIONS)
