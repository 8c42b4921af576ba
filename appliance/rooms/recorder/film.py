"""Puts the film together: the mixed sound, and pictures as people sent them, taken from one stream at a time."""

import heapq
import io
import itertools
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av

from appliance.rooms.recorder import director, sound, vp8
from appliance.rooms.recorder.director import Cut
from appliance.rooms.recorder.mjr import packets
from appliance.rooms.recorder.scan import scan_folder
from appliance.rooms.recorder.title import FPS, Title, draw

MS = Fraction(1, 1000)


class Nothing(Exception):
    """Nobody was heard or seen."""


class Picture(NamedTuple):
    """One encoded picture, `at` milliseconds after the film's beginning."""

    at: int
    data: bytes
    is_key: bool


def make(folder: Path, target: Path, title: str) -> None:
    """Make the film `target` of the recordings in `folder`. Raises `Nothing`, or `OSError`.

    The film is there only once it is whole and on the disk; what else was written goes in every case.
    """
    tracks = scan_folder(folder)
    if not tracks:
        raise Nothing
    begin, end = min(track.first for track in tracks), max(track.last for track in tracks)
    parts = target.with_name(f".{target.name}.part"), target.with_name(f".{target.name}.sound")
    try:
        levels = sound.mix([track for track in tracks if not track.head.kind.is_picture], begin, end, parts[1])
        seen = [track for track in tracks if track.head.kind.is_picture]
        cuts = director.direct(seen, director.speakers(levels), begin, end)
        still = draw(title, _day(begin))
        _join(parts[0], parts[1], title, still, pictures(cuts, still, begin, end))
        _put(parts[0], target)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def pictures(cuts: Sequence[Cut], still: Title, begin: float, end: float) -> Iterator[Picture]:
    """All pictures of a film, in order, at times that grow."""
    last = -1
    for cut, following in zip(cuts, [*cuts[1:], None], strict=True):
        until = following.at if following else end
        for picture in _of_track(cut, begin, until) if cut.track else _of_title(cut, still, begin, until):
            at = max(picture.at, last + 1)
            yield picture._replace(at=at)
            last = at


def _of_track(cut: Cut, begin: float, until: float) -> Iterator[Picture]:
    track, key = cut.track, cut.key
    if track is None or key is None:
        return
    for frame in vp8.frames(packets(track.head.path, key.place), key.timestamp):
        at = track.time(frame.timestamp, frame.came)
        if at >= until:
            return
        if frame.timestamp >= key.timestamp:
            yield Picture(_ms(at - begin), frame.data, frame.is_key)


def _of_title(cut: Cut, still: Title, begin: float, until: float) -> Iterator[Picture]:
    for count in itertools.count():
        at = cut.at + count / FPS
        if count and at >= until:
            return
        number = count % len(still.pictures)
        yield Picture(_ms(at - begin), still.pictures[number], number == 0)


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))


def _join(part: Path, sounds: Path, title: str, still: Title, shown: Iterator[Picture]) -> None:
    with (
        av.open(str(sounds)) as heard,
        av.open(io.BytesIO(still.container)) as sample,
        av.open(str(part), "w", format="webm") as film,
    ):
        film.metadata["title"] = title
        picture_stream: Any = film.add_stream_from_template(sample.streams.video[0])
        sound_stream: Any = film.add_stream_from_template(heard.streams.audio[0])
        both = (_packets_of_pictures(shown, picture_stream), _packets_of_sound(heard, sound_stream))
        for _at, packet, stream in heapq.merge(*both, key=lambda each: each[0]):
            packet.stream = stream
            film.mux_one(packet)


def _packets_of_pictures(shown: Iterator[Picture], stream: Any) -> Iterator[tuple[float, Any, Any]]:
    for picture in shown:
        packet = av.Packet(picture.data)
        packet.pts = packet.dts = picture.at
        packet.time_base = MS
        packet.is_keyframe = picture.is_key
        yield picture.at / 1000, packet, stream


def _packets_of_sound(heard: Any, stream: Any) -> Iterator[tuple[float, Any, Any]]:
    for packet in heard.demux(audio=0):
        if packet.dts is not None:
            yield float(packet.dts * packet.time_base), packet, stream


def _put(part: Path, target: Path) -> None:
    _sync(part)
    part.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
