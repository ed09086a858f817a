"""Files that are cut short while they are read: reading them never ends the process, as a map of them would."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from io import BytesIO

import pytest
from PIL import Image

ROUNDS = 150
# Reads a file again and again, in the ways in which this process reads the files of others; says each time.
READ = """
import sys
from contextlib import suppress
from pathlib import Path
from plugdeck.catalogue.examine import examine
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.sandbox.linked_files import linked_files
path, work = Path(sys.argv[1]), sys.argv[2]
if work == "copy":
    from plugdeck.hosting.sandbox import sealed_copy
if work == "picture":
    from PySide6.QtGui import QImageReader
print("ready", flush=True)
for _ in sys.stdin:
    with suppress(PlugdeckError):
        if work == "picture":
            QImageReader(str(path)).read()
        elif work == "copy":
            with sealed_copy.sealed_copy(path):
                pass
        else:
            examine(path)
            linked_files(path)
    with open("/proc/self/maps") as maps:
        print(str(path) in maps.read(), flush=True)
"""


@pytest.mark.parametrize("work", ["judge", "copy", "picture"])
def test_a_file_that_is_cut_short_while_it_is_read_is_an_answer(samples, tmp_path, work):
    whole = samples / "invert.so"
    file = tmp_path / "shrinks.so"
    if work == "picture":
        whole, file = tmp_path / "whole.png", tmp_path / "shrinks.png"
        whole.write_bytes(bytes_of_picture())
    shutil.copy(whole, file)
    data = whole.read_bytes()
    command = [sys.executable, "-c", READ, file, work]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout.readline() == "ready\n"
        for number in range(ROUNDS):
            file.write_bytes(data)
            reader.stdin.write("\n")
            reader.stdin.flush()
            os.truncate(file, number * len(data) // ROUNDS)  # while it reads, before, or after: it never matters
            assert reader.stdout.readline() == "False\n"  # and no map of it is left
        reader.stdin.close()
    assert reader.returncode == 0


def bytes_of_picture() -> bytes:
    buffer = BytesIO()
    Image.effect_noise((256, 256), 60).save(buffer, "PNG")
    return buffer.getvalue()
