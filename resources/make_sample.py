"""Paints ``sample.png``, the picture that the window opens with: a mountain lake at dusk.

Nothing in it is photographed, so it carries no rights but ours. Run ``python resources/make_sample.py`` to paint it
again; it needs Pillow.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Stops = Sequence[tuple[float, Colour]]

WIDTH, HEIGHT = 1600, 1000
SHORE = 650  # the row where the land meets the water
SUN = (1010, 392)
FINE = 2  # outlines are drawn twice as large, and scaled down to smooth edges
SKY: Stops = (
    (0.00, (24, 32, 74)),
    (0.28, (72, 68, 130)),
    (0.50, (176, 104, 136)),
    (0.68, (240, 146, 106)),
    (0.85, (255, 196, 130)),
    (1.00, (255, 222, 168)),
)
# From far to near: how high the ridge stands, how rough it is, its colour at the crest and at its foot.
RIDGES: Sequence[tuple[int, int, float, Colour, Colour]] = (
    (400, 190, 0.555, (138, 100, 142), (244, 178, 144)),
    (500, 120, 0.52, (106, 84, 126), (206, 142, 138)),
    (560, 75, 0.48, (66, 60, 102), (142, 104, 124)),
    (600, 44, 0.42, (36, 42, 74), (76, 68, 98)),
)
SHADE = (13, 20, 34)  # the trees


def mix(low: Colour, high: Colour, share: float) -> Colour:
    """The colour that far on the way from one to the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(low, high, strict=True))
    return red, green, blue


def gradient(width: int, height: int, stops: Stops) -> Image.Image:
    """Colours from top to bottom, smooth between the stops."""
    column = Image.new("RGB", (1, height))
    for y in range(height):
        at = y / max(1, height - 1)
        below = next(i for i, (place, _) in enumerate(stops) if place >= at)
        low, high = stops[max(0, below - 1)], stops[below]
        share = (at - low[0]) / (high[0] - low[0]) if high[0] > low[0] else 0.0
        column.putpixel((0, y), mix(low[1], high[1], share * share * (3 - 2 * share)))
    return column.resize((width, height))


