"""A first look through a stream's recording: its clock, when it was there, and where its key frames are."""

import logging
from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from appliance.rooms.recorder import vp8
from appliance.rooms.recorder.clock import Clock
from appliance.rooms.recorder.mjr import Damaged, Head, Kind, Unwrap, packets, read_head

log = logging.getLogger(__name__)

SOUND_HZ = 48_000  # of Opus in RTP, whatever it holds (RFC 7587)
EARLIER = 128  # packets
# A stream that is silent for longer was switched off. A screen on which nothing moves sends little.
GONE_S = {Kind.CAMERA: 3.0, Kind.SCREEN: 12.0}


@dataclass(frozen=True)
class Key:
    """A key frame: when, and where to begin reading: a little before, since its first packet may have come last."""

    at: float
    place: int
    timestamp: int


@dataclass(frozen=True)
class Track:
    """One stream. Times are seconds since 1970, as the box's clock had it."""

    head: Head
    clock: Clock
    hz: int
    first: float
    last: float
    spans: tuple[tuple[float, float], ...] = ()  # pictures only: when they came
    keys: tuple[Key, ...] = ()

    def time(self, timestamp: int, came: float) -> float:
        """When a packet's content was; `came` is seconds after the stream's first packet."""
        return self.clock.at(timestamp / self.hz, self.head.first + came)

    def is_there(self, at: float) -> bool:
        """Whether the stream is sent at a time."""
        found = bisect_right(self.spans, (at, float("inf"))) - 1
        return found >= 0 and at < self.spans[found][1]

    def since(self, at: float) -> float:
        """When the stream that is sent at this time began."""
        return self.spans[bisect_right(self.spans, (at, float("inf"))) - 1][0]

    def key(self, after: float, before: float) -> Key | None:
        """The first key frame in a part of the time: at `after` or later, and before `before`."""
        found = bisect_left(self.keys, after, key=lambda key: key.at)
        return self.keys[found] if found < len(self.keys) and self.keys[found].at < before else None


def scan(head: Head) -> Track | None:
    """Read a recording through; nothing if nothing is in it. Raises `OSError`."""
    is_picture = head.kind.is_picture
    hz = vp8.CLOCK_HZ if is_picture else SOUND_HZ
    clock, unwrap = Clock(), Unwrap(32)
    keys: list[tuple[int, float, int]] = []
    spans: list[tuple[float, float]] = []
    earliest: int | None = None
    recent: deque[int] = deque(maxlen=EARLIER)
    for packet in packets(head.path, head.place):
        if not packet.payload:
            continue
        timestamp, came = unwrap(packet.timestamp), head.first + packet.came
        clock.note(timestamp / hz, came)
        earliest = timestamp if earliest is None else earliest
        if spans and came - spans[-1][1] < GONE_S.get(head.kind, float("inf")):
            spans[-1] = (spans[-1][0], came)
        else:
            spans.append((came, came))
        recent.append(packet.place)
        if is_picture and vp8.begins_key_frame(packet.payload):
            keys.append((timestamp, packet.came, recent[0]))
    if earliest is None:
        return None
    clock.close()
    first = clock.at(earliest / hz, spans[0][0])
    found = [Key(clock.at(ts / hz, head.first + came), place, ts) for ts, came, place in keys]
    return Track(head, clock, hz, first, spans[-1][1], tuple(spans), tuple(sorted(found, key=lambda key: key.at)))


def scan_folder(folder: Path) -> list[Track]:
    """Every stream of a recording that can be read. Raises `OSError`."""
    tracks = []
    for path in sorted(folder.glob("*.mjr")):
        try:
            track = scan(read_head(path))
        except Damaged as error:
            log.info("left out: %s", error)
            continue
        if track is not None:
            tracks.append(track)
    return tracks
