"""Looks at a film as a browser would: what is heard and seen when."""

from pathlib import Path
from typing import Any

import av
import numpy as np

Colour = tuple[int, int, int]  # red, green, blue


class Film:
    """A film, decoded."""

    def __init__(self, path: Path) -> None:
        with av.open(str(path)) as container:
            self.title = container.metadata.get("title", "")
            self.seconds = (container.duration or 0) / 1e6
            self.codecs = [stream.codec_context.name for stream in container.streams]
            self.pictures: list[tuple[float, Any]] = []
            for picture in container.decode(video=0):
                small: Any = picture.to_ndarray(format="rgb24")
                self.pictures.append((float(picture.time or 0), small))
        with av.open(str(path)) as container:
            parts = []
            for frame in container.decode(audio=0):
                samples = frame.to_ndarray().reshape(-1)[:: len(frame.layout.channels)]
                parts.append((float(frame.time or 0), samples.astype(np.float32)))
        self.sound = np.zeros(int(self.seconds * 48_000) + 96_000, np.float32)
        for at, samples in parts:
            start = max(0, round(at * 48_000))
            self.sound[start : start + len(samples)] = samples[: len(self.sound) - start]

    def colour(self, at: float) -> Colour:
        """The picture that is seen at a time, beside the title's letters."""
        return [_colour(picture) for time, picture in self.pictures if time <= at][-1]

    def times(self, near: Colour) -> list[float]:
        """When a picture of this colour begins."""
        return [at for at, picture in self.pictures if is_like(_colour(picture), near)]

    def loudness(self, hertz: float, begin: float, end: float) -> float:
        """How loud a tone is in a part of the film; 1 is full scale."""
        part = self.sound[round(begin * 48_000) : round(end * 48_000)]
        wave = np.exp(-2j * np.pi * hertz * np.arange(len(part)) / 48_000)
        return float(abs((part * wave).mean()) * 2)

    def tone_begins(self, hertz: float, after: float = 0.0) -> float:
        """When a tone is heard first, to 5 ms."""
        step = 0.005
        at = after
        while self.loudness(hertz, at, at + 4 * step) < 0.1:
            at += step
            assert at < self.seconds, "the tone is not heard"
        return at


def _colour(picture: Any) -> Colour:
    point = picture[picture.shape[0] // 4, picture.shape[1] // 4]
    return (int(point[0]), int(point[1]), int(point[2]))


def is_like(seen: Colour, wanted: Colour) -> bool:
    """Whether two colours are the same but for what a codec does to them."""
    return all(abs(a - b) < 40 for a, b in zip(seen, wanted, strict=True))
