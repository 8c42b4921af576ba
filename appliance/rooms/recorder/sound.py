"""The sound of all people as one: decoded, placed in time, mixed, encoded. Also tells how loud everybody was."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

from appliance.rooms.recorder.director import STEP_S
from appliance.rooms.recorder.mjr import Packet, Unwrap, packets
from appliance.rooms.recorder.scan import SOUND_HZ, Track
from appliance.rooms.recorder.vp8 import in_order

log = logging.getLogger(__name__)

LATE = 32  # packets for which a missing one is waited
SLACK = 960  # samples that a stream may be off its place before it is moved: 20 ms, which nobody sees on lips
SILENT = 3  # bytes: a longer packet holds sound
BIT_RATE = 48_000
CHUNK_S = 1.0
LOUD = 0.7  # what is louder is bent so that it never leaves ±1

Samples = NDArray[np.float32]


class Voice:
    """One stream, decoded as it is asked for."""

    def __init__(self, track: Track, begin: float) -> None:
        self._track = track
        self._begin = begin
        self._decoder: AudioCodecContext = _decoder()
        self._packets = in_order(packets(track.head.path, track.head.place), LATE)
        self._unwrap = Unwrap(32)
        self._rest: tuple[int, Samples] | None = None
        self._cursor: int | None = None  # where the next sample goes

    def read(self, first: int, count: int) -> Samples:
        """`count` samples from `first` on (since the film's beginning). Ask in order."""
        found = np.zeros(count, np.float32)
        while True:
            if self._rest is None:
                self._rest = self._next()
                if self._rest is None:
                    return found
            place, samples = self._rest
            if place >= first + count:
                return found
            start, skip = max(place, first), max(0, first - place)
            taken = samples[skip : skip + first + count - start]
            found[start - first : start - first + len(taken)] = taken
            used = skip + len(taken)
            self._rest = (place + used, samples[used:]) if used < len(samples) else None
            if self._rest is not None and self._rest[0] >= first + count:
                return found

    def _next(self) -> tuple[int, Samples] | None:
        """The next decoded packet with its place."""
        for _number, packet in self._packets:
            at = self._track.time(self._unwrap(packet.timestamp), packet.came)
            samples = self._decode(packet)
            if not len(samples):
                continue
            target = round((at - self._begin) * SOUND_HZ)
            if self._cursor is None or target - self._cursor > SLACK:
                self._cursor = target
            elif self._cursor - target > SLACK:
                continue  # the stream's clock is slow: one packet less
            place = self._cursor
            self._cursor += len(samples)
            return place, samples
        return None

    def _decode(self, packet: Packet) -> Samples:
        if len(packet.payload) <= SILENT:
            return np.zeros(0, np.float32)
        try:
            frames = [frame.to_ndarray().reshape(-1) for frame in self._decoder.decode(av.Packet(packet.payload))]
        except av.FFmpegError:
            return np.zeros(0, np.float32)
        whole = np.concatenate(frames) if frames else np.zeros(0, np.int16)
        return whole.astype(np.float32) / np.float32(32768)


def _decoder() -> AudioCodecContext:
    decoder: Any = av.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout = SOUND_HZ, "mono"
    found: AudioCodecContext = decoder
    return found


def mix(tracks: Sequence[Track], begin: float, end: float, path: Path) -> dict[str, list[float]]:
    """Write the sound of all to `path`; returns each person's loudness in every `STEP_S` (dB below full scale).

    Raises `OSError`, also when the disk is full.
    """
    levels: dict[str, list[float]] = {track.head.person: [] for track in tracks}
    with av.open(str(path), "w", format="webm") as container:
        stream: Any = container.add_stream("libopus", rate=SOUND_HZ, layout="mono", options={"application": "audio"})
        stream.bit_rate = BIT_RATE
        for first, chunk in _chunks(tracks, levels, begin, end):
            frame: Any = av.AudioFrame.from_ndarray(_as_integers(chunk), format="s16", layout="mono")
            frame.sample_rate, frame.pts = SOUND_HZ, first
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return levels


def _chunks(
    tracks: Sequence[Track], levels: dict[str, list[float]], begin: float, end: float
) -> Iterator[tuple[int, Samples]]:
    size = round(CHUNK_S * SOUND_HZ)
    waiting = sorted(tracks, key=lambda track: track.first)
    voices: list[tuple[Track, Voice]] = []
    total = max(size // 5, round((end - begin) * SOUND_HZ))
    for first in range(0, total, size):
        now = begin + first / SOUND_HZ
        while waiting and waiting[0].first < now + 2 * CHUNK_S + 3:
            track = waiting.pop(0)
            voices.append((track, Voice(track, begin)))
        voices = [(track, voice) for track, voice in voices if track.last > now - 5]
        whole = np.zeros(size, np.float32)
        loudness: dict[str, Samples] = {}
        for track, voice in voices:
            samples = voice.read(first, size)
            whole += samples
            power = np.square(samples).reshape(round(CHUNK_S / STEP_S), -1).mean(axis=1)
            loudness[track.head.person] = np.maximum(loudness.get(track.head.person, power), power)
        for person, each in levels.items():
            power = loudness.get(person, np.zeros(round(CHUNK_S / STEP_S), np.float32))
            each.extend((10 * np.log10(power + 1e-10)).tolist())
        yield first, whole[: total - first]


def _as_integers(samples: Samples) -> NDArray[np.int16]:
    """As 16 bits; where people speak at once, what is too loud is bent, not cut."""
    over = np.abs(samples) > LOUD
    if over.any():
        samples = samples.copy()
        loud = samples[over]
        samples[over] = np.sign(loud) * (LOUD + (1 - LOUD) * np.tanh((np.abs(loud) - LOUD) / (1 - LOUD)))
    return (samples * 32767).astype(np.int16).reshape(1, -1)
