"""The shape of pictures in memory."""

from __future__ import annotations

import pytest

from plugdeck.errors import PictureError
from plugdeck.image import MAX_FRAME_BYTES, Image, ImageLayout


def test_a_packed_layout_has_no_padding():
    layout = ImageLayout.packed(3, 2)

    assert (layout.stride_bytes, layout.size_bytes) == (12, 24)


@pytest.mark.parametrize(("width", "height", "stride"), [(0, 1, 4), (1, 0, 4), (-1, 1, 4), (2, 1, 7)])
def test_a_picture_without_pixels_or_with_short_rows_is_refused(width, height, stride):
    with pytest.raises(PictureError):
        ImageLayout(width, height, stride)


def test_128_megapixels_fit_and_one_row_more_does_not():
    width, height = 16_384, MAX_FRAME_BYTES // 4 // 16_384
    assert ImageLayout.packed(width, height).size_bytes == MAX_FRAME_BYTES

    with pytest.raises(PictureError, match="more than the 134 megapixels") as refused:
        ImageLayout.packed(width, height + 1)
    assert refused.value.remedy


def test_pixels_that_are_not_exactly_as_many_as_the_layout_says_are_refused():
    with pytest.raises(PictureError, match="23 bytes of pixels where 24 are needed"):
        Image(ImageLayout.packed(3, 2), bytes(23))
