"""A photograph that says which way up it is: in the preview, in what is saved from it, and on the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image as Pillow
from PIL import ImageOps

from plugdeck.chain.batch import export_chain
from plugdeck.ui.pictures import read_picture, write_picture


def save_turned(path: Path, orientation: int) -> Pillow.Image:
    """A picture whose corners differ, with a note; as it is the right way up."""
    picture = Pillow.new("RGB", (32, 16), "white")
    picture.paste((200, 0, 0), (0, 0, 16, 8))
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    picture.save(path, exif=exif, quality=95)
    return ImageOps.exif_transpose(Pillow.open(path)).convert("RGB")


def inverted(picture: Pillow.Image) -> list[int]:
    return [255 - value for value in picture.tobytes()]


@pytest.mark.parametrize("suffix", ["jpg", "png"])
@pytest.mark.parametrize("orientation", [3, 6, 7])
def test_preview_export_and_command_line_turn_it_once(deck, samples, tmp_path, suffix, orientation):
    stored, saved, run = (tmp_path / f"{name}.{suffix}" for name in ("stored", "saved", "run"))
    upright = save_turned(stored, orientation)
    deck.load(samples / "invert.so")

    deck.preview.set_source(read_picture(stored))
    deck.until(lambda: deck.rendered and deck.rendered[-1].is_full and not deck.rendered[-1].skipped)
    image, _ = export_chain(read_picture(stored), deck.chain, deck.supervisor)
    write_picture(image, saved)
    command = [sys.executable, "-m", "plugdeck", "run", stored, "-o", run, "-p", samples / "invert.so"]
    subprocess.run(command, check=True, capture_output=True)

    shown = deck.rendered[-1].image
    assert (shown.layout.width, shown.layout.height) == upright.size
    for path in (saved, run):
        with Pillow.open(path) as written:
            assert (written.size, written.getexif().get(0x0112, 1)) == (upright.size, 1)
            found = written.convert("RGB").tobytes()
            assert max(abs(a - b) for a, b in zip(found, inverted(upright), strict=True)) < 60
