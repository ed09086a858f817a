"""What a drag or the clipboard carries, when it is a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage

from plugdeck.ui.pictures import readable_suffixes

_ENCODED = ("image/png", "image/webp", "image/tiff", "image/jpeg")
"""What is taken as it was encoded, the best first: what Qt decodes by itself has lost which way up it is."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A picture file, an encoded picture, or a decoded one."""

    path: Path | None = None
    encoded: bytes = b""
    picture: QImage | None = None


def incoming_picture(data: QMimeData | None, *, look_only: bool = False) -> Incoming | None:
    """The picture in ``data``: a single local picture file, or pixels; None for all else, such as plugins.

    Args:
        data: from a drag or the clipboard.
        look_only: leave pixels where they are; asking for them may make another program encode them.
    """
    if data is None:
        return None
    files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    if len(files) == 1 and files[0].suffix[1:].lower() in readable_suffixes():
        return Incoming(path=files[0])
    encoded = [name for name in _ENCODED if data.hasFormat(name)]
    if files or not (encoded or data.hasImage()):
        return None
    if look_only:
        return Incoming()
    if encoded and (content := bytes(data.data(encoded[0]).data())):
        return Incoming(encoded=content)
    picture = data.imageData()
    return Incoming(picture=picture) if isinstance(picture, QImage) and not picture.isNull() else None
