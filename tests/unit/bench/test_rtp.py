"""The packets of the rooms' bench, and how those that arrive are counted."""

from itertools import islice

import pytest

from tests.bench.media.rtp import OPUS, VP8, Arrived, Stream, header, pictures, sounds


def numbers(packets: list[bytes]) -> list[tuple[int, int] | None]:
    return [header(packet) for packet in packets]


def test_a_camera_sends_its_bit_rate_and_begins_with_a_key_frame() -> None:
    frames = list(islice(pictures(Stream(7, VP8), 480_000), 30))
    # A descriptor (1 byte) and a header (12) are not the picture's.
    assert sum(len(packet) - 13 for frame in frames for packet in frame) * 8 == 480_000
    assert [frame[0][13] & 1 for frame in frames] == [0] + 29 * [1]  # RFC 6386, 9.1: 0 is a key frame
    assert all(frame[-1][1] & 0x80 for frame in frames)
    assert not any(packet[1] & 0x80 for frame in frames for packet in frame[:-1])
    packets = [packet for frame in frames for packet in frame]
    assert numbers(packets) == [(7, number) for number in range(1, 61)]


def test_a_microphone_sends_a_packet_each_20_ms_of_its_clock() -> None:
    first, second = islice(sounds(Stream(9, OPUS)), 2)
    assert int.from_bytes(second[4:8]) - int.from_bytes(first[4:8]) == 960
    assert numbers([first, second]) == [(9, 1), (9, 2)]


def test_numbers_begin_again_after_the_last() -> None:
    stream = Stream(9, OPUS, 65_535)
    assert header(stream.packet(b"", 0, last=False)) == (9, 0)


@pytest.mark.parametrize(
    "packet", [b"\x80\xc8" + bytes(10), b"\x00\x01" + bytes(10), b"\x16\xfe" + bytes(10)], ids=["RTCP", "STUN", "DTLS"]
)
def test_what_is_no_media_is_not_counted(packet: bytes) -> None:
    assert header(packet) is None


@pytest.mark.parametrize(
    ("arriving", "lost"),
    [
        ([1, 2, 3], 0),
        ([1, 3, 6], 3),
        ([1, 3, 2, 4], 0),
        ([65_534, 1], 2),
        ([65_534, 65_535, 0, 1], 0),
    ],
    ids=["all", "some lost", "out of order", "lost at the turn", "all at the turn"],
)
def test_what_is_missing_between_two_is_lost(arriving: list[int], lost: int) -> None:
    arrived = Arrived(arriving[0])
    for number in arriving[1:]:
        arrived.take(number)
    assert arrived.span - arrived.packets == lost
