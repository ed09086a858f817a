"""Pictures between files, Qt and Plugdeck: what comes in, what goes out, and every way in which it can fail."""

import os
import random
import resource
import subprocess
import sys
import threading
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image as Pillow
from PIL import ImageCms, ImageOps
from PySide6.QtGui import QColor, QColorSpace, QImage

from plugdeck.errors import PictureError
from plugdeck.image import MAX_FRAME_BYTES, Image, ImageLayout
from plugdeck.ui.pictures import from_qimage, read_picture, readable_suffixes, strips, to_qimage, write_picture
from plugdeck.ui.preview.scaling import halved_copies, resize_picture

# Decoders print what they think of damaged files.
pytestmark = pytest.mark.qt_log_ignore(".*")


def noise(width: int = 61, height: int = 43, *, opaque: bool = False, seed: int = 7) -> Image:
    layout = ImageLayout.packed(width, height)
    pixels = bytearray(random.Random(seed).randbytes(layout.size_bytes))
    if opaque:
        pixels[3::4] = b"\xff" * (width * height)
    return Image(layout, bytes(pixels))


def pillow_of(image: Image) -> Pillow.Image:
    return Pillow.frombytes("RGBA", (image.layout.width, image.layout.height), bytes(image.pixels))


def test_png_keeps_every_byte_also_under_transparency(tmp_path):
    image = noise()
    write_picture(image, tmp_path / "a.png")
    assert bytes(read_picture(tmp_path / "a.png").pixels) == image.pixels
    assert Pillow.open(tmp_path / "a.png").convert("RGBA").tobytes() == image.pixels


@pytest.mark.parametrize("suffix", ["png", "webp", "tif", "tiff", "bmp", "ppm"])
def test_lossless_formats_keep_opaque_pictures_exactly(tmp_path, suffix):
    image = noise(opaque=True)
    write_picture(image, tmp_path / f"a.{suffix}")
    assert bytes(read_picture(tmp_path / f"a.{suffix}").pixels) == image.pixels


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "JPG"])
def test_jpeg_lays_transparency_on_white(tmp_path, suffix):
    layout = ImageLayout.packed(32, 32)
    write_picture(Image(layout, bytes(layout.size_bytes)), tmp_path / f"a.{suffix}")
    red, green, blue = Pillow.open(tmp_path / f"a.{suffix}").getpixel((16, 16))
    assert min(red, green, blue) >= 253


def test_reading_gives_what_another_decoder_gives(tmp_path):
    source = pillow_of(noise(opaque=True)).convert("RGB")
    for mode in ("RGB", "L", "P", "1"):
        source.convert(mode).save(tmp_path / f"{mode}.png")
        expected = Pillow.open(tmp_path / f"{mode}.png").convert("RGBA").tobytes()
        assert bytes(read_picture(tmp_path / f"{mode}.png").pixels) == expected, mode


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, orientation):
    picture = Pillow.new("RGB", (32, 16), "white")
    picture.paste((200, 0, 0), (0, 0, 16, 8))
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned.jpg"
    picture.save(path, exif=exif, quality=95)
    expected = ImageOps.exif_transpose(Pillow.open(path)).convert("RGBA")
    image = read_picture(path)
    assert (image.layout.width, image.layout.height) == expected.size
    assert max(abs(a - b) for a, b in zip(bytes(image.pixels), expected.tobytes(), strict=True)) < 40


