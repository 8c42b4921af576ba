"""The picture that is seen where nobody is: the title on a quiet ground, as ten seconds of VP8 to be repeated."""

import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.filter import Graph
from av.video.frame import PictureType

FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf")
WIDTH, HEIGHT = 1280, 720
GROUND, INK, PALE = "0x1b2230", "0xf2f4f8", "0x9aa7bd"
SECONDS, FPS = 10, 5  # a player may show the next picture half a picture too early
LARGE, SMALL = 64, 32  # pixels
_LETTER = 0.62  # of its height a letter is wide
LONGEST = 60  # letters
# One good picture, and then hardly a byte for each that is the same.
_OPTIONS = {
    "deadline": "realtime",
    "cpu-used": "4",
    "lag-in-frames": "0",
    "auto-alt-ref": "0",
    "static-thresh": "1000000",
    "qmin": "4",
    "qmax": "20",
    "b": "2M",
    "g": str(SECONDS * FPS * 2),
}


@dataclass(frozen=True)
class Title:
    """`FPS` encoded pictures a second, the first a key frame; `container` holds them as a file."""

    pictures: tuple[bytes, ...]
    container: bytes


def draw(title: str, subtitle: str) -> Title:
    """Draw and encode it. Raises `OSError`."""
    # Texts go through files, since a filter's arguments would need three kinds of quoting.
    with tempfile.TemporaryDirectory() as folder:
        return _encode(_graph(Path(folder), title, subtitle))


def _graph(folder: Path, title: str, subtitle: str) -> Graph:
    lines = [(title, LARGE, INK, -0.6), (subtitle, SMALL, PALE, 1.6)]
    graph = Graph()
    last: Any = graph.add("color", f"c={GROUND}:s={WIDTH}x{HEIGHT}:r={FPS}:d={SECONDS}")
    for number, (text, size, colour, offset) in enumerate(lines):
        shown = " ".join(text.split())[:LONGEST]
        if not shown or not FONT.exists():
            continue
        file = folder / f"title{number}.txt"
        file.write_text(shown, encoding="utf-8")
        height = min(size, int(WIDTH * 0.9 / (_LETTER * len(shown))))
        place = f"x=(w-text_w)/2:y=h/2+{offset}*{LARGE}"
        look = f"fontfile={FONT}:expansion=none:fontsize={height}:fontcolor={colour}"
        text_filter = graph.add("drawtext", f"textfile={file}:{look}:{place}")
        last.link_to(text_filter)
        last = text_filter
    pixels, sink = graph.add("format", "pix_fmts=yuv420p"), graph.add("buffersink")
    last.link_to(pixels)
    pixels.link_to(sink)
    graph.configure()
    return graph


def _encode(graph: Graph) -> Title:
    file, pictures = io.BytesIO(), []
    with av.open(file, "w", format="webm") as container:
        stream: Any = container.add_stream("libvpx", rate=FPS, options=_OPTIONS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(SECONDS * FPS):
            frame: Any = graph.pull()
            frame.pts, frame.pict_type = number, PictureType.NONE  # else each would be a key frame
            for packet in stream.encode(frame):
                pictures.append(bytes(packet))
                container.mux(packet)
        for packet in stream.encode(None):
            pictures.append(bytes(packet))
            container.mux(packet)
    return Title(tuple(pictures), file.getvalue())
