"""Runs one sample's Transform in a process of its own: pixels from stdin, pixels to stdout.

Nothing of Plugdeck is used: what these tests say of a sample holds for every host. The input lies in read-only
memory, so writing to it ends the process; rows have padding, and padding that was written to is an error.
"""

import ctypes
import json
import mmap
import os
import sys

PADDING = 0xA5


class Image(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("stride", ctypes.c_size_t),
        *((name, ctypes.c_int32) for name in ("width", "height")),
        ("format", ctypes.c_uint32),
        *((name, ctypes.c_int32) for name in ("x", "y", "full_width", "full_height")),
        ("scale", ctypes.c_double),
    ]


Log = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)
Progress = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_double)
Cancelled = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
Fail = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)


class Host(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_uint32),
        ("abi_major", ctypes.c_uint16),
        ("abi_minor", ctypes.c_uint16),
        ("context", ctypes.c_void_p),
        ("log", Log),
        ("progress", Progress),
        ("cancelled", Cancelled),
        ("fail", Fail),
        ("plugin_path", ctypes.c_char_p),
    ]


def memory(rows, stride, fill):
    """Pages of their own: rows with padding, and a page to spare behind them."""
    pages = mmap.mmap(-1, (len(rows) * stride // mmap.PAGESIZE + 2) * mmap.PAGESIZE)
    pages.write(bytes([fill]) * len(pages))
    for y, row in enumerate(rows):
        pages[y * stride : y * stride + len(row)] = row
    return pages


def address_of(pages):
    return ctypes.addressof(ctypes.c_char.from_buffer(pages))


def main():
    request = json.loads(sys.argv[1])
    width, height, stride = request["width"], request["height"], request["stride"]
    pixels = sys.stdin.buffer.read()
    rows = [pixels[y * width * 4 : (y + 1) * width * 4] for y in range(height)]
    given = memory(rows, stride, PADDING)
    result = memory([bytes([request["before"]]) * (width * 4)] * height, stride, PADDING)
    ctypes.CDLL(None).mprotect(ctypes.c_void_p(address_of(given)), ctypes.c_size_t(len(given)), mmap.PROT_READ)

    library = ctypes.CDLL(request["path"], mode=os.RTLD_NOW)
    said = []
    quiet = (Log(lambda *_: None), Progress(lambda *_: None))
    host = Host(
        ctypes.sizeof(Host), 1, 0, None, *quiet, Cancelled(lambda _: 0), Fail(lambda _, text: said.append(text)), None
    )
    if hasattr(library, "Init"):
        assert library.Init(ctypes.byref(host)) == 0
    for name, value in request["parameters"].items():
        (ctypes.c_double if isinstance(value, float) else ctypes.c_int).in_dll(library, name).value = value
    place = [request[key] for key in ("x", "y", "full_width", "full_height")]
    shape = (stride, width, height, 1, *place, request["scale"])
    images = [Image(address_of(pages), *shape) for pages in (given, result)]
    code = library.Transform(ctypes.byref(images[0]), ctypes.byref(images[1]))
    assert code == 0, (code, said)
    for y in range(height):
        assert set(result[y * stride + width * 4 : (y + 1) * stride]) <= {PADDING}, f"padding of row {y} was written to"
        sys.stdout.buffer.write(result[y * stride : y * stride + width * 4])
    assert set(result[height * stride :]) == {PADDING}, "bytes behind the picture were written to"


main()
