"""Pictures in memory: their layout and their pixels, without Qt and without native code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from plugdeck.errors import PictureError

# 128 megapixels: input and output of a worker fit beside each other in its 4 GiB address space, twice over.
MAX_FRAME_BYTES = 512 * 1024 * 1024


class PixelFormat(IntEnum):
    """How one pixel lies in memory; the numbers are those of ``plugdeck.h``."""

    RGBA8 = 1
    """Red, green, blue, alpha: 8 bits each in this byte order, alpha not premultiplied, sRGB."""

    @property
    def bytes_per_pixel(self) -> int:
        """The size of one pixel."""
        return 4


@dataclass(frozen=True, slots=True)
class ImageLayout:
    """The shape of a picture in memory: ``height`` rows of ``stride_bytes``, top row first."""

    width: int
    height: int
    stride_bytes: int
    pixel_format: PixelFormat = PixelFormat.RGBA8

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise PictureError(f"A picture of {self.width} × {self.height} pixels has no pixels.")
        if self.stride_bytes < self.width * self.pixel_format.bytes_per_pixel:
            raise PictureError(f"Rows of {self.stride_bytes} bytes are too short for {self.width} pixels.")
        if self.size_bytes > MAX_FRAME_BYTES:
            raise PictureError(
                f"The picture is {self.width} × {self.height} pixels, "
                f"more than the {MAX_FRAME_BYTES // 4_000_000} megapixels that Plugdeck takes.",
                remedy="Scale it down, or cut it into parts.",
            )

    @classmethod
    def packed(cls, width: int, height: int) -> ImageLayout:
        """The layout without padding between rows."""
        return cls(width, height, width * PixelFormat.RGBA8.bytes_per_pixel)

    @property
    def size_bytes(self) -> int:
        """``height × stride_bytes``: what the pixels take in memory."""
        return self.height * self.stride_bytes


@dataclass(frozen=True, slots=True)
class Image:
    """A picture: ``pixels`` holds exactly ``layout.size_bytes`` bytes and is never written to."""

    layout: ImageLayout
    pixels: bytes | memoryview

    def __post_init__(self) -> None:
        if len(self.pixels) != self.layout.size_bytes:
            raise PictureError(f"{len(self.pixels)} bytes of pixels where {self.layout.size_bytes} are needed.")
