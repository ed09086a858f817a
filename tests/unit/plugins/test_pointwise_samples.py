"""Samples that look at one pixel at a time, against direct calculations."""

import random

import pytest
from PIL import Image, ImageChops


def noise(width=64, height=48):
    return Image.frombytes("RGBA", (width, height), random.Random(2).randbytes(width * height * 4))


def pixels(image):
    raw = image.tobytes()
    return [tuple(raw[i : i + 4]) for i in range(0, len(raw), 4)]


def largest_difference(one, other):
    return max(abs(a - b) for a, b in zip(one.tobytes(), other.tobytes(), strict=True))


def calculated(image, colour):
    """The picture that ``colour(red, green, blue)`` gives, rounded and kept within 0 and 255; alpha as it was."""
    new = [(*(max(0, min(255, int(tone + 0.5))) for tone in colour(*pixel[:3])), pixel[3]) for pixel in pixels(image)]
    return Image.frombytes("RGBA", image.size, bytes(value for pixel in new for value in pixel))


def test_invert_is_exact(transform):
    image = noise()
    red, green, blue, alpha = image.split()
    expected = Image.merge("RGBA", (*(ImageChops.invert(band) for band in (red, green, blue)), alpha))
    assert transform("invert", image).tobytes() == expected.tobytes()


def test_invert_twice_is_the_original(transform):
    image = noise()
    assert transform("invert", transform("invert", image)).tobytes() == image.tobytes()


def test_grayscale_is_the_luma(transform):
    image = noise()
    expected = calculated(image, lambda r, g, b: (0.2126 * r + 0.7152 * g + 0.0722 * b,) * 3)
    assert largest_difference(transform("grayscale", image), expected) <= 1


@pytest.mark.parametrize("tone", [0, 1, 127, 128, 254, 255])
@pytest.mark.parametrize("strength", [0, 33, 100])
def test_grayscale_leaves_greys_alone(transform, tone, strength):
    image = Image.new("RGBA", (3, 3), (tone, tone, tone, 77))
    assert transform("grayscale", image, parameters={"strength": strength}).tobytes() == image.tobytes()


def test_sepia_is_the_usual_matrix(transform):
    image = noise()

    def brown(r, g, b):
        return (
            min(255, 0.393 * r + 0.769 * g + 0.189 * b),
            min(255, 0.349 * r + 0.686 * g + 0.168 * b),
            min(255, 0.272 * r + 0.534 * g + 0.131 * b),
        )

    result = transform("sepia", image, parameters={"strength": 100})
    assert largest_difference(result, calculated(image, brown)) <= 1


@pytest.mark.parametrize("name", ["grayscale", "sepia", "vignette"])
def test_no_strength_is_no_change(transform, name):
    image = noise()
    assert transform(name, image, parameters={"strength": 0}).tobytes() == image.tobytes()


def test_brightness_and_contrast_are_a_straight_line(transform):
    image = noise()
    expected = calculated(image, lambda *tones: [(tone - 127.5) * 1.6 + 127.5 - 12.75 for tone in tones])
    result = transform("brightness-contrast", image, parameters={"brightness": -10, "contrast": 20})
    assert largest_difference(result, expected) <= 1


def test_brightness_and_contrast_of_0_change_nothing(transform):
    image = noise()
    settings = {"brightness": 0, "contrast": 0}
    assert transform("brightness-contrast", image, parameters=settings).tobytes() == image.tobytes()


@pytest.mark.parametrize("levels", [2, 3, 7])
def test_posterize_leaves_as_many_tones_as_asked_for(transform, levels):
    ramp = Image.frombytes("RGBA", (256, 1), b"".join(bytes([tone, tone, tone, 255]) for tone in range(256)))
    tones = sorted(set(transform("posterize", ramp, parameters={"levels": levels}).getchannel("R").tobytes()))
    assert len(tones) == levels
    assert (tones[0], tones[-1]) == (0, 255)


def test_posterize_survives_a_number_of_tones_that_makes_no_sense(transform):
    tones = set(transform("posterize", noise(), parameters={"levels": 0}).getchannel("R").tobytes())
    assert tones == {0, 255}


def test_vignette_keeps_the_middle_and_darkens_the_corners(transform):
    result = transform("vignette", Image.new("RGBA", (101, 81), (200, 200, 200, 255)))
    assert result.getpixel((50, 40)) == (200, 200, 200, 255)
    corners = [result.getpixel(at) for at in ((0, 0), (100, 0), (0, 80), (100, 80))]
    assert len(set(corners)) == 1
    assert corners[0][0] < 100


def test_hue_rotation_by_nothing_is_the_original(transform):
    image = noise()
    assert transform("hue-rotate", image, parameters={"angle": 0.0}).tobytes() == image.tobytes()


def test_hue_rotation_leaves_greys_alone_and_moves_colours(transform):
    grey, red = Image.new("RGBA", (2, 2), (90, 90, 90, 255)), Image.new("RGBA", (2, 2), (200, 60, 60, 255))
    assert transform("hue-rotate", grey, parameters={"angle": 120.0}).tobytes() == grey.tobytes()
    r, g, b, _ = transform("hue-rotate", red, parameters={"angle": 120.0}).getpixel((0, 0))
    assert g > r
    assert g > b
