"""Smaller copies of pictures, made in strips so that no step of it holds up the window.

A picture is halved until it is less than twice the wanted size; each half is a box average of 2 × 2 pixels. What is
left is one smooth step. So thin lines neither vanish nor flicker, as they would in a single bilinear step.
"""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter

from plugdeck.image import Image
from plugdeck.ui.pictures import from_qimage, strips, to_qimage

_SMALLEST_LEVEL = 256


def resize_picture(image: Image, width: int, height: int) -> Image:
    """The whole picture at another size: what the preview runs the chain over. Any thread."""
    picture = to_qimage(image)
    while picture.width() >= 2 * width and picture.height() >= 2 * height:
        picture = halved(picture)
    return from_qimage(_painted(picture, width, height))


def halved_copies(picture: QImage) -> tuple[QImage, ...]:
    """The picture at 1/2, 1/4, … of its size, down to some hundred pixels. Any thread."""
    copies = []
    while max(picture.width(), picture.height()) > _SMALLEST_LEVEL:
        picture = halved(picture)
        copies.append(picture)
    return tuple(copies)


def halved(picture: QImage) -> QImage:
    """The picture at half its width and height, odd sizes rounded up; premultiplied."""
    return _painted(picture, (picture.width() + 1) // 2, (picture.height() + 1) // 2)


def _painted(picture: QImage, width: int, height: int) -> QImage:
    """The picture stretched to a size; the clip makes strips of what is one and the same transformation."""
    target = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    target.setColorSpace(picture.colorSpace())
    for top, rows in strips(width, height):
        painter = QPainter(target)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setClipRect(0, top, width, rows)
        painter.drawImage(QRect(0, 0, width, height), picture)
        painter.end()
    return target
