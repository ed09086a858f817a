"""Runs samples without Plugdeck, and reads their notes with another tool's reader."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.segments import NoteSegment
from PIL import Image

RUNNER = Path(__file__).with_name("run_transform.py")


@pytest.fixture
def transform(sample):
    """``transform("invert", image, stride=…, x=…, scale=…, parameters={…}) -> Image``, in a child process."""

    def run(name, image, *, parameters=None, before=0, scale=1.0, x=0, y=0, full_size=None, padding=12):
        full_width, full_height = full_size or image.size
        request = {
            "path": str(sample(name)),
            "width": image.width,
            "height": image.height,
            "stride": image.width * 4 + padding,
            "parameters": parameters or {},
            "before": before,
            "scale": scale,
            "x": x,
            "y": y,
            "full_width": full_width,
            "full_height": full_height,
        }
        command = [sys.executable, "-I", str(RUNNER), json.dumps(request)]
        done = subprocess.run(command, input=image.tobytes(), capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, f"{name} ended with {done.returncode}: {done.stderr.decode()}"
        return Image.frombytes("RGBA", image.size, done.stdout)

    return run


def read_notes(path):
    """The SDK's notes in their order in the file, as (type, {key: value})."""
    with path.open("rb") as file:
        segments = [segment for segment in ELFFile(file).iter_segments() if isinstance(segment, NoteSegment)]
        notes = [note for segment in segments for note in segment.iter_notes() if note["n_name"] == "Plugdeck"]
    kinds = {1: "plugin", 2: "symbol", 3: "parameter", 4: "interface"}
    result = []
    for note in notes:
        raw = note["n_desc"]
        text = (raw if isinstance(raw, bytes) else raw.encode("latin-1"))[: note["n_descsz"]]
        pairs = [pair.decode().split("=", 1) for pair in text.split(b"\0") if pair]
        number = note["n_type"] if isinstance(note["n_type"], int) else raw_type(path, text)
        result.append((kinds[number], dict(pairs)))
    return result


def raw_type(path, text):
    """The note's type as a number: pyelftools gives the names of other owners' types."""
    data = path.read_bytes()
    return int.from_bytes(data[data.index(text) - 16 :][:4], "little")


@pytest.fixture
def notes():
    """``notes(path)``: what a plugin says of itself."""
    return read_notes
