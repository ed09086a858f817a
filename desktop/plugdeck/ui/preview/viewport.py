"""Which part of the picture a view shows, and how large: plain geometry, without widgets.

Positions of the picture are in source pixels, so that they mean the same whatever was rendered at which resolution.
Positions of the view are in Qt's logical pixels; ``zoom`` is screen (device) pixels a source pixel, so 1 is 100 % on
any screen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

LARGEST_ZOOM = 64.0
_SMALLEST_ZOOM = 0.02
_STEPS_OUT = (0.02, 0.03, 0.05, 0.0667, 0.1, 0.125, 0.1667, 0.25, 0.3333, 0.5, 0.6667, 1.0)
_STEPS_IN = (1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0)
_STEPS = _STEPS_OUT + _STEPS_IN


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle: left, top, width, height."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height


class Viewport:
    """A window onto a picture. Until the user zooms, the whole picture is fitted into it."""

    def __init__(self) -> None:
        self.source_width, self.source_height = 1, 1
        self.view_width, self.view_height = 1.0, 1.0
        self.pixel_ratio = 1.0
        self.zoom = 1.0
        self.centre_x, self.centre_y = 0.5, 0.5
        self.is_fitted = True

    @property
    def scale(self) -> float:
        """Logical pixels a source pixel."""
        return self.zoom / self.pixel_ratio

    @property
    def painted_width(self) -> float:
        """How wide the whole picture is painted, in device pixels."""
        return self.source_width * self.zoom

    @property
    def fitting_zoom(self) -> float:
        """The zoom that shows the whole picture; small pictures are not blown up."""
        width = self.view_width * self.pixel_ratio / self.source_width
        height = self.view_height * self.pixel_ratio / self.source_height
        return min(1.0, width, height)

    @property
    def picture(self) -> Area:
        """The whole picture in the view's coordinates, its corner on a whole device pixel."""
        left = self.view_width / 2 - self.centre_x * self.scale
        top = self.view_height / 2 - self.centre_y * self.scale
        ratio = self.pixel_ratio
        left, top = round(left * ratio) / ratio, round(top * ratio) / ratio
        return Area(left, top, self.source_width * self.scale, self.source_height * self.scale)

    @property
    def visible(self) -> Area:
        """The part of the view that the picture covers."""
        picture = self.picture
        left, top = max(0.0, picture.left), max(0.0, picture.top)
        right, bottom = min(self.view_width, picture.right), min(self.view_height, picture.bottom)
        return Area(left, top, max(0.0, right - left), max(0.0, bottom - top))

    def set_source(self, width: int, height: int) -> None:
        """Shows another picture, whole."""
        self.source_width, self.source_height = width, height
        self.fit()

    def set_view(self, width: float, height: float, pixel_ratio: float) -> None:
        """Takes the view's size; the point in its middle stays there, a fitted picture stays fitted."""
        self.view_width, self.view_height = max(1.0, width), max(1.0, height)
        self.pixel_ratio = pixel_ratio
        if self.is_fitted:
            self.fit()
        else:
            self._clamp()

    def fit(self) -> None:
        """Shows the whole picture."""
        self.zoom = self.fitting_zoom
        self.is_fitted = True
        self._clamp()

    def zoom_to(self, zoom: float, x: float | None = None, y: float | None = None) -> None:
        """Zooms; the picture's point under ``x``, ``y`` (the middle when None) stays under it."""
        x = self.view_width / 2 if x is None else x
        y = self.view_height / 2 if y is None else y
        point_x, point_y = self.to_source(x, y)
        self.zoom = max(min(_SMALLEST_ZOOM, self.fitting_zoom), min(LARGEST_ZOOM, zoom))
        self.is_fitted = False
        self.centre_x = point_x + (self.view_width / 2 - x) / self.scale
        self.centre_y = point_y + (self.view_height / 2 - y) / self.scale
        self._clamp()

    def step(self, direction: int) -> None:
        """Zooms to the next round figure: in (1) or out (-1)."""
        if direction > 0:
            wanted = next((step for step in _STEPS if step > self.zoom * 1.01), LARGEST_ZOOM)
        else:
            wanted = next((step for step in reversed(_STEPS) if step < self.zoom * 0.99), 0.0)
        self.zoom_to(wanted)

    def pan(self, x: float, y: float) -> None:
        """Moves the picture by logical pixels, as a hand on it would."""
        self.centre_x -= x / self.scale
        self.centre_y -= y / self.scale
        self._clamp()

    def to_source(self, x: float, y: float) -> tuple[float, float]:
        """The picture's point at a point of the view."""
        return (
            self.centre_x + (x - self.view_width / 2) / self.scale,
            self.centre_y + (y - self.view_height / 2) / self.scale,
        )

    def rendered_limit(self) -> tuple[int, int]:
        """The size, in pixels, at which the whole picture is rendered sharply enough for this zoom."""
        share = min(1.0, self.zoom)
        return (
            max(1, math.ceil(self.source_width * share)),
            max(1, math.ceil(self.source_height * share)),
        )

    def _clamp(self) -> None:
        """Keeps the picture in sight: centred where it is smaller than the view, without a gap where larger."""
        self.centre_x = _clamped(self.centre_x, self.source_width, self.view_width / self.scale)
        self.centre_y = _clamped(self.centre_y, self.source_height, self.view_height / self.scale)


def _clamped(centre: float, source: float, shown: float) -> float:
    if shown >= source:
        return source / 2
    return max(shown / 2, min(source - shown / 2, centre))
