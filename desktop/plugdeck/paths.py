"""Where Plugdeck keeps things: the user's folders, and the files it ships."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported where a folder of the user's is asked for: workers never do
    from platformdirs.api import PlatformDirsABC

_PACKAGE = Path(__file__).resolve().parent


def config_folder() -> Path:
    """Settings, for the user to keep (``$XDG_CONFIG_HOME/plugdeck``). It may not exist yet."""
    return _folders_of_user().user_config_path


def cache_folder() -> Path:
    """What can be made again: read facts, built samples (``$XDG_CACHE_HOME/plugdeck``)."""
    return _folders_of_user().user_cache_path


def data_folder() -> Path:
    """What is the user's and made by him (``$XDG_DATA_HOME/plugdeck``). It may not exist yet."""
    return _folders_of_user().user_data_path


def plugin_folder() -> Path:
    """Where installed plugins live (``$XDG_DATA_HOME/plugdeck/plugins``)."""
    return data_folder() / "plugins"


def shipped(*parts: str) -> Path:
    """A file or folder that comes with Plugdeck, such as ``shipped("resources", "icons")``.

    An installed wheel carries ``resources/`` and ``plugins/`` inside the package; a checkout has them at its root.
    """
    for root in (_PACKAGE, _PACKAGE.parent.parent):
        candidate = root.joinpath(*parts)
        if candidate.exists():
            return candidate
    return _PACKAGE.joinpath(*parts)


def checkout() -> Path | None:
    """The root of the checkout that this package runs from, or None for an installed one."""
    root = _PACKAGE.parent.parent
    return root if (root / "pyproject.toml").is_file() and (root / "packaging").is_dir() else None


def sample_folder() -> Path:
    """Where the built sample plugins are, or go: ``build/plugins`` in a checkout, else in the cache."""
    root = checkout()
    return root / "build" / "plugins" if root else cache_folder() / "samples"


def sample_picture() -> Path:
    """The picture that the window opens with."""
    return shipped("resources", "sample.png")


def python_command() -> list[str]:
    """How to start this interpreter for our own processes: isolated, without the user's site packages.

    ``-I`` drops PYTHONPATH and the current folder, so the child is told where the package is by ``-c`` code or by
    an installed distribution; see ``module_command``.
    """
    return [sys.executable, "-I"]


def module_command(module: str) -> list[str]:
    """How to run one of our modules in a process of its own, also from a checkout that is not installed."""
    source = os.fspath(_PACKAGE.parent)
    start = f"import runpy; runpy.run_module({module!r}, run_name='__main__')"
    code = f"import sys; sys.path.insert(0, {source!r}); {start}"
    return [*python_command(), "-c", code]


@cache
def _folders_of_user() -> PlatformDirsABC:
    from platformdirs import PlatformDirs

    return PlatformDirs("plugdeck", appauthor=False)