def clouds(width: int, height: int, cell: tuple[int, int], octaves: int, dice: random.Random) -> Image.Image:
    """Fractal noise, grey: each octave has half the cell and half the weight of the one before."""
    total = Image.new("L", (width, height), 128)
    for octave in range(octaves):
        columns = max(2, width * 2**octave // cell[0])
        rows = max(2, height * 2**octave // cell[1])
        small = Image.frombytes("L", (columns, rows), dice.randbytes(columns * rows))
        total = Image.blend(
            total,
            small.resize((width, height), Image.Resampling.BICUBIC),
            0.62 if octave == 0 else 0.6 / (octave + 1.2),
        )
    return total


def ridge_line(middle: int, height: int, roughness: float, dice: random.Random) -> list[float]:
    """The row of the crest in each column, by midpoint displacement."""
    points = [dice.uniform(-0.4, 0.4), dice.uniform(-0.4, 0.4)]
    spread = 1.0
    while len(points) < WIDTH * FINE // 2:
        between = [(a + b) / 2 + dice.uniform(-spread, spread) for a, b in pairwise(points)]
        points = [point for pair in zip(points, between, strict=False) for point in pair] + points[-1:]
        spread *= roughness
    step = (len(points) - 1) / (WIDTH * FINE)
    return [(middle + height * (0.72 * points[int(x * step)] + valley(x / FINE))) * FINE for x in range(WIDTH * FINE)]


def valley(x: float) -> float:
    """How far a ridge stands lower in this column: most where the sun sets."""
    return 0.55 * math.exp(-(((x - SUN[0]) / 230) ** 2))


def filled_below(line: Sequence[float]) -> Image.Image:
    """A mask of everything under a line."""
    mask = Image.new("L", (WIDTH * FINE, HEIGHT * FINE))
    bottom = [(WIDTH * FINE, HEIGHT * FINE), (0, HEIGHT * FINE)]
    ImageDraw.Draw(mask).polygon([*enumerate(line), *bottom], fill=255)
    return mask.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def conifer(draw: ImageDraw.ImageDraw, x: float, foot: float, height: float, dice: random.Random) -> None:
    """One tree, as a silhouette: a stem and ragged branches that grow wider downwards."""
    width = height * dice.uniform(0.17, 0.23)
    tiers = max(5, int(height / 9))
    outline = []
    for side in (-1, 1):
        edge = [(x, foot - height)]
        for tier in range(1, tiers + 1):
            y = foot - height + height * 0.97 * tier / tiers
            reach = width * (tier / tiers) ** 0.85 * dice.uniform(0.78, 1.12)
            edge += [(x + side * reach, y + height * 0.012), (x + side * reach * 0.45, y - height * 0.012)]
        outline.append(edge)
    draw.polygon(outline[0] + outline[1][::-1], fill=255)
    draw.rectangle((x - height * 0.014, foot - height * 0.1, x + height * 0.014, foot + 4), fill=255)


def forest(line: Sequence[float], heights: tuple[int, int], gap: float, dice: random.Random) -> Image.Image:
    """A mask of trees whose feet stand on a line; heights and gaps in pixels of the picture."""
    mask = Image.new("L", (WIDTH * FINE, HEIGHT * FINE))
    draw, x = ImageDraw.Draw(mask), 0.0
    while x < WIDTH * FINE:
        clump = 0.62 + 0.38 * math.sin(x / 211) * math.sin(x / 87 + 1)
        conifer(draw, x, line[int(x)] + 6, dice.uniform(*heights) * clump * FINE, dice)
        x += gap * FINE * dice.uniform(0.4, 1.6)
    return mask.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def glow(radius: int, colour: Colour, strength: float) -> Image.Image:
    """Light around the sun, to be added to the picture."""
    disc = ImageChops.invert(Image.radial_gradient("L")).resize((radius * 2, radius * 2), Image.Resampling.BICUBIC)
    # Pillow's gradient reaches its end in the corners; ours ends at the sides, so that no square shows.
    disc = disc.point(lambda value: round(255 * strength * (max(0, value - 76) / 179) ** 1.9))
    disc = disc.filter(ImageFilter.GaussianBlur(6))
    light = Image.new("RGB", (WIDTH, HEIGHT))
    light.paste(Image.new("RGB", disc.size, colour), (SUN[0] - radius, SUN[1] - radius), disc)
    return light


def paint_sky(dice: random.Random) -> Image.Image:
    """The sky with its clouds, lit from below, and the sun."""
    sky = gradient(WIDTH, SHORE, SKY).crop((0, 0, WIDTH, HEIGHT))
    lit = gradient(
        WIDTH, SHORE, [(0, (96, 88, 150)), (0.45, (238, 140, 140)), (0.8, (255, 206, 150)), (1, (255, 226, 180))]
    )
    veil = clouds(WIDTH, SHORE, (760, 120), 6, dice).point(lambda value: min(255, max(0, value - 128) * 6))
    fade = gradient(
        WIDTH, SHORE, [(0, (90, 90, 90)), (0.4, (235, 235, 235)), (0.75, (130, 130, 130)), (1, (0, 0, 0))]
    ).convert("L")
    sky.paste(lit, (0, 0), ImageChops.multiply(veil, fade))
    under = ImageChops.offset(veil, 0, -16).filter(ImageFilter.GaussianBlur(5))
    shadow = ImageChops.multiply(ImageChops.subtract(veil, under), fade)
    sky.paste(Image.new("RGB", shadow.size, (84, 60, 116)), (0, 0), shadow)
    sky = ImageChops.screen(sky, glow(820, (255, 140, 70), 0.55))
    sky = ImageChops.screen(sky, glow(300, (255, 214, 150), 0.9))
    disc = Image.new("L", (WIDTH * FINE, HEIGHT * FINE))
    x, y, radius = SUN[0] * FINE, SUN[1] * FINE, 30 * FINE
    ImageDraw.Draw(disc).ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    sky.paste((255, 250, 232), (0, 0), disc.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))
    return sky


def paint_land(picture: Image.Image, dice: random.Random) -> Image.Image:
    """The ridges from far to near, each hazy at its foot, and the trees on the last ones."""
    for number, (middle, height, roughness, crest, foot) in enumerate(RIDGES):
        line = ridge_line(middle, height, roughness, random.Random(7 + number))
        top = int(min(line) / FINE)
        slope = Image.new("RGB", (WIDTH, HEIGHT), foot)
        slope.paste(gradient(WIDTH, SHORE - top, [(0, crest), (1, foot)]), (0, top))
        texture = clouds(WIDTH, HEIGHT, (150 - 20 * number, 90), 6, dice).filter(ImageFilter.EMBOSS)
        texture = texture.point(lambda value: max(0, min(255, 128 + (value - 128) * 3)))
        slope = Image.blend(slope, ImageChops.overlay(slope, texture.convert("RGB")), 0.22)
        picture.paste(slope, (0, 0), filled_below(line))
        if number == 2:
            picture.paste(mix(crest, SHADE, 0.3), (0, 0), forest(line, (9, 20), 7, dice))
        if number == 3:
            picture.paste(mix(crest, SHADE, 0.6), (0, 0), forest(line, (22, 48), 10, dice))
        picture = ImageChops.screen(picture, glow(560, (255, 150, 80), 0.2))
    shore = [(SHORE - 2 + 2 * math.sin(x / 140)) * FINE for x in range(WIDTH * FINE)]
    picture.paste(SHADE, (0, 0), forest(shore, (30, 62), 9, dice))
    return picture


def paint_lake(picture: Image.Image, dice: random.Random) -> Image.Image:
    """The water: the land upside down, darker, and broken by ripples that grow towards us."""
    depth = HEIGHT - SHORE
    mirror = picture.crop((0, SHORE - depth, WIDTH, SHORE)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    mirror = mirror.filter(ImageFilter.GaussianBlur(1.2))
    water = Image.new("RGB", (WIDTH, depth))
    for y in range(depth):
        near = y / depth
        wave = math.sin(y * 0.9 / (0.25 + near)) + math.sin(y * 0.37 / (0.3 + near) + 2)
        source = min(depth - 1, max(0, round(y * 0.93 + wave * (0.8 + 5 * near))))
        row = mirror.crop((0, source, WIDTH, source + 1))
        water.paste(ImageChops.offset(row, round(wave * (0.6 + 4.5 * near)), 0), (0, y))
    tint = gradient(WIDTH, depth, [(0, (224, 200, 206)), (0.5, (150, 142, 178)), (1, (62, 70, 118))])
    water = ImageChops.multiply(water, tint)
    ripples = clouds(WIDTH, depth, (150, 9), 3, dice).point(lambda value: max(0, min(255, (value - 140) * 5)))
    sheen = gradient(WIDTH, depth, [(0, (20, 20, 20)), (1, (92, 92, 92))]).convert("L")
    water.paste(Image.new("RGB", water.size, (206, 152, 160)), (0, 0), ImageChops.multiply(ripples, sheen))
    picture.paste(ImageChops.screen(water, glitter(depth, dice)), (0, SHORE))
    return picture


def glitter(depth: int, dice: random.Random) -> Image.Image:
    """The sun's path on the water: short bright strokes, wider apart towards us."""
    strokes = Image.new("RGB", (WIDTH, depth))
    draw = ImageDraw.Draw(strokes)
    for _ in range(1500):
        near = dice.random() ** 1.35
        y = int(near * depth)
        x = SUN[0] + dice.gauss(0, 16 + 62 * near)
        half = (2 + 20 * near) * dice.uniform(0.3, 1.0)
        light = (1 - 0.62 * near) * dice.uniform(0.35, 1.0)
        draw.line((x - half, y, x + half, y), fill=mix((0, 0, 0), (255, 196, 130), light), width=1 + int(near * 2.2))
    return ImageChops.add(strokes, strokes.filter(ImageFilter.GaussianBlur(5)))


def paint_foreground(picture: Image.Image, dice: random.Random) -> Image.Image:
    """The bank that we stand on: tall trees on both sides, and reeds in between."""
    mask = Image.new("L", (WIDTH * FINE, HEIGHT * FINE))
    draw = ImageDraw.Draw(mask)
    bank = [
        (HEIGHT - 34 - 58 * abs(x / WIDTH / FINE * 2 - 1.1) ** 3 - 5 * math.sin(x / 170)) * FINE
        for x in range(WIDTH * FINE)
    ]
    for x, height in (
        (40, 640),
        (150, 830),
        (262, 520),
        (345, 330),
        (1290, 300),
        (1392, 470),
        (1500, 700),
        (1580, 560),
    ):
        conifer(draw, x * FINE, bank[x * FINE] + 20, height * FINE * 0.86, dice)
    for _ in range(900):
        left = dice.uniform(0, WIDTH)
        tall = dice.uniform(12, 62) * (0.55 + 0.45 * math.sin(left / 90) ** 2)
        foot, lean = bank[int(left * FINE) % (WIDTH * FINE)], dice.gauss(0, 9)
        draw.line(
            ((left * FINE, foot + 8), ((left + lean) * FINE, foot - tall * FINE)), fill=255, width=dice.choice((2, 3))
        )
    mask = ImageChops.lighter(mask.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS), filled_below(bank))
    picture.paste((9, 13, 24), (0, 0), mask)
    return picture


def paint_birds(picture: Image.Image) -> Image.Image:
    """A few birds far away: two strokes each."""
    mask = Image.new("L", (WIDTH * FINE, HEIGHT * FINE))
    draw = ImageDraw.Draw(mask)
    for x, y, size in ((610, 232, 13), (652, 214, 16), (690, 240, 11), (734, 206, 14), (572, 258, 9), (780, 236, 9)):
        for side in (-1, 1):
            wing = [(x, y), (x + side * size * 0.5, y - size * 0.42), (x + side * size, y - size * 0.16)]
            draw.line([(a * FINE, b * FINE) for a, b in wing], fill=255, width=4, joint="curve")
    picture.paste((40, 34, 62), (0, 0), mask.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))
    return picture


def add_grain(picture: Image.Image, dice: random.Random) -> Image.Image:
    """The fine noise of a photograph: one or two steps, the same in every channel."""
    noise = Image.frombytes("L", picture.size, dice.randbytes(WIDTH * HEIGHT))
    brighter = noise.point(lambda value: 2 if value > 225 else 1 if value > 150 else 0).convert("RGB")
    darker = noise.point(lambda value: 2 if value < 30 else 1 if value < 105 else 0).convert("RGB")
    return ImageChops.subtract(ImageChops.add(picture, brighter), darker)


def paint() -> Image.Image:
    """The whole picture; the same every time."""
    dice = random.Random(20)
    picture = paint_land(paint_sky(dice), dice)
    picture = paint_birds(paint_lake(picture, dice))
    return add_grain(paint_foreground(picture, dice), dice)


if __name__ == "__main__":
    paint().save(Path(__file__).with_name("sample.png"), optimize=True)
