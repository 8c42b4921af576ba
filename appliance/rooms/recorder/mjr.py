"""Janus's recordings of single streams (`.mjr`, its record.c) and the RTP in them (RFC 3550). Reads as it goes.

A file is `MJR00002`, the length of a JSON object (2 bytes) and that object; then for each packet `MEET`, the
milliseconds since the first one (4 bytes), its length (2 bytes), and the packet; in the order in which they came.
"""

import json
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

MAGIC = b"MJR00002"
MARK = b"MEET"
_FRAME = struct.Struct("!4sIH")
_RTP = struct.Struct("!BBHII")
_CHUNK = 1 << 20  # bytes read at once
_PERSON = re.compile(r"(\d+)-")  # the daemon has Janus begin each name with who sends (`sending.py`)


class Damaged(ValueError):
    """This is no recording, or its beginning is lost."""


class Kind(StrEnum):
    """What a stream is: the words of `docs/rooms.md`."""

    MICROPHONE = "microphone"
    CAMERA = "camera"
    SCREEN = "screen"
    SCREEN_SOUND = "screen-sound"

    @property
    def is_picture(self) -> bool:
        """Whether it is seen, not heard."""
        return self in (Kind.CAMERA, Kind.SCREEN)


@dataclass(frozen=True)
class Head:
    """What stands at the beginning: whose stream, and when its first packet came (seconds since 1970)."""

    path: Path
    person: str
    kind: Kind
    first: float
    place: int  # where the packets begin, in bytes


class Packet(NamedTuple):
    """One RTP packet: its place in the file, when it came (seconds after the first), and what matters of its header."""

    place: int
    came: float
    sequence: int
    timestamp: int
    marker: bool
    payload: bytes


def read_head(path: Path) -> Head:
    """Read the beginning. Raises `Damaged`, also for streams that a film has no place for."""
    with path.open("rb") as file:
        start = file.read(len(MAGIC) + 2)
        if len(start) < len(MAGIC) + 2 or not start.startswith(MAGIC):
            raise Damaged(f"{path.name} has no beginning")  # also a stream without any packet
        length = int.from_bytes(start[len(MAGIC) :])
        return _head(path, file.read(length), len(start) + length)


def _head(path: Path, text: bytes, place: int) -> Head:
    try:
        document = json.loads(text)
        codec, first = document["c"], int(document["u"]) / 1e6
        said = document.get("d", "")
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{path.name}: {error}") from error
    if document.get("e"):
        raise Damaged(f"{path.name} is encrypted")
    if codec not in ("opus", "vp8"):
        raise Damaged(f"{path.name} is {codec}")
    usual = Kind.MICROPHONE if codec == "opus" else Kind.CAMERA
    kind = Kind(said) if said in set(Kind) and Kind(said).is_picture == usual.is_picture else usual
    person = _PERSON.match(path.name)
    return Head(path, person[1] if person else path.stem, kind, first, place)


def packets(path: Path, place: int) -> Iterator[Packet]:
    """Every packet from a place in the file on. What is damaged is skipped; a last packet cut off is left out."""
    with path.open("rb") as file:
        file.seek(place)
        rest = b""
        while chunk := file.read(_CHUNK):
            buffer = rest + chunk
            at = 0
            while True:
                if buffer[at : at + 4] != MARK[: len(buffer) - at]:
                    found = buffer.find(MARK, at)
                    at = found if found >= 0 else len(buffer)
                if at + _FRAME.size > len(buffer):
                    break
                _mark, came_ms, length = _FRAME.unpack_from(buffer, at)
                end = at + _FRAME.size + length
                if end > len(buffer):
                    break
                packet = _packet(place + at, came_ms / 1000, buffer, at + _FRAME.size, end)
                if packet is not None:
                    yield packet
                at = end
            place += at
            rest = buffer[at:]


def _packet(place: int, came: float, buffer: bytes, at: int, end: int) -> Packet | None:
    if end - at < _RTP.size:
        return None
    bits, kind, sequence, timestamp, _ssrc = _RTP.unpack_from(buffer, at)
    start = at + _RTP.size + 4 * (bits & 0x0F)
    if bits & 0x10 and start + 4 <= end:  # a header extension
        start += 4 + 4 * int.from_bytes(buffer[start + 2 : start + 4])
    if bits & 0x20:  # padding, whose last byte is its length
        end -= buffer[end - 1]
    if bits >> 6 != 2 or start > end:
        return None
    return Packet(place, came, sequence, timestamp, kind > 0x7F, buffer[start:end])


class Unwrap:
    """Goes on counting where a number of `bits` bits begins anew."""

    def __init__(self, bits: int, last: int | None = None) -> None:
        self._size = 1 << bits
        self._last = last

    def __call__(self, value: int) -> int:
        """The number nearest to the last one that ends in `value`."""
        if self._last is None:
            self._last = value
        else:
            step = (value - self._last) % self._size
            self._last += step - self._size if step >= self._size // 2 else step
        return self._last
