import pytest

from plugdeck.hosting.deadlines import Deadlines
from plugdeck.image import ImageLayout


@pytest.mark.parametrize(
    ("size", "seconds"), [((1, 1), 2.0), ((1920, 1080), 2.0), ((2000, 2000), 2.0), ((4000, 4000), 8.0)]
)
def test_large_pictures_have_more_time_in_proportion(size, seconds):
    assert Deadlines().transform_s(ImageLayout.packed(*size)) == seconds
