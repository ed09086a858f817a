"""Plugins of each test's own: what is loaded stays loaded, so no two tests share a file."""

import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

from plugdeck.runtime import open_library

COUNTING = """
#include "plugdeck.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
PD_PLUGIN("counting", "1.0.0", "test", "MIT", "Writes a byte whenever its constructor runs.")
PD_FUNCTION(int, Generation, (void))
int Generation(void) { return GENERATION; }
__attribute__((constructor)) static void started(void) {
  const char *name = getenv("CONSTRUCTOR_LOG");
  int file = name ? open(name, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
  usleep(20000);
  if (file >= 0 && write(file, "x", 1) == 1) close(file);
}
"""


@pytest.fixture
def plugin_file(build_plugin, tmp_path):
    """``plugin_file(source, name=…, **options)``: a compiled copy in this test's folder."""

    def copy(source, name="plugin.so", **options):
        return shutil.copyfile(build_plugin(source, **options), tmp_path / name)

    return copy


@pytest.fixture
def counting(plugin_file):
    """``counting(name, generation)``: a plugin whose constructor counts its runs in ``constructor_runs``."""

    def copy(name="counting.so", generation=1):
        return plugin_file(COUNTING, name=name, flags=(f"-DGENERATION={generation}",))

    return copy


@pytest.fixture
def constructor_runs(tmp_path, monkeypatch):
    log = tmp_path / "constructors"
    monkeypatch.setenv("CONSTRUCTOR_LOG", str(log))
    return lambda: log.stat().st_size if log.exists() else 0


@pytest.fixture
def open_plain():
    """``open_plain(path, **types)``: opens a library whose symbols are declared by the test, by name."""
    return lambda path, **types: open_library(path, lambda _facts: SimpleNamespace(name="declared", types=types))


@pytest.fixture
def run_python():
    """Runs code in a process of its own and returns what it printed, for what would spoil this process."""

    def run(code, *arguments):
        command = [sys.executable, "-c", code, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run
