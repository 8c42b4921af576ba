"""What the core rendered for the rooms (`appliance/services/rooms.py`)."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.model import RUN
from appliance.rooms.relay import Relay
from appliance.settings import Rooms

PATH = RUN / "rooms" / "rooms.json"


@dataclass(frozen=True)
class Config:
    """The daemon's configuration."""

    key: bytes = field(repr=False)  # signs tokens
    domain: str
    language: str
    janus: str  # the socket's path
    relay: Relay
    rooms: Rooms
    admins: tuple[str, ...]
    time_zone: str

    @property
    def base_url(self) -> str:
        """Where the box's pages are."""
        return f"https://{self.domain}"


def load(path: Path = PATH) -> Config:
    """Read the rendered file. Raises `OSError`, `ValueError` or `KeyError`: the unit then fails, loudly."""
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if not document["key"]:
        raise ValueError(f"{path} holds no key")
    return Config(
        key=bytes.fromhex(document["key"]),
        domain=document["domain"],
        language=document["language"],
        janus=document["janus"],
        relay=Relay(**document["relay"]),
        rooms=Rooms(**document["rooms"]),
        admins=tuple(document["admins"]),
        time_zone=document["time_zone"],
    )
