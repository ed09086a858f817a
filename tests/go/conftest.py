"""Go's toolchains, and what they built: kept in ``build/`` from one session to the next."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def load_workshop():
    name = "_plugdeck_go_workshop"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, HERE / "workshop.py")
        assert spec and spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


workshop_module = load_workshop()


@pytest.fixture(scope="session")
def workshops():
    """A workshop for each toolchain, the installed one first."""
    roots = workshop_module.goroots()
    if not roots or not shutil.which("gcc"):
        reason = "no Go toolchain, or no C compiler, which its plugins need"
        pytest.fail(reason, pytrace=False) if os.environ.get("CI") else pytest.skip(reason)
    return [workshop_module.Workshop(root, ROOT / "build" / "go-tests") for root in roots]


@pytest.fixture(scope="session")
def workshop(workshops):
    """The one of the installed toolchain."""
    return workshops[0]


@pytest.fixture(scope="session")
def ask():
    """``ask(host, *plugins, names=())``: what Go's runtime does with them."""
    return workshop_module.ask
