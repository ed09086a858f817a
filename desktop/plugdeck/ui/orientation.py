"""Which way up a picture is (EXIF), where Qt does not say, and the picture the right way up.

Qt turns JPEG and TIFF by itself. In PNG (chunk eXIf) and WebP (chunk EXIF) it leaves the note unread: 6.11.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from PySide6.QtCore import QIODevice, QRect, Qt
from PySide6.QtGui import QImage, QTransform

UPRIGHT = 1
_PNG, _RIFF, _WEBP = b"\x89PNG\r\n\x1a\n", b"RIFF", b"WEBP"
_EXIF, _NAME_IN_JPEG = b"EXIF", b"Exif\0\0"  # the second by writers that took it over from JPEG
_CHECKSUM_BYTES = 4
_ORIENTATION, _SHORT = 0x0112, 3  # TIFF 6.0: the tag, and the type of its value
_MOST_CHUNKS, _MOST_BYTES, _MOST_ENTRIES = 4096, 65536, 512
# EXIF 2.32, 4.6.4 A: by how many degrees it is turned clockwise, and whether left and right are exchanged after that.
_TURNS = {2: (0, True), 3: (180, False), 4: (180, True), 5: (90, True), 6: (90, False), 7: (270, True), 8: (270, False)}
_FROM_THE_END = frozenset({3, 4, 7, 8})
"""The first row of the upright picture is the last row, or column, of the one that is stored."""


def orientation_of(device: QIODevice) -> int:
    """1 to 8, from a PNG's or a WebP's note; 1 where there is none, or none that makes sense. Rewinds the device."""
    device.seek(0)
    head = _read(device, len(_RIFF) + 4 + len(_WEBP))
    is_png = head.startswith(_PNG)
    note = b""
    if is_png or (head.startswith(_RIFF) and head.endswith(_WEBP)):
        chunks = _chunks(device, len(_PNG) if is_png else len(head), is_png=is_png)
        length = next((length for name, length in chunks if name.upper() == _EXIF), 0)
        note = _read(device, min(length, _MOST_BYTES))
    device.seek(0)
    return _orientation_in(note.removeprefix(_NAME_IN_JPEG))


def is_on_its_side(orientation: int) -> bool:
    """Whether width and height are exchanged when it is turned upright."""
    return orientation >= 5


def upright_strip(picture: QImage, orientation: int, top: int, height: int) -> QImage:
    """So many rows of the picture as it is the right way up, cut out of it as it is stored."""
    if orientation not in _TURNS:
        return picture.copy(0, top, picture.width(), height)
    is_aside = is_on_its_side(orientation)
    length = picture.width() if is_aside else picture.height()
    first = length - top - height if orientation in _FROM_THE_END else top
    where = QRect(first, 0, height, picture.height()) if is_aside else QRect(0, first, picture.width(), height)
    degrees, is_mirrored = _TURNS[orientation]
    # One after the other: only for turns by 90° and for mirrors does Qt take each pixel as it is.
    turned = picture.copy(where).transformed(QTransform().rotate(degrees))
    return _mirrored(turned) if is_mirrored else turned


def _mirrored(picture: QImage) -> QImage:
    """With left and right exchanged. Qt's general transformation would lose the colour of what is transparent."""
    if hasattr(picture, "flipped"):  # from Qt 6.9 on, and what was there before warns
        return picture.flipped(Qt.Orientation.Horizontal)
    return picture.mirrored(True, False)


def _chunks(device: QIODevice, start: int, *, is_png: bool) -> Iterator[tuple[bytes, int]]:
    """Name and length of each; its content is what is read next. What promises too much simply ends them."""
    place = start
    for _ in range(_MOST_CHUNKS):
        head = _read(device, 8) if device.seek(place) else b""
        if len(head) < 8:
            return
        first, second = struct.unpack(">I4s" if is_png else "<4sI", head)
        name, length = (second, first) if is_png else (first, second)
        yield name, length
        place += len(head) + length + (_CHECKSUM_BYTES if is_png else length % 2)


def _orientation_in(note: bytes) -> int:
    """The value in the first directory of a TIFF header with its entries."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(note[:4])
    try:
        if order:
            (directory,) = struct.unpack_from(f"{order}I", note, 4)
            (count,) = struct.unpack_from(f"{order}H", note, directory)
            for number in range(min(count, _MOST_ENTRIES)):
                tag, kind, _, value = struct.unpack_from(f"{order}HHIH", note, directory + 2 + 12 * number)
                if (tag, kind) == (_ORIENTATION, _SHORT):
                    return int(value) if value in _TURNS else UPRIGHT
    except struct.error:  # it ends before it should
        return UPRIGHT
    return UPRIGHT


def _read(device: QIODevice, size_bytes: int) -> bytes:
    return bytes(device.read(size_bytes).data())
