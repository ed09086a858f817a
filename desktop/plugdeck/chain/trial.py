"""One small picture, before a plugin's new build takes the place of the one that works."""

from __future__ import annotations

from plugdeck.chain.transform_host import FrameFactory, TransformHost
from plugdeck.image import Image, ImageLayout

_LAYOUT = ImageLayout.packed(64, 48)
# Every value of every channel: effects that look for edges, colours or transparency find some.
_RAMP = bytes(range(256)) * (_LAYOUT.size_bytes // 256)


def try_out(host: TransformHost, frames: FrameFactory) -> None:
    """Returns when a started host has made a picture that nobody sees. Raises CallError or HostError when it fails."""
    source = frames.frame(Image(_LAYOUT, _RAMP))
    try:
        host.transform(source, scale=1.0, cancelled=None).release()
    finally:
        source.release()
