"""RTP packets like a camera's and a microphone's, and counting those that arrive. Pure (RFC 3550, RFC 7741)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

OPUS, VP8 = 111, 96  # payload types
SOUND_BYTES = 80  # 20 ms of Opus at 32 kbit/s
SOUND_S = 0.02
FRAMES_PER_S = 30
KEY_FRAME_EVERY = FRAMES_PER_S  # frames

_DESCRIPTOR = b"\x10"  # the start of a frame's first partition
_CONTINUES = b"\x00"
_KEY = b"\x10\x02\x00\x9d\x01\x2a\x80\x02\x68\x01"  # a frame tag, the start code, 640 by 360 (RFC 6386, 9.1)
_DELTA = b"\x11\x02\x00"


@dataclass
class Stream:
    """One stream that is sent; a packet's number and the clock go on by themselves."""

    ssrc: int
    payload_type: int
    _sequence: int = 0

    def packet(self, payload: bytes, timestamp: int, last: bool) -> bytes:
        """One packet; `last` of its frame."""
        self._sequence = (self._sequence + 1) & 0xFFFF
        kind = self.payload_type | (0x80 if last else 0)
        return struct.pack("!BBHII", 0x80, kind, self._sequence, timestamp & 0xFFFFFFFF, self.ssrc) + payload


def sounds(stream: Stream) -> Iterator[bytes]:
    """A microphone's packets, one each 20 ms."""
    timestamp, payload = 0, bytes([0x78]) + bytes(SOUND_BYTES - 1)
    while True:
        yield stream.packet(payload, timestamp, last=False)
        timestamp += 960


def pictures(stream: Stream, bit_s: int) -> Iterator[list[bytes]]:
    """A camera's frames, 30 a second, of packets that are at most 1,000 bytes each."""
    size, number = bit_s // 8 // FRAMES_PER_S, 0
    while True:
        frame = (_DELTA if number % KEY_FRAME_EVERY else _KEY).ljust(size, b"\x55")
        parts = [frame[at : at + 1000] for at in range(0, size, 1000)]
        yield [
            stream.packet((_CONTINUES if at else _DESCRIPTOR) + part, number * 3000, last=at == len(parts) - 1)
            for at, part in enumerate(parts)
        ]
        number += 1


@dataclass
class Arrived:
    """One stream at one receiver. Nothing is sent again, so what is missing between first and last is lost."""

    last: int
    span: int = 1  # packets from the first to the last
    packets: int = 1

    def take(self, sequence: int) -> None:
        """One more packet, by its number."""
        step = (sequence - self.last) & 0xFFFF
        if step < 0x8000:
            self.span += step
            self.last = sequence
        self.packets += 1


@dataclass(frozen=True)
class Tally:
    """All streams at all receivers: packets and bytes of RTP that arrived, and those missing between two that did.

    `dropped` packets had come as far as this side's sockets and found their buffers full.
    """

    streams: int
    received: int
    size: int
    gaps: int
    dropped: int


def header(packet: bytes | bytearray) -> tuple[int, int] | None:
    """SSRC and number of an RTP packet, which SRTP leaves in the clear; nothing for RTCP, STUN and DTLS (RFC 7983)."""
    if not 128 <= packet[0] < 192 or 192 <= packet[1] < 224:
        return None
    return int.from_bytes(packet[8:12]), int.from_bytes(packet[2:4])
