"""Samples that look at a pixel's neighbours, or at the whole picture, against direct calculations."""

import random
from itertools import pairwise

import pytest
from PIL import Image, ImageFilter, ImageOps, ImageStat

COLOUR = (200, 90, 30, 128)


def noise(width=64, height=48, alpha=None):
    image = Image.frombytes("RGBA", (width, height), random.Random(3).randbytes(width * height * 4))
    if alpha is not None:
        image.putalpha(alpha)
    return image


def largest_difference(one, other):
    return max(abs(a - b) for a, b in zip(one.tobytes(), other.tobytes(), strict=True))


def colours(image):
    return {colour for _, colour in image.getcolors()}


@pytest.mark.parametrize("radius", [0.0, 0.4, 1.0, 2.0, 7.5, 40.0, 100.0])
def test_blur_of_one_colour_is_that_colour(transform, radius):
    image = Image.new("RGBA", (61, 47), COLOUR)
    assert transform("gaussian-blur", image, parameters={"radius": radius}).tobytes() == image.tobytes()


def test_blur_without_radius_changes_nothing_that_can_be_seen(transform):
    image = noise(alpha=255)
    assert transform("gaussian-blur", image, parameters={"radius": 0.0}).tobytes() == image.tobytes()


@pytest.mark.parametrize("radius", [3.0, 12.0, 30.0])
def test_blur_comes_close_to_a_gaussian(transform, radius):
    reaches = [(int(radius) + extra) // 3 for extra in (2, 1, 0)]
    deviation = sum(((2 * reach + 1) ** 2 - 1) / 12 for reach in reaches) ** 0.5
    image = Image.new("RGBA", (160, 160), (0, 0, 0, 255))
    image.paste((255, 255, 255, 255), (60, 50, 110, 120))
    blurred = image.convert("RGB").filter(ImageFilter.GaussianBlur(deviation)).convert("RGBA")
    assert largest_difference(transform("gaussian-blur", image, parameters={"radius": radius}), blurred) <= 8


def test_blur_takes_no_colour_from_what_is_clear(transform):
    image = Image.new("RGBA", (40, 20), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 20, 20))
    result = transform("gaussian-blur", image, parameters={"radius": 6.0})
    red, green, blue, alpha = result.getpixel((19, 10))
    assert (red, green, blue) == (255, 0, 0)
    assert 100 < alpha < 160


def test_blur_reads_exactly_as_far_as_its_radius_says(transform):
    image = Image.new("RGBA", (61, 1), (0, 0, 0, 255))
    image.putpixel((30, 0), (255, 255, 255, 255))
    row = transform("gaussian-blur", image, parameters={"radius": 9.0}).getchannel("R").tobytes()
    touched = [x for x, tone in enumerate(row) if tone]
    assert touched[0] >= 30 - 9
    assert touched[-1] <= 30 + 9
    assert list(row) == list(reversed(row))


def test_blur_at_half_scale_is_half_as_wide(transform):
    image = noise(alpha=255)
    halved = transform("gaussian-blur", image, parameters={"radius": 12.0}, scale=0.5)
    assert halved.tobytes() == transform("gaussian-blur", image, parameters={"radius": 6.0}).tobytes()


def test_blur_of_a_tall_picture_has_no_seam_between_its_bands(transform):
    image = Image.new("RGBA", (4, 1200))
    image.putdata([(y * 255 // 1199,) * 3 + (255,) for y in range(1200) for _ in range(4)])
    column = transform("gaussian-blur", image, parameters={"radius": 20.0}).getchannel("R").crop((0, 0, 1, 1200))
    tones = column.tobytes()
    assert all(0 <= after - before <= 1 for before, after in pairwise(tones))


def test_sharpening_leaves_flat_areas_and_steepens_edges(transform):
    image = Image.new("RGBA", (20, 20), (100, 100, 100, 255))
    image.paste((150, 150, 150, 255), (10, 0, 20, 20))
    result = transform("sharpen", image)
    assert result.getpixel((3, 3)) == (100, 100, 100, 255)
    assert result.getpixel((9, 10))[0] < 100
    assert result.getpixel((10, 10))[0] > 150


@pytest.mark.parametrize(("style", "flat"), [(0, (0, 0, 0)), (1, (255, 255, 255)), (2, (90, 120, 60))])
def test_edges_of_a_flat_picture_are_none(transform, style, flat):
    image = Image.new("RGBA", (12, 9), (90, 120, 60, 200))
    assert colours(transform("edges", image, parameters={"style": style})) == {(*flat, 200)}


def test_edges_are_drawn_where_the_picture_changes(transform):
    image = Image.new("RGBA", (20, 20), (0, 0, 0, 255))
    image.paste((255, 255, 255, 255), (10, 0, 20, 20))
    row = [transform("edges", image, parameters={"style": 0}).getpixel((x, 10))[0] for x in (7, 9, 10, 12)]
    assert row == [0, 255, 255, 0]


@pytest.mark.parametrize(("scale", "side"), [(1.0, 8), (0.5, 4), (0.01, 1)])
def test_pixelate_paints_each_square_in_its_mean(transform, scale, side):
    image = noise(35, 21, alpha=255)
    result = transform("pixelate", image, parameters={"size": 8}, scale=scale)
    for left, top in ((0, 0), (side * 2, side), (image.width // side * side - side, 0)):
        box = (left, top, min(left + side, 35), min(top + side, 21))
        mean = ImageStat.Stat(image.crop(box)).mean
        assert len(colours(result.crop(box))) == 1
        assert all(abs(a - b) <= 0.51 for a, b in zip(result.getpixel(box[:2]), mean, strict=True))


@pytest.mark.parametrize(
    ("direction", "expected"),
    [(0, ImageOps.mirror), (1, ImageOps.flip), (2, lambda image: ImageOps.flip(ImageOps.mirror(image)))],
)
def test_mirror_turns_the_picture_around(transform, direction, expected):
    image = noise(31, 17)
    assert transform("mirror", image, parameters={"direction": direction}).tobytes() == expected(image).tobytes()
