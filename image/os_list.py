"""The entry for Raspberry Pi Imager: what it offers, where the image is, and how it knows that it arrived whole.

github.com/raspberrypi/rpi-imager, doc/json-schema/os-list-schema.json. People open the file in Imager (App Options,
Content Repository, or `rpi-imager --repo FILE`); whoever offers images to many puts it beside them on a web server.
"""

import base64
import datetime as dt
import json
from dataclasses import dataclass
from urllib.parse import quote

from image.board import Board

# Where IMAGE_URL is not given: what has to be replaced is easy to see, and nobody has this name (RFC 2606).
NOWHERE = "https://example.invalid/parlor"

# How Imager calls what an image runs on; it has no name for PCs.
DEVICES = {Board.X86: (), Board.RPI: ("pi4-64bit", "pi5-64bit")}
DESCRIPTION = "Chat, calls and rooms for a household or a small office, on open protocols. Updates itself."

# A door in a speech bubble; shown 40 pixels wide.
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><path fill="#2f6f5e" d="M8 3h24a5 5 0 0 1 5 5v17a5 5 '
    '0 0 1-5 5H19l-8 8v-8H8a5 5 0 0 1-5-5V8a5 5 0 0 1 5-5z"/><path fill="#fff" d="M14 8h12v17H14z"/>'
    '<circle cx="23" cy="17" r="1.5" fill="#2f6f5e"/></svg>'
)


@dataclass(frozen=True)
class Offer:
    """One packed image: its file name, sizes in bytes and SHA-256 digests (hex), packed and unpacked."""

    name: str
    version: str
    released: dt.date
    packed_size: int
    packed_sha256: str
    size: int
    sha256: str


def os_list(image: Offer, board: Board, url: str = "") -> str:
    """The JSON document with this one image; `url` is the folder that it can be fetched from."""
    where = f"{(url or NOWHERE).rstrip('/')}/{quote(image.name)}"
    entry = {
        "name": f"Parlor {image.version}",
        "description": DESCRIPTION,
        "icon": f"data:image/svg+xml;base64,{base64.b64encode(ICON.encode('ascii')).decode('ascii')}",
        "url": where,
        "extract_size": image.size,
        "extract_sha256": image.sha256,
        "image_download_size": image.packed_size,
        "image_download_sha256": image.packed_sha256,
        "release_date": image.released.isoformat(),
        # Imager's own settings (user, Wi-Fi, SSH) mean nothing here: parlor.toml has ours.
        "init_format": "none",
        "devices": list(DEVICES[board]),
    }
    return json.dumps({"os_list": [entry]}, indent=2) + "\n"
