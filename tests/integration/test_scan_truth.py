"""``loads`` against the dynamic loader itself, on the libraries of this computer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.listing import Listing

EVERY = 6
# A process for each file, since a constructor may end it; what is refused is said in a pipe.
DLOPEN = """
import ctypes, json, os, signal, sys

def answer(path):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        signal.alarm(10)
        try:
            ctypes.CDLL(path, os.RTLD_NOW)
            said = "loads"
        except OSError as error:
            said = str(error)
        os.write(writer, said.encode(errors="replace")[:1000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, errors="replace") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said or "died"

print(json.dumps([answer(path) for path in json.load(sys.stdin)]))
"""
# What reading alone cannot know: what constructors do, and how much static TLS the host has left.
UNKNOWABLE = ("died", "static TLS")


def test_verdict_is_the_loaders_for_the_systems_libraries():
    listed = Listing(["/usr/lib", "/usr/local/lib"], recursive=True).paths()
    paths = [path for path in listed if not Path(path).is_symlink()][::EVERY]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", DLOPEN],
        input=json.dumps(paths), capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    wrong = {}
    for path, said in zip(paths, json.loads(done.stdout), strict=True):
        report = examine(Path(path))
        if report.loads != (said == "loads") and not any(words in said for words in UNKNOWABLE):
            wrong[path] = (said, report.findings)
    assert not wrong
    assert len(paths) > 20
