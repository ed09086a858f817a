"""Messages between Plugdeck and a worker: how they look on the socket, and what is accepted.

A message is one packet of a ``SOCK_SEQPACKET`` socket pair: a header of 12 bytes (little-endian: ``PD``, version,
kind, request number, length of the body) and the body. The request number of an answer is the one of its question.
Pictures travel as shared memory (see ``frames``); the body of a transform is packed numbers, that of everything else
is JSON. File descriptors travel from Plugdeck to the worker only.

The other side is not trusted: whatever differs from this page is a ``WireError``, and the worker is ended.
"""

from __future__ import annotations

import json
import socket
from array import array
from enum import IntEnum
from struct import Struct, error
from typing import NamedTuple

VERSION = 1

# The worker's descriptors, beside standard output and error: the socket for these messages, the one for log lines,
# the page whose first byte says that the result of the current call is no longer wanted, the socket on which its
# confinement reports, and the pipe that tells of a crash.
CALL_DESCRIPTOR = 3
LOG_DESCRIPTOR = 4
FLAG_DESCRIPTOR = 5
LINE_DESCRIPTOR = 6
CRASH_DESCRIPTOR = 7

# How a worker ends that cannot read or answer any more (EX_PROTOCOL of sysexits.h), and its last line then.
LOST_CONNECTION = 76
LOST_WORDS = "The connection was lost:"

MAXIMUM_BODY_BYTES = 64 * 1024

HEADER = Struct("<2sBBII")
_MAGIC = b"PD"
MAXIMUM_BYTES = HEADER.size + MAXIMUM_BODY_BYTES

_TRANSFORM = Struct("<HQQIIIHd")
_MAP = Struct("<QQ")
_UNMAP = Struct("<Q")


class Kind(IntEnum):
    """What a message is."""

    LOAD = 1
    """JSON ``[slot, path, fingerprint]``: open the plugin if it says of itself what is expected.

    A descriptor that comes along has its bytes, sealed: then those are opened, and the path is only its name.
    """
    TRANSFORM = 2
    """``TransformRequest``: run the transform from one frame to another."""
    READ = 3
    """JSON ``[slot, name]``: the value of one of the plugin's variables."""
    WRITE = 4
    """JSON ``[slot, name, value]``."""
    CALL = 5
    """JSON ``[slot, symbol, arguments]``."""
    MAP_INPUT = 6
    """``MapRequest`` and a file descriptor: a frame to read from."""
    MAP_OUTPUT = 7
    """The same for a frame to write to."""
    UNMAP = 8
    """The number of a frame that is gone; not answered."""
    STOP = 9
    """End the process in good order; not answered."""
    MARK = 10
    """With a descriptor: the page into which it notes which of its plugins is at work (see ``work_mark``)."""

    HELLO = 32
    """From the worker, unasked, once: it is ready."""
    DONE = 33
    """The answer: JSON, or nothing."""
    FAILED = 34
    """The answer: JSON of an error (see ``failures``)."""


_KINDS = {int(kind): kind for kind in Kind}


class WireError(Exception):
    """The other side sent something that this protocol does not have."""


class Message(NamedTuple):
    """One message; ``descriptors`` belong to whoever received them."""

    kind: Kind
    request: int
    body: bytes
    descriptors: tuple[int, ...] = ()


class TransformRequest(NamedTuple):
    """The body of ``TRANSFORM``; the frames were mapped before."""

    slot: int
    source: int
    target: int
    width: int
    height: int
    stride_bytes: int
    pixel_format: int
    scale: float


class MapRequest(NamedTuple):
    """The body of ``MAP_INPUT`` and ``MAP_OUTPUT``."""

    number: int
    size_bytes: int


def encode(kind: Kind, request: int, body: bytes = b"") -> bytes:
    """The packet of a message.

    Raises:
        WireError: the body is longer than ``MAXIMUM_BODY_BYTES``.
    """
    return HEADER.pack(_MAGIC, VERSION, kind, request, len(checked_length(body))) + body


def checked_length(body: bytes) -> bytes:
    """``body`` itself. Raises WireError when it is longer than ``MAXIMUM_BODY_BYTES``."""
    if len(body) > MAXIMUM_BODY_BYTES:
        raise WireError(f"{len(body):,} bytes are more than the {MAXIMUM_BODY_BYTES:,} that a message may have")
    return body


def decode(packet: bytes) -> Message:
    """The message in a packet. Raises WireError."""
    if len(packet) < HEADER.size:
        raise WireError(f"a message of {len(packet)} bytes is shorter than its header")
    magic, version, kind, request, length = HEADER.unpack_from(packet)
    if magic != _MAGIC:
        raise WireError("a message begins with the wrong bytes")
    if version != VERSION:
        raise WireError(f"a message is of protocol version {version}; expected {VERSION}")
    if len(packet) - HEADER.size != length or length > MAXIMUM_BODY_BYTES:
        raise WireError(f"a message says it has {length} bytes and has {len(packet) - HEADER.size}")
    known = _KINDS.get(kind)
    if known is None:
        raise WireError(f"a message is of the unknown kind {kind}")
    return Message(known, request, packet[HEADER.size :])


def receive_with_descriptors(channel: socket.socket) -> Message | None:
    """The worker's side: waits for a message; None when the other side is gone. Raises WireError."""
    packet, ancillary, _, _ = channel.recvmsg(MAXIMUM_BYTES + 1, 64, socket.MSG_CMSG_CLOEXEC)
    if not packet:
        return None
    message = decode(packet)
    if not ancillary:
        return message
    descriptors = array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return message._replace(descriptors=tuple(descriptors))


def pack_json(value: object) -> bytes:
    """``value`` as JSON in ASCII. Raises WireError when it is no JSON."""
    try:
        return json.dumps(value, separators=(",", ":")).encode("ascii")
    except (TypeError, ValueError, RecursionError) as failure:
        raise WireError(f"a value cannot be sent: {failure}") from failure


def unpack_json(body: bytes) -> object:
    """The value in a JSON body. Raises WireError."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as failure:
        raise WireError(f"a message is no JSON: {failure}") from failure


def pack_transform(request: TransformRequest) -> bytes:
    """The body of a ``TRANSFORM``."""
    return _TRANSFORM.pack(*request)


def unpack_transform(body: bytes) -> TransformRequest:
    """The reverse of ``pack_transform``. Raises WireError."""
    return TransformRequest._make(_unpack(_TRANSFORM, body))


def pack_map(request: MapRequest) -> bytes:
    """The body of a ``MAP_INPUT`` or ``MAP_OUTPUT``."""
    return _MAP.pack(*request)


def unpack_map(body: bytes) -> MapRequest:
    """The reverse of ``pack_map``. Raises WireError."""
    return MapRequest._make(_unpack(_MAP, body))


def pack_unmap(number: int) -> bytes:
    """The body of an ``UNMAP``."""
    return _UNMAP.pack(number)


def unpack_unmap(body: bytes) -> int:
    """The reverse of ``pack_unmap``. Raises WireError."""
    return int(_unpack(_UNMAP, body)[0])


def _unpack(layout: Struct, body: bytes) -> tuple[int | float, ...]:
    try:
        return layout.unpack(body)
    except error as failure:
        raise WireError(f"a message of {len(body)} bytes where {layout.size} are needed") from failure
