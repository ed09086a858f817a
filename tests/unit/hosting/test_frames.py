"""Who may do what with shared memory, as the kernel enforces it; and what a pool keeps."""

import errno
import fcntl
import mmap
import os

import pytest

from plugdeck.errors import PlugdeckError
from plugdeck.hosting.frame_memory import FrameMemory
from plugdeck.hosting.frames import FramePool, OwnFrames
from plugdeck.image import Image, ImageLayout

LAYOUT = ImageLayout.packed(64, 48)


@pytest.fixture
def own():
    frames = OwnFrames()
    yield frames
    frames.close()


@pytest.fixture
def memory():
    memory = FrameMemory(mmap.PAGESIZE)
    yield memory
    memory.destroy()


@pytest.fixture
def frames_open(descriptors):
    """``frames_open()``: how many descriptors of shared memory this process has more than when the test began."""

    def count() -> int:
        return sum("plugdeck-frame" in link for link in descriptors())

    before = count()
    return lambda: count() - before


def picture(value: int, layout: ImageLayout = LAYOUT) -> Image:
    return Image(layout, bytes((value,)) * layout.size_bytes)


def test_frame_holds_the_picture_and_reading_it_gives_a_copy(own):
    frame = own.copy_of(picture(7))
    image = frame.read()
    frame.release()
    with own.copy_of(picture(9)):
        assert image == picture(7)


def test_nobody_but_the_first_mapping_can_write_sealed_memory(memory):
    writable = memory.map_for_writing()
    memory.seal()
    with pytest.raises(PermissionError) as refused:
        mmap.mmap(memory.descriptor, mmap.PAGESIZE)
    assert refused.value.errno == errno.EPERM
    with pytest.raises(PermissionError):
        os.pwrite(memory.descriptor, b"x", 0)
    writable[0] = 5
    assert memory.view()[0] == 5
    writable.close()


def test_reopening_sealed_memory_does_not_make_it_writable(memory):
    memory.seal()
    with open(f"/proc/self/fd/{memory.descriptor}", "r+b") as again, pytest.raises(PermissionError):
        mmap.mmap(again.fileno(), mmap.PAGESIZE)


@pytest.mark.parametrize("size", [0, 1, 2 * mmap.PAGESIZE])
def test_size_can_never_change_even_before_the_last_seal(memory, size):
    with pytest.raises(PermissionError):
        os.ftruncate(memory.descriptor, size)


def test_no_seal_can_be_added_after_the_last(memory):
    memory.seal()
    with pytest.raises(PermissionError):
        fcntl.fcntl(memory.descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)


def test_view_cannot_be_written(memory):
    with pytest.raises(TypeError):
        memory.view()[0] = 1


def test_memory_is_used_again_for_the_next_frame_of_its_size(own):
    first = own.copy_of(picture(1))
    with first.pinned() as memory:
        number = memory.number
    first.release()
    second = own.copy_of(picture(2))
    with second.pinned() as memory:
        assert memory.number == number
    second.release()


def test_memory_in_use_is_not_used_again(own):
    with own.copy_of(picture(1)) as first, own.copy_of(picture(2)) as second:
        assert (first.read(), second.read()) == (picture(1), picture(2))


def test_released_frame_cannot_be_read_and_may_be_released_again(own):
    frame = own.copy_of(picture(1))
    frame.release()
    frame.release()
    with own.copy_of(picture(2)) as other:
        with pytest.raises(PlugdeckError, match="released before it was used"):
            frame.read()
        assert other.read() == picture(2)


def test_pinned_memory_outlives_its_frame(own):
    frame = own.copy_of(picture(3))
    with frame.pinned() as memory:
        frame.release()
        with own.copy_of(picture(4)):
            assert memory.view()[0] == 3


def test_pool_keeps_few_pieces_and_closing_it_keeps_none(own, frames_open):
    frames = [own.copy_of(picture(1, ImageLayout.packed(width, 1))) for width in range(1, 20_000, 1000)]
    for frame in frames:
        frame.release()
    assert 0 < frames_open() <= 8  # each has two: one to pass on, one of its mapping
    own.close()
    assert frames_open() == 0


def test_large_memory_is_not_kept(frames_open):
    pool = FramePool(lambda memory: None)
    pool.take(ImageLayout.packed(8192, 4097)).release()
    assert frames_open() == 0


def test_frame_released_after_its_pool_was_closed_leaves_nothing(own, frames_open):
    frame = own.copy_of(picture(1))
    own.close()
    assert frame.read() == picture(1)
    frame.release()
    assert frames_open() == 0


def test_memory_that_its_producer_refuses_is_given_back(frames_open):

    def refuse(memory: FrameMemory) -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        FramePool(refuse).take(LAYOUT)
    assert frames_open() == 0


def test_readers_are_told_when_memory_is_gone(own):
    told = []

    class Reader:
        def unmap(self, number: int) -> None:
            told.append(number)

    reader = Reader()
    frame = own.copy_of(picture(1))
    with frame.pinned() as memory:
        memory.readers.add(reader)
        number = memory.number
    frame.release()
    assert told == []
    own.close()
    assert told == [number]