@pytest.mark.parametrize("suffix", ["png", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_note_that_qt_leaves_unread_turns_the_picture_as_well(tmp_path, monkeypatch, suffix, orientation):
    monkeypatch.setattr("plugdeck.ui.pictures._STRIP_PIXELS", 61 * 5)  # several strips
    exif = Pillow.Exif()
    exif[0x010F] = "maker"  # an entry before it
    exif[0x0112] = orientation
    path = tmp_path / f"turned.{suffix}"
    pillow_of(noise(opaque=suffix == "webp")).save(path, exif=exif, lossless=True)
    expected = ImageOps.exif_transpose(Pillow.open(path)).convert("RGBA")
    image = read_picture(path)
    assert (image.layout.width, image.layout.height) == expected.size
    assert bytes(image.pixels) == expected.tobytes()


@pytest.mark.parametrize("suffix", ["png", "webp", "jpg", "tif"])
def test_a_picture_that_was_turned_is_not_turned_again_once_it_is_saved(tmp_path, suffix):
    exif = Pillow.Exif()
    exif[0x0112] = 6
    stored, saved = tmp_path / f"stored.{suffix}", tmp_path / f"saved.{suffix}"
    pillow_of(noise(64, 16, opaque=True)).convert("RGB").save(stored, exif=exif)
    write_picture(read_picture(stored), saved)
    assert read_picture(saved).layout.height == 64
    with Pillow.open(saved) as again:
        assert (again.size, again.getexif().get(0x0112, 1)) == ((16, 64), 1)


@pytest.mark.parametrize(
    "note",
    [b"", b"MM\0*", b"MM\0*\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff", b"II*\0\0\0\0\0", b"junk" * 99],
    ids=["none", "cut short", "far away", "too many", "itself", "junk"],
)
def test_a_damaged_note_turns_nothing(tmp_path, note):
    chunk = len(note).to_bytes(4) + b"eXIf" + note
    path = tmp_path / "odd.png"
    pillow_of(noise()).save(path)
    data = path.read_bytes()
    path.write_bytes(data[:33] + chunk + zlib.crc32(chunk[4:]).to_bytes(4) + data[33:])
    assert bytes(read_picture(path).pixels) == noise().pixels


def test_another_colour_space_is_converted_to_srgb(tmp_path):
    wide = QImage(8, 8, QImage.Format.Format_RGB32)
    wide.fill(QColor(200, 50, 50))
    wide.setColorSpace(QColorSpace(QColorSpace.NamedColorSpace.AdobeRgb))
    path = tmp_path / "wide.png"
    assert wide.save(str(path))
    red, green, blue, alpha = bytes(read_picture(path).pixels[:4])
    with Pillow.open(path) as picture:
        profile = ImageCms.ImageCmsProfile(BytesIO(picture.info["icc_profile"]))
        oracle = ImageCms.profileToProfile(picture.convert("RGB"), profile, ImageCms.createProfile("sRGB"))
    assert alpha == 255
    assert (red, green, blue) != (200, 50, 50)
    assert all(abs(a - b) <= 2 for a, b in zip((red, green, blue), oracle.getpixel((0, 0)), strict=True))


def test_content_decides_the_format_not_the_name(tmp_path):
    pillow_of(noise(opaque=True)).save(tmp_path / "really.png")
    (tmp_path / "really.png").rename(tmp_path / "claims.jpg")
    assert read_picture(tmp_path / "claims.jpg").layout.width == 61


def fail(path: Path) -> PictureError:
    with pytest.raises(PictureError) as caught:
        read_picture(path)
    assert caught.value.remedy
    assert str(caught.value).endswith(".")
    return caught.value


def test_a_vanished_picture_is_named(tmp_path):
    assert "gone.png is not there" in str(fail(tmp_path / "gone.png"))


def test_a_dangling_link_and_a_nul_in_the_name_are_refused(tmp_path):
    (tmp_path / "link.png").symlink_to(tmp_path / "nowhere.png")
    fail(tmp_path / "link.png")
    fail(Path("a\0b.png"))


def test_a_fifo_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert "pipe" in str(fail(tmp_path / "pipe.png"))


def test_a_folder_and_a_device_are_refused(tmp_path):
    fail(tmp_path)
    fail(Path("/dev/zero"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_picture_says_why(tmp_path):
    path = tmp_path / "secret.png"
    write_picture(noise(), path)
    path.chmod(0)
    assert "ermission" in str(fail(path))


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"not a picture", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"])
def test_what_is_no_picture_is_refused(tmp_path, content):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    fail(path)


def test_a_small_damaged_file_is_not_called_too_large(tmp_path):
    path = tmp_path / "a.png"
    write_picture(noise(), path)
    path.write_bytes(path.read_bytes()[:60])
    assert "damaged (" in str(fail(path))
    assert "too large" not in str(fail(path))


def test_damaged_pictures_raise_nothing_but_picture_errors(tmp_path):
    chance = random.Random(3)
    for suffix in ("png", "jpg", "webp", "tif", "bmp"):
        write_picture(noise(opaque=True), tmp_path / f"good.{suffix}")
        good = (tmp_path / f"good.{suffix}").read_bytes()
        for _ in range(40):
            bad = bytearray(good[: chance.randrange(len(good))] if chance.random() < 0.3 else good)
            for _ in range(chance.randrange(1, 12)):
                if bad:
                    bad[chance.randrange(len(bad))] = chance.randrange(256)
            path = tmp_path / f"bad.{suffix}"
            path.write_bytes(bad)
            try:
                read_picture(path)
            except PictureError:
                continue


def test_a_picture_of_20000_pixels_is_read_when_it_is_below_the_limit(tmp_path):
    Pillow.new("L", (20_000, 300), 77).save(tmp_path / "wide.png")
    image = read_picture(tmp_path / "wide.png")
    assert image.layout == ImageLayout.packed(20_000, 300)
    assert bytes(image.pixels[:4]) == bytes((77, 77, 77, 255))


def test_a_picture_above_the_limit_is_refused_before_it_is_decoded(tmp_path):
    height = MAX_FRAME_BYTES // (4 * 20_000) + 1
    Pillow.new("1", (20_000, height)).save(tmp_path / "huge.png")
    assert f"20000 × {height} pixels" in str(fail(tmp_path / "huge.png"))


def test_a_header_that_promises_too_much_is_refused(tmp_path):
    path = tmp_path / "bomb.ppm"
    path.write_bytes(b"P6 2000000000 2000000000 255\n")
    fail(path)


@pytest.mark.parametrize("name", ["a", "a.txt", "a.so", ".png"])
def test_an_unknown_ending_is_refused_and_the_known_ones_are_named(tmp_path, name):
    with pytest.raises(PictureError) as caught:
        write_picture(noise(), tmp_path / name)
    assert ".png" in caught.value.remedy
    assert not list(tmp_path.iterdir())


def test_a_format_that_cannot_hold_the_width_says_so(tmp_path):
    with pytest.raises(PictureError, match="at most 16383"):
        write_picture(noise(16_384, 1), tmp_path / "wide.webp")


def test_a_full_disk_leaves_the_old_picture_and_no_rubbish(tmp_path):
    path = tmp_path / "a.png"
    write_picture(noise(), path)
    old = path.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    try:
        with pytest.raises(PictureError) as caught:
            write_picture(noise(300, 300), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "Nothing was changed" in str(caught.value)
    assert str(tmp_path) in caught.value.remedy
    assert path.read_bytes() == old
    assert [each.name for each in tmp_path.iterdir()] == ["a.png"]


def test_a_missing_folder_is_a_sentence(tmp_path):
    with pytest.raises(PictureError, match="was not written"):
        write_picture(noise(), tmp_path / "none" / "a.png")


def test_reading_and_writing_need_no_application(tmp_path):
    code = (
        "import sys; from pathlib import Path; from plugdeck.ui.pictures import *; "
        "p = read_picture(Path(sys.argv[1])); write_picture(p, Path(sys.argv[2])); "
        "from plugdeck.ui.preview.scaling import resize_picture; resize_picture(p, 9, 5)"
    )
    write_picture(noise(opaque=True), tmp_path / "in.png")
    for suffix in ("png", "jpg", "webp"):
        out = tmp_path / f"out.{suffix}"
        subprocess.run([sys.executable, "-c", code, tmp_path / "in.png", out], check=True, timeout=60)
        assert read_picture(out).layout.width == 61


def test_qt_pictures_share_our_pixels_and_keep_them_alive():
    image = noise()
    expected = bytes(image.pixels)
    picture = to_qimage(Image(image.layout, memoryview(bytearray(expected)).toreadonly()))
    copy = QImage(picture)
    del picture
    assert bytes(copy.constBits()) == expected
    assert bytes(from_qimage(copy).pixels) == expected


def test_rows_with_padding_are_understood_by_qt():
    layout = ImageLayout(3, 2, 20)
    pixels = bytes(range(40))
    picture = to_qimage(Image(layout, pixels))
    assert picture.pixelColor(0, 1).getRgb() == (20, 21, 22, 23)
    assert bytes(from_qimage(picture).pixels) == pixels[:12] + pixels[20:32]


def test_an_empty_qt_picture_is_an_error():
    with pytest.raises(PictureError):
        from_qimage(QImage())


def test_strips_cover_every_row_once():
    for width, height in ((1, 1), (20_000, 7), (3, 999_999), (2_000_000, 5)):
        covered = [row for top, rows in strips(width, height) for row in range(top, top + rows)]
        assert covered == list(range(height))


def test_halving_averages_two_by_two_pixels():
    image = noise(400, 300, opaque=True)
    half = from_qimage(halved_copies(to_qimage(image))[0])
    expected = pillow_of(image).resize((200, 150), Pillow.Resampling.BOX).tobytes()
    assert max(abs(a - b) for a, b in zip(bytes(half.pixels), expected, strict=True)) <= 4


@pytest.mark.parametrize("size", [(100, 75), (137, 99), (399, 299), (1, 1), (400, 300)])
def test_resizing_is_near_to_an_area_average(size):
    layout = ImageLayout.packed(400, 300)
    gradient = bytes(c for y in range(300) for x in range(400) for c in (x * 255 // 399, y * 255 // 299, 128, 255))
    small = resize_picture(Image(layout, gradient), *size)
    expected = pillow_of(Image(layout, gradient)).resize(size, Pillow.Resampling.BOX).tobytes()
    assert (small.layout.width, small.layout.height) == size
    assert max(abs(a - b) for a, b in zip(bytes(small.pixels), expected, strict=True)) <= 8


def test_pictures_are_read_on_many_threads_at_once(tmp_path):
    write_picture(noise(), tmp_path / "a.png")
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(bytes(read_picture(tmp_path / "a.png").pixels)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [noise().pixels] * 8


def test_common_formats_can_be_read():
    assert {"png", "jpg", "webp", "tif", "bmp", "gif", "svg"} <= set(readable_suffixes())
