"""What holds for every sample that transforms a picture, whatever it does to it."""

import math
import random

import pytest
from PIL import Image, ImageChops

POINTWISE = ["brightness-contrast", "grayscale", "hue-rotate", "invert", "posterize", "sepia", "vignette"]
NEIGHBOURHOOD = ["edges", "gaussian-blur", "pixelate", "sharpen"]
EVERY = [*POINTWISE, *NEIGHBOURHOOD, "mirror"]


def noise(width, height, seed=1):
    """A picture in which every byte is random, alpha too."""
    return Image.frombytes("RGBA", (width, height), random.Random(seed).randbytes(width * height * 4))


def parameters_of(notes, sample, name):
    return [pairs for kind, pairs in notes(sample(name)) if kind == "parameter"]


def typed(parameter, key):
    text = parameter[key]
    if parameter["kind"] == "choice" and key == "maximum":
        text = str(parameter["choices"].count("|"))
    return float(text) if parameter["kind"] == "real" else int(text)


def margin_of(notes, sample, name):
    """How many pixels around a pixel count, as the note says: a number, or a parameter's default."""
    area = next(pairs["area"] for kind, pairs in notes(sample(name)) if kind == "interface")
    _, _, reach = area.partition(":")
    if not reach:
        return 0
    parameters = {parameter["name"]: typed(parameter, "default") for parameter in parameters_of(notes, sample, name)}
    return math.ceil(float(parameters.get(reach, 0) if not reach[0].isdigit() else reach))


@pytest.mark.parametrize("name", EVERY)
def test_every_pixel_is_written_whatever_was_there_before(transform, name):
    image = noise(37, 23)
    assert transform(name, image, before=0).tobytes() == transform(name, image, before=255).tobytes()


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2), (17, 3), (300, 2)])
def test_smallest_and_thinnest_pictures_work(transform, name, size):
    assert transform(name, noise(*size), padding=0).size == size


@pytest.mark.parametrize("name", EVERY)
def test_rows_may_be_any_number_of_bytes_apart(transform, name):
    image = noise(19, 11)
    assert transform(name, image, padding=0).tobytes() == transform(name, image, padding=1000).tobytes()


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("end", ["minimum", "maximum"])
def test_extreme_parameters_work(transform, notes, sample, name, end):
    parameters = {parameter["name"]: typed(parameter, end) for parameter in parameters_of(notes, sample, name)}
    transform(name, noise(33, 21), parameters=parameters)


@pytest.mark.parametrize("name", [*POINTWISE, "edges", "sharpen"])
def test_alpha_stays(transform, name):
    image = noise(40, 30)
    assert transform(name, image).getchannel("A").tobytes() == image.getchannel("A").tobytes()


@pytest.mark.parametrize("name", [*POINTWISE, *NEIGHBOURHOOD])
def test_tiles_with_the_declared_margin_give_the_same_picture(transform, notes, sample, name):
    image, side = noise(90, 70), 31
    margin = margin_of(notes, sample, name)
    whole = transform(name, image)
    for top in range(0, image.height, side):
        for left in range(0, image.width, side):
            inner = (left, top, min(left + side, image.width), min(top + side, image.height))
            outer = (max(0, left - margin), max(0, top - margin), inner[2] + margin, inner[3] + margin)
            outer = (*outer[:2], min(outer[2], image.width), min(outer[3], image.height))
            tile = transform(name, image.crop(outer), x=outer[0], y=outer[1], full_size=image.size)
            cut = tile.crop((left - outer[0], top - outer[1], inner[2] - outer[0], inner[3] - outer[1]))
            assert ImageChops.difference(cut, whole.crop(inner)).getbbox() is None, (name, inner)


@pytest.mark.parametrize("name", EVERY)
def test_defaults_change_the_picture(transform, name):
    image = noise(64, 64)
    assert transform(name, image).tobytes() != image.tobytes()
