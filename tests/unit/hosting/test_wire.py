"""What is a message, and what is not."""

import os
import socket
from contextlib import suppress
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugdeck.hosting import wire
from plugdeck.hosting.log_packet import MAXIMUM_LOG_BYTES, LogPacket, decode_log, encode_log
from plugdeck.hosting.wire import Kind, WireError


def test_header_is_twelve_bytes():
    assert wire.HEADER.size == 12


@pytest.mark.parametrize("kind", list(Kind))
def test_message_survives_the_way(kind):
    assert wire.decode(wire.encode(kind, 0xFFFF_FFFF, b"body")) == (kind, 0xFFFF_FFFF, b"body", ())


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (b"", "shorter than its header"),
        (b"PD\x01\x21\0\0\0\0\0\0\0", "shorter than its header"),
        (pack("<2sBBII", b"XX", 1, 33, 0, 0), "wrong bytes"),
        (pack("<2sBBII", b"PD", 2, 33, 0, 0), "protocol version 2"),
        (pack("<2sBBII", b"PD", 1, 0, 0, 0), "unknown kind 0"),
        (pack("<2sBBII", b"PD", 1, 255, 0, 0), "unknown kind 255"),
        (pack("<2sBBII", b"PD", 1, 33, 0, 1), "says it has 1 bytes and has 0"),
        (pack("<2sBBII", b"PD", 1, 33, 0, 0) + b"x", "says it has 0 bytes and has 1"),
        (pack("<2sBBII", b"PD", 1, 33, 0, 65537) + bytes(65537), "says it has 65537"),
    ],
)
def test_other_bytes_are_refused(packet, reason):
    with pytest.raises(WireError, match=reason):
        wire.decode(packet)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_wire_error(packet):
    readers = (
        wire.decode,
        decode_log,
        wire.unpack_transform,
        wire.unpack_map,
        wire.unpack_unmap,
        wire.unpack_json,
    )
    for read in readers:
        with suppress(WireError):
            read(packet)


def test_body_of_exactly_the_limit_passes_and_one_more_byte_does_not():
    largest = bytes(wire.MAXIMUM_BODY_BYTES)
    assert wire.decode(wire.encode(Kind.DONE, 1, largest)).body == largest
    with pytest.raises(WireError, match="65,537 bytes are more than"):
        wire.encode(Kind.DONE, 1, largest + b"x")


@pytest.mark.parametrize("body", [b"", b"{", b"[1,", b"\xff\xfe", b"[" * 60_000, b"1" * 60_000])
def test_json_that_is_none_is_a_wire_error(body):
    with pytest.raises(WireError):
        wire.unpack_json(body)


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes"])
def test_what_json_cannot_hold_is_a_wire_error(value):
    with pytest.raises(WireError, match="cannot be sent"):
        wire.pack_json(value)


def test_value_that_holds_itself_is_a_wire_error():
    value: list[object] = []
    value.append(value)
    with pytest.raises(WireError, match="cannot be sent"):
        wire.pack_json(value)


def test_path_that_is_no_utf8_survives_json():
    path = os.fsdecode(b"/tmp/\xff\n.so")
    assert wire.unpack_json(wire.pack_json(path)) == path


def test_log_line_that_is_too_long_is_cut():
    line = decode_log(encode_log(LogPacket(7, 2, "ä" * 100_000)))
    assert (line.slot, line.level) == (7, 2)
    assert len(line.text) == MAXIMUM_LOG_BYTES // 2


def test_descriptors_come_with_their_message_and_only_with_it():
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with here, there, open(os.devnull) as file:
        socket.send_fds(here, [wire.encode(Kind.MAP_INPUT, 1)], [file.fileno(), file.fileno()])
        here.send(wire.encode(Kind.STOP, 2))
        first, second = wire.receive_with_descriptors(there), wire.receive_with_descriptors(there)
        here.close()
        assert wire.receive_with_descriptors(there) is None
    assert first and len(first.descriptors) == 2
    assert second and second.descriptors == ()
    for descriptor in first.descriptors:
        assert not os.get_inheritable(descriptor)
        os.close(descriptor)
