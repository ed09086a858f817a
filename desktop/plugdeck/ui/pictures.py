"""Pictures between files, Qt and the rest of Plugdeck; the command line uses it too, without an application object.

What Qt does to a picture in one call (converting, scaling, painting) holds Python's lock meanwhile, so a thread alone
would not keep the window alive: such work is done in strips of rows. Decoding and encoding do release the lock.
"""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QFile, QIODevice, QSaveFile
from PySide6.QtGui import QColor, QColorSpace, QImage, QImageIOHandler, QImageReader, QImageWriter, QPainter

from plugdeck.errors import PictureError
from plugdeck.image import MAX_FRAME_BYTES, Image, ImageLayout
from plugdeck.ui.orientation import UPRIGHT, is_on_its_side, orientation_of, upright_strip

RGBA = QImage.Format.Format_RGBA8888
_LARGE_PIXELS, _SMALL_FILE = 16_000_000, 16_384
_STRIP_PIXELS = 1_000_000
_DECODER_BYTES = 2 * MAX_FRAME_BYTES  # a decoder may need 16 bits a channel before we get our 8
_WITHOUT_ALPHA = frozenset({"jpg", "jpeg", "bmp", "ppm"})
_LONGEST_SIDE = {"jpg": 65_500, "jpeg": 65_500, "webp": 16_383}
_WRITABLE = ("png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp", "ppm")


def readable_suffixes() -> tuple[str, ...]:
    """The file name endings of the pictures that can be read, without the dot."""
    return tuple(sorted(bytes(name.data()).decode() for name in QImageReader.supportedImageFormats()))


def writable_suffixes() -> tuple[str, ...]:
    """The endings that a written picture may have, best first, without the dot."""
    known = {bytes(name.data()).decode() for name in QImageWriter.supportedImageFormats()}
    return tuple(name for name in _WRITABLE if name in known)


def read_picture(path: Path) -> Image:
    """The picture in a file, upright (EXIF), in sRGB, with alpha not premultiplied.

    Raises:
        PictureError: it is gone, unreadable, no picture, damaged, or larger than ``MAX_FRAME_BYTES``.
    """
    device = _open_regular(path)
    try:
        return _decode(device, path.suffix[1:].lower(), path.name)
    finally:
        device.close()


def read_picture_bytes(data: bytes, name: str) -> Image:
    """The picture in ``data``; ``name`` is what errors call it. Raises PictureError."""
    device = QBuffer()
    device.setData(QByteArray(data))
    device.open(QIODevice.OpenModeFlag.ReadOnly)
    return _decode(device, "", name)


def write_picture(image: Image, path: Path) -> None:
    """Writes a picture in the format that the name's ending says, whole or not at all.

    It goes to a temporary file in the same folder, is flushed to the disk and renamed, so that what was there
    before stays until the new picture is complete. Formats without alpha get it laid on white.

    Raises:
        PictureError: the ending is unknown, the format cannot hold it, or the disk or folder refuses it.
    """
    suffix = path.suffix[1:].lower()
    _check_format(image, path, suffix)
    target = QSaveFile(str(path))
    if not target.open(QIODevice.OpenModeFlag.WriteOnly):
        raise _not_written(path, target.errorString())
    writer = QImageWriter(target, QByteArray(suffix.encode()))
    writer.setQuality(100 if suffix == "webp" else 95 if suffix in _WITHOUT_ALPHA else -1)
    written = writer.write(_flattened(image) if suffix in _WITHOUT_ALPHA else to_qimage(image))
    if not written and target.error() is QSaveFile.FileError.NoError:
        target.cancelWriting()
        raise _not_written(path, writer.errorString())
    if not target.commit():
        raise _not_written(path, target.errorString())
    _sync_folder(path.parent)


def to_qimage(image: Image) -> QImage:
    """The picture for Qt, marked as sRGB. It shares the pixels, and keeps them alive."""
    layout = image.layout
    picture = QImage(image.pixels, layout.width, layout.height, layout.stride_bytes, RGBA)
    picture.setColorSpace(QColorSpace(QColorSpace.NamedColorSpace.SRgb))
    return picture


def from_qimage(picture: QImage, orientation: int = UPRIGHT) -> Image:
    """A copy of Qt's picture as ours: sRGB, RGBA, 8 bits a channel, turned upright.

    Args:
        picture: as it is stored.
        orientation: which way up that is; see ``orientation``.

    Raises:
        PictureError: it is empty, or larger than ``MAX_FRAME_BYTES``.
    """
    if picture.isNull():
        raise PictureError("There are no pixels in it.")
    size = picture.size().transposed() if is_on_its_side(orientation) else picture.size()
    layout = ImageLayout.packed(size.width(), size.height())
    pixels = memoryview(mmap.mmap(-1, layout.size_bytes))  # pages come strip by strip, not all at once
    for top, height in strips(layout.width, layout.height):
        strip = _to_srgb(upright_strip(picture, orientation, top, height))
        pixels[top * layout.stride_bytes : (top + height) * layout.stride_bytes] = strip.constBits()
    return Image(layout, pixels.toreadonly())


