"""Who is in a room or at its door, and what a room asks to be done. Plain data."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from appliance.rooms.words import Why

Message = dict[str, Any]
Say = Callable[[Message], None]  # to one browser; it never waits


class Role(StrEnum):
    """What somebody may do in a room."""

    HOST = "host"
    MEMBER = "member"
    GUEST = "guest"
    VIEWER = "viewer"


@dataclass(frozen=True)
class Newcomer:
    """Who wants to come in, checked: `person` and `token` are the box's word, the rest is the browser's."""

    name: str
    role: Role
    browser: str
    address: str
    person: str = ""
    token: str = ""
    check: str = ""
    public: str = ""


@dataclass
class Visitor:
    """One tab of one browser."""

    id: str
    who: Newcomer
    name: str
    resume: str = field(default_factory=lambda: secrets.token_urlsafe(18), repr=False)
    microphone: bool = False
    camera: bool = False
    screen: bool = False
    hand: bool = False
    muted: bool = False
    away_since: float | None = None  # since when its socket is gone

    @property
    def is_host(self) -> bool:
        """Whether the room obeys."""
        return self.who.role is Role.HOST

    @property
    def is_viewer(self) -> bool:
        """Whether it sends nothing."""
        return self.who.role is Role.VIEWER

    def document(self) -> Message:
        """PERSON of `docs/rooms.md`."""
        return {
            "id": self.id,
            "name": self.name,
            "role": self.who.role.value,
            "microphone": self.microphone,
            "camera": self.camera,
            "screen": self.screen,
            "hand": self.hand,
            "muted": self.muted,
            "public": self.who.public,
        }


@dataclass(frozen=True)
class Tell:
    """Say this to a visitor."""

    to: str
    message: Message


@dataclass(frozen=True)
class Part:
    """Tell a visitor why it is not in (`refused`) or no longer, and close its socket."""

    to: str
    why: Why
    refused: bool = False


@dataclass(frozen=True)
class Sit:
    """Connect a visitor to the SFU, and tell it welcome."""

    id: str


@dataclass(frozen=True)
class Rise:
    """Take a visitor's media away."""

    id: str


@dataclass(frozen=True)
class Silence:
    """Stop (or let through again) a visitor's microphone in the SFU."""

    id: str
    on: bool


@dataclass(frozen=True)
class Record:
    """Begin or end a recording."""

    on: bool
    by: str


Effect = Tell | Part | Sit | Rise | Silence | Record
