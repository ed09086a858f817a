"""Untrusted output: lines, and what is left out when there is too much of it."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugdeck.hosting.log_packet import LogPacket, encode_log, note_of_left_out
from plugdeck.hosting.output import Budget, LeftOut, LogReader, PipeReader
from plugdeck.hosting.plugin_log import LogLevel, LogSource


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Pipe:
    """A pipe, its reader, and the lines that came out."""

    def __init__(self, source: LogSource = LogSource.STDOUT) -> None:
        self.clock = Clock()
        self.lines: list[tuple[LogSource, LogLevel, str]] = []
        self._ours, self._theirs = os.pipe()
        os.set_blocking(self._ours, False)
        self.left_out = LeftOut(self.clock)
        add, budget = lambda *line: self.lines.append(line), Budget(self.clock)
        self.reader = PipeReader(self._ours, source, add, budget, self.left_out)

    def write(self, data: bytes) -> None:
        for at in range(0, len(data), 32768):
            os.write(self._theirs, data[at : at + 32768])
            self.reader.read()

    def texts(self) -> list[str]:
        return [text for _, _, text in self.lines]

    def close_theirs(self) -> None:
        os.close(self._theirs)
        self._theirs = -1

    def close(self) -> None:
        os.close(self._ours)
        if self._theirs >= 0:
            os.close(self._theirs)


@pytest.fixture
def pipe():
    pipe = Pipe()
    yield pipe
    pipe.close()


def test_lines_come_whole_however_they_were_written(pipe):
    for part in (b"on", b"e\ntwo\r\nth", b"ree"):
        pipe.write(part)
    assert pipe.texts() == ["one", "two"]
    pipe.reader.flush(last=True)
    assert pipe.texts() == ["one", "two", "three"]


def test_standard_error_is_a_warning():
    pipe = Pipe(LogSource.STDERR)
    pipe.write(b"oh\n")
    assert pipe.lines == [(LogSource.STDERR, LogLevel.WARNING, "oh")]
    pipe.close()


def test_bytes_that_are_no_utf8_are_kept_apart(pipe):
    pipe.write(b"\xff\xfe\0\n")
    assert pipe.texts() == ["\udcff\udcfe\0"]


def test_end_of_the_pipe_is_told(pipe):
    assert pipe.reader.read() is True
    pipe.close_theirs()
    assert pipe.reader.read() is False


def test_line_without_end_is_given_in_parts(pipe):
    pipe.write(b"x" * 10_000)
    assert pipe.texts() and len(pipe.texts()[0]) >= 4000


def test_flood_is_left_out_but_its_begin_and_its_end_are_kept(pipe):
    pipe.write(b"first\n" + b"y" * 99 + b"\n")
    pipe.write((b"z" * 99 + b"\n") * 20_000 + b"last words\n")
    assert pipe.texts()[0] == "first"
    assert pipe.reader.holds
    pipe.clock.now += 1
    pipe.reader.flush()
    assert not pipe.reader.holds
    assert pipe.texts()[-1] == "last words"
    notices = [line for line in pipe.lines if line[0] is LogSource.HOST]
    assert len(notices) == 1 and "bytes of stdout were left out" in notices[0][2]
    assert len(pipe.lines) < 3000


def test_held_lines_are_given_at_the_end_without_waiting(pipe):
    pipe.write(b"\n" * 5000 + b"why it died")
    pipe.reader.flush(last=True)
    assert pipe.texts()[-1] == "why it died"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(max_size=3000), max_size=8))
def test_nothing_is_lost_while_the_budget_lasts(parts):
    pipe = Pipe()
    for part in parts:
        pipe.clock.now += 1
        pipe.write(part)
    pipe.reader.flush(last=True)
    given_back = "\n".join(pipe.texts()).encode("utf-8", "surrogateescape")
    pipe.close()
    written = b"".join(parts)
    if all(len(line) < 3000 and b"\r" not in line for line in written.split(b"\n")):
        assert given_back == written.removesuffix(b"\n")


def test_log_packets_become_lines_and_others_are_left_out():
    packets = [encode_log(LogPacket(1, 9, "hi")), b"x", b""]
    lines, told = [], []
    reader = LogReader(lambda size: packets.pop(0), lambda *line: lines.append(line), told.append, LeftOut())
    assert reader.read() is False
    assert not told
    assert lines == [(1, LogLevel.ERROR, "hi")]


def test_flood_of_log_packets_is_bounded():
    packet = encode_log(LogPacket(0, 1, "again"))
    left = [5000]

    def receive(size: int) -> bytes:
        left[0] -= 1
        return packet if left[0] >= 0 else b""

    clock, lines, told = Clock(), [], []
    add, tell = lambda *line: lines.append(line), lambda *line: told.append(line)
    reader = LogReader(receive, add, tell, LeftOut(clock), Budget(clock))
    while reader.read():
        pass
    assert len(lines) == 1000
    assert reader.holds and not told
    clock.now += 1
    reader.flush()
    assert told == [(LogSource.HOST, LogLevel.WARNING, "4,000 log lines were left out.")]
    assert not reader.holds


def test_lines_that_found_no_room_in_the_worker_are_told_before_the_next_one():
    note = encode_log(note_of_left_out(1))
    packets = [note, encode_log(LogPacket(3, 1, "after")), note, b""]
    said = []
    reader = LogReader(
        lambda size: packets.pop(0), lambda *line: said.append(line), lambda *line: said.append(line), LeftOut()
    )
    assert reader.read() is False
    reader.flush(last=True)
    missing = (LogSource.HOST, LogLevel.WARNING, "1 log line was left out.")
    assert said == [missing, (3, LogLevel.INFO, "after"), missing]


@pytest.mark.parametrize("packet", [encode_log(note_of_left_out(1)), encode_log(LogPacket(0, 1, ""))])
def test_packets_without_end_are_a_flood_however_short_and_whatever_they_are(packet):
    clock, given_out = Clock(), [0]
    left_out = LeftOut(clock)

    def receive(size: int) -> bytes:
        given_out[0] += 1
        return packet

    reader = LogReader(receive, lambda *line: None, lambda *line: None, left_out, Budget(clock))
    while not left_out.is_flood:
        assert reader.read() and given_out[0] < 500_000
    assert left_out.total_bytes == (given_out[0] - 1000) * len(packet)


def test_what_notes_say_is_believed_up_to_a_bound():
    packets, told = [encode_log(note_of_left_out(999_999_999_999))] * 3 + [b""], []
    reader = LogReader(lambda size: packets.pop(0), lambda *line: None, lambda *line: told.append(line), LeftOut())
    assert reader.read() is False
    reader.flush(last=True)
    assert told == [(LogSource.HOST, LogLevel.WARNING, "At least 1,000,000,000 log lines were left out.")]


def test_flood_is_far_more_than_anybody_reads_in_a_short_time():
    clock = Clock()
    left_out = LeftOut(clock)
    for _ in range(64):
        left_out.add(1 << 20)
    assert not left_out.is_flood
    left_out.add(1)
    assert left_out.is_flood
    assert left_out.total_bytes == (64 << 20) + 1


def test_talkative_plugin_is_forgiven_with_time():
    clock = Clock()
    left_out = LeftOut(clock)
    for _ in range(1000):
        left_out.add(1 << 20)
        clock.now += 1.0
        assert not left_out.is_flood
    assert left_out.total_bytes == 1000 << 20


def test_bytes_and_log_lines_that_nobody_reads_are_counted(pipe):
    pipe.write(b"x" * 100 * 1024 * 8)
    assert pipe.left_out.total_bytes >= 400 * 1024
    left_out, packets = LeftOut(), [encode_log(LogPacket(0, 1, "y" * 1000))] * 900
    budget = Budget(Clock())
    LogReader(lambda size: packets.pop() if packets else b"", lambda *line: None, print, left_out, budget).read()
    assert left_out.total_bytes > 500 * 1000
