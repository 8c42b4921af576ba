"""Writes `.mjr` files as Janus does (its record.c): sound and pictures, with delays, losses and clocks that drift."""

import json
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

STARTED = 1_700_000_000.0  # when the meeting began, seconds since 1970
RED, BLUE, GREEN, WHITE = (255, 0, 0), (0, 0, 255), (0, 160, 0), (255, 255, 255)


@dataclass
class Line:
    """The way from a sender to the box. `lost` and `late` tell of a packet by its number."""

    delay_s: float = 0.03
    jitter: Callable[[int], float] = lambda number: 0.004 * (number % 5)
    lost: Callable[[int], bool] = lambda _number: False
    drift: float = 0.0  # by which the sender's clock is faster
    rtp_start: int = 0xFFFFF000  # so that it wraps
    sequence_start: int = 65_530


@dataclass
class Sent:
    """One RTP packet: when it was captured (seconds after the meeting's beginning), its time in ticks, its payload."""

    at: float
    ticks: int
    marker: bool
    payload: bytes
    came: float = field(default=0.0)


def tone(hertz: float, begin: float, end: float) -> list[tuple[float, bytes]]:
    """Opus packets of 20 ms with a tone, each with its time."""
    encoder: Any = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = 48_000, "mono", "s16", 32_000
    encoder.time_base = Fraction(1, 48_000)
    count = round((end - begin) * 50)
    found = []
    for number in range(count):
        when = np.arange(960) + number * 960
        samples = (np.sin(2 * np.pi * hertz * when / 48_000) * 12_000).astype(np.int16)
        frame: Any = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, number * 960
        found += [bytes(packet) for packet in encoder.encode(frame)]
    return [(begin + number * 0.02, data) for number, data in enumerate(found)]


def quiet(begin: float, end: float) -> list[tuple[float, bytes]]:
    """What a browser sends of a microphone that is off: three bytes of Opus each 20 ms."""
    return [(begin + number * 0.02, b"\xf8\xff\xfe") for number in range(round((end - begin) * 50))]


def colour(
    rgb: tuple[int, int, int],
    begin: float,
    end: float,
    keys: Sequence[float] = (),
    fps: int = 10,
    size: tuple[int, int] = (160, 96),
) -> list[tuple[float, bytes]]:
    """VP8 frames of one colour, each with its time; key frames at the first and wherever `keys` says."""
    encoder: Any = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, fps), Fraction(fps)
    encoder.options = {"deadline": "realtime", "lag-in-frames": "0", "auto-alt-ref": "0", "g": "100000"}
    picture = np.full((size[1], size[0], 3), rgb, np.uint8)
    forced = {round((key - begin) * fps) for key in keys}
    found = []
    for number in range(round((end - begin) * fps)):
        frame: Any = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        frame.pts = number
        if number in forced:
            frame.pict_type = av.video.frame.PictureType.I
        found += [(begin + number / fps, bytes(packet)) for packet in encoder.encode(frame)]
    return found


def sound_packets(parts: Iterable[tuple[float, bytes]], line: Line) -> Iterator[Sent]:
    """One RTP packet for each."""
    for at, data in parts:
        yield Sent(at, round(at * 48_000 * (1 + line.drift)), False, data)


def picture_packets(parts: Iterable[tuple[float, bytes]], line: Line, largest: int = 300) -> Iterator[Sent]:
    """VP8 frames in pieces (RFC 7741, with a picture id of 15 bits as browsers send it)."""
    for number, (at, data) in enumerate(parts):
        pieces = [data[start : start + largest] for start in range(0, len(data), largest)]
        for place, piece in enumerate(pieces):
            descriptor = bytes([0x90 if place == 0 else 0x80, 0x80, 0x80 | number >> 8 & 0x7F, number & 0xFF])
            ticks = round(at * 90_000 * (1 + line.drift))
            yield Sent(at, ticks, place == len(pieces) - 1, descriptor + piece)


def write(
    folder: Path, person: int, kind: str, sent: Iterable[Sent], line: Line | None = None, extension: bool = True
) -> Path:
    """Write one stream's file."""
    line = line or Line()
    is_sound = kind in ("microphone", "screen-sound")
    medium = "audio" if is_sound else "video"
    path = folder / f"{person}-{int(STARTED * 1e3)}-{medium}-{len(list(folder.iterdir()))}.mjr"
    packets = []
    for number, each in enumerate(sent):
        if line.lost(number):
            continue
        each.came = each.at + line.delay_s + line.jitter(number)
        packets.append((each, (line.sequence_start + number) & 0xFFFF))
    packets.sort(key=lambda pair: pair[0].came)
    first = packets[0][0].came if packets else 0.0
    head = {"t": "a" if is_sound else "v", "c": "opus" if is_sound else "vp8", "d": kind}
    text = json.dumps(head | {"s": int(STARTED * 1e6), "u": round((STARTED + first) * 1e6)}).encode()
    with path.open("wb") as file:
        file.write(b"MJR00002" + (struct.pack("!H", len(text)) + text if packets else b""))
        for each, sequence in packets:
            bits, more = (0x90, b"\xbe\xde\x00\x01\x10\x7f\x00\x00") if extension else (0x80, b"")
            timestamp = (line.rtp_start + each.ticks) & 0xFFFFFFFF
            kind_bits = (0x80 if each.marker else 0) | (111 if is_sound else 96)
            packet = struct.pack("!BBHII", bits, kind_bits, sequence, timestamp, 42) + more + each.payload
            file.write(struct.pack("!4sIH", b"MEET", round((each.came - first) * 1000), len(packet)) + packet)
    return path


def write_sound(folder: Path, person: int, parts: Iterable[tuple[float, bytes]], line: Line | None = None) -> Path:
    """Somebody's microphone."""
    return write(folder, person, "microphone", sound_packets(parts, line or Line()), line)


def write_picture(
    folder: Path, person: int, parts: Iterable[tuple[float, bytes]], kind: str = "camera", line: Line | None = None
) -> Path:
    """Somebody's camera or screen."""
    return write(folder, person, kind, picture_packets(parts, line or Line()), line)