def strips(width: int, height: int) -> Iterator[tuple[int, int]]:
    """Top and height of strips that cover ``height`` rows, each about a megapixel: some milliseconds of work."""
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        yield top, min(rows, height - top)


def _open_regular(path: Path) -> QFile:
    """The file, opened for reading; a FIFO or a device is refused without waiting for it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise PictureError(f"{path.name} is not there any more.", remedy="Choose another picture.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is no valid path"
        raise PictureError(
            f"{path.name} cannot be opened: {reason}.",
            remedy="Check its permissions, or choose another picture.",
        ) from error
    device = QFile()
    regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
    if regular and device.open(descriptor, QIODevice.OpenModeFlag.ReadOnly, QFile.FileHandleFlag.AutoCloseHandle):
        return device
    os.close(descriptor)
    raise PictureError(f"{path.name} is a folder, a pipe or a device, not a picture.", remedy="Choose a picture file.")


def _decode(device: QIODevice, hint: str, name: str) -> Image:
    """Reads the first picture of ``device``; content decides the format, ``hint`` where content does not."""
    QImageReader.setAllocationLimit(_DECODER_BYTES // 2**20)
    orientation = orientation_of(device)
    reader = QImageReader(device)
    if not reader.canRead() and device.seek(0):
        reader = QImageReader(device, QByteArray(hint.encode(errors="replace")))
    reader.setAutoTransform(True)
    if not reader.canRead():
        raise PictureError(
            f"{name} is not a picture that can be read here.",
            remedy="Use PNG, JPEG, WebP, TIFF, BMP, GIF, SVG or PPM.",
        )
    size = reader.size()
    if not size.isEmpty():
        ImageLayout.packed(size.width(), size.height())  # too large is said before anything is decoded
    picture = reader.read()
    if picture.isNull():
        # Either a small file or a small picture rules the second out.
        may_be_large = size.isEmpty() or size.width() * size.height() >= _LARGE_PIXELS
        what = "damaged, or too large to hold in memory" if may_be_large and device.size() >= _SMALL_FILE else "damaged"
        raise PictureError(
            f"{name} is {what} ({reader.errorString()}).",
            remedy="Save it again from the program that made it, or choose another picture.",
        )
    is_turned = reader.transformation() is not QImageIOHandler.Transformation.TransformationNone
    return from_qimage(picture, UPRIGHT if is_turned else orientation)


def _to_srgb(strip: QImage) -> QImage:
    space = strip.colorSpace()
    if space.isValid() and space != QColorSpace(QColorSpace.NamedColorSpace.SRgb):
        converted = strip.convertedToColorSpace(QColorSpace(QColorSpace.NamedColorSpace.SRgb))
        strip = strip if converted.isNull() else converted
    return strip.convertToFormat(RGBA)


def _flattened(image: Image) -> QImage:
    """The picture on white, without alpha."""
    source = to_qimage(image)
    flat = QImage(source.size(), QImage.Format.Format_RGB32)
    flat.setColorSpace(source.colorSpace())
    for top, height in strips(source.width(), source.height()):
        painter = QPainter(flat)
        painter.fillRect(0, top, source.width(), height, QColor("white"))
        painter.drawImage(0, top, source, 0, top, -1, height)
        painter.end()
    return flat


def _check_format(image: Image, path: Path, suffix: str) -> None:
    if suffix not in writable_suffixes():
        raise PictureError(
            f"A picture cannot be written as “{path.name}”: the ending does not name a known format.",
            remedy=f"Use one of these endings: {', '.join('.' + name for name in writable_suffixes())}.",
        )
    longest, limit = max(image.layout.width, image.layout.height), _LONGEST_SIDE.get(suffix)
    if limit and longest > limit:
        raise PictureError(
            f"A .{suffix} picture can be at most {limit} pixels wide or high; this one has {longest}.",
            remedy="Save it as .png or .tif instead.",
        )


def _not_written(path: Path, reason: str) -> PictureError:
    return PictureError(
        f"{path.name} was not written: {reason.rstrip('.') or 'the disk refused it'}. Nothing was changed.",
        remedy=f"Check that {path.parent} exists, has space and may be written, or choose another folder.",
    )


def _sync_folder(folder: Path) -> None:
    """Makes the rename last through a power cut, where the file system can."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError:
        return  # some network file systems cannot, and the picture itself is safe
    finally:
        os.close(descriptor)
