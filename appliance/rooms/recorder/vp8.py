"""VP8 in RTP (RFC 7741): from packets to frames, without looking into the pictures."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from appliance.rooms.recorder.mjr import Packet, Unwrap

CLOCK_HZ = 90_000
LATE = 512  # packets for which a missing one is waited: what was sent again comes within half a second
LONGEST = 3000  # packets of a frame; nobody sends such a picture


@dataclass(frozen=True)
class Frame:
    """One picture, ready for a container. `timestamp` goes on counting in ticks of 90 kHz."""

    timestamp: int
    came: float
    is_key: bool
    data: bytes


def payload(packet: bytes) -> tuple[bytes, bool] | None:
    """What follows the payload descriptor, and whether a frame begins there. Nothing if it is no VP8."""
    if not packet:
        return None
    first, at = packet[0], 1
    if first & 0x80:
        if len(packet) < 2:
            return None
        extended, at = packet[1], 2
        if extended & 0x80:
            at += 2 if packet[at : at + 1] >= b"\x80" else 1
        at += bool(extended & 0x40) + bool(extended & 0x30)
    return (packet[at:], first & 0x17 == 0x10) if at < len(packet) else None


def begins_key_frame(packet: bytes) -> bool:
    """Whether a packet is the first of a key frame (RFC 6386, 9.1): a picture that needs none before it."""
    if not packet or packet[0] & 0x17 != 0x10:
        return False
    found = payload(packet)
    return found is not None and len(found[0]) >= 10 and not found[0][0] & 1 and found[0][3:6] == b"\x9d\x01\x2a"


def in_order(packets: Iterable[Packet], late: int = LATE) -> Iterator[tuple[int, Packet]]:
    """Packets in order and once each, with their numbers going on counting; a missing one is given up in time."""
    unwrap = Unwrap(16)
    waiting: list[tuple[int, Packet]] = []
    wanted: int | None = None
    for came in packets:
        number = unwrap(came.sequence)
        if wanted is None:
            wanted = number
        if number < wanted:
            continue
        heapq.heappush(waiting, (number, came))
        while waiting and (waiting[0][0] <= wanted or len(waiting) > late):
            number, packet = heapq.heappop(waiting)
            if number >= wanted:
                wanted = number + 1
                yield number, packet
    while waiting:
        number, packet = heapq.heappop(waiting)
        if wanted is None or number >= wanted:
            wanted = number + 1
            yield number, packet


def frames(packets: Iterable[Packet], timestamp: int | None = None) -> Iterator[Frame]:
    """Whole frames, beginning with a key frame; after a loss none until the next, so that nobody sees smeared pictures.

    `timestamp` is the count near which the first packet's is.
    """
    unwrap = Unwrap(32, timestamp)
    parts: list[bytes] = []
    begun: Packet | None = None
    before: int | None = None
    broken = True
    for number, packet in in_order(packets):
        if before is not None and number != before + 1:
            broken, begun, parts = True, None, []
        before = number
        found = payload(packet.payload)
        if found is None:
            continue  # only padding
        data, begins = found
        if begins:
            # One frame that has no end spoils those after it.
            broken = (broken or begun is not None) and not begins_key_frame(packet.payload)
            begun, parts = packet, []
        elif begun is None or packet.timestamp != begun.timestamp or len(parts) >= LONGEST:
            broken, begun, parts = True, None, []
            continue
        parts.append(data)
        if packet.marker and begun is not None:
            if not broken:
                yield Frame(unwrap(begun.timestamp), begun.came, not parts[0][0] & 1, b"".join(parts))
            begun, parts = None, []
