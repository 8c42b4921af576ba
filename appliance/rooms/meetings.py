"""Meetings and the applications that make them. Pure."""

import secrets
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from appliance.answers import problems_of
from appliance.model import Invalid
from appliance.rooms.messages import visible_name
from appliance.rooms.room import Rules
from appliance.rooms.rules import guests_of_meeting
from appliance.settings import N_, Rooms, problem, shown

ALPHABET = "abcdefghjkmnpqrstuvwxyz"  # no letters that look like another
MOST_OF_ONE = 500
MOST = 10_000
KEPT_S = 30 * 86400  # after its end
UNUSED_S = 365 * 86400
LATEST = 4_102_444_800  # the year 2100


@dataclass(frozen=True)
class Meeting:
    """A room that somebody made. Times are seconds since 1970."""

    name: str
    title: str
    owner: str = ""
    application: str = ""
    waiting: bool = False
    encrypted: bool = False
    starts: int | None = None
    ends: int | None = None
    made: int = 0
    used: int = 0

    def is_over(self, now: float) -> bool:
        """Whether nobody comes in any more."""
        return self.ends is not None and self.ends <= now

    def is_forgotten(self, now: float) -> bool:
        """Whether it may go."""
        if self.ends is not None:
            return self.ends + KEPT_S < now
        return max(self.made, self.used, self.starts or 0) + UNUSED_S < now

    def rules(self, rooms: Rooms) -> Rules:
        """What it is as a room."""
        return Rules(
            self.name,
            self.title,
            guests=guests_of_meeting(self.waiting),
            members_wait=self.waiting,
            owner=self.owner,
            application=self.application,
            encrypted=self.encrypted,
            may_record=rooms.recording,
            max_people=rooms.max_people,
            max_viewers=rooms.max_viewers,
        )

    def document(self, base_url: str, people: int) -> dict[str, Any]:
        """MEETING of `docs/api.md`."""
        return {
            "name": self.name,
            "title": self.title,
            "link": f"{base_url}/r/{self.name}",
            "owner": self.owner,
            "application": self.application,
            "waiting": self.waiting,
            "encrypted": self.encrypted,
            "starts": self.starts,
            "ends": self.ends,
            "made": self.made,
            "people": people,
        }


@dataclass(frozen=True)
class Application:
    """A program of somebody else's that may make meetings; of its key only the SHA-256 is kept."""

    id: str
    name: str
    digest: str
    made: int

    def document(self) -> dict[str, Any]:
        """What admins see of it."""
        return {"id": self.id, "name": self.name, "made": self.made}


Title = Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True)]
Moment = Annotated[int, Field(ge=0, le=LATEST)]


class _Wish(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Wish(_Wish):
    """What somebody wants of a meeting; what was not said stays as it is."""

    title: Title | None = None
    waiting: bool | None = None
    encrypted: bool | None = None
    starts: Moment | None = None
    ends: Moment | None = None

    @field_validator("title")
    @classmethod
    def _check_title(cls, title: str | None) -> str | None:
        if title is not None and not title.isprintable():
            raise problem(N_("A title is one line without invisible characters."))
        return title

    @field_validator("ends")
    @classmethod
    def _check_ends(cls, ends: int | None, info: ValidationInfo) -> int | None:
        starts = info.data.get("starts")
        if starts is not None and ends is not None and ends <= starts:
            raise problem(N_("A meeting ends after it starts."))
        return ends


class TokenWish(_Wish):
    """Who shall enter with a token."""

    role: str = Field(pattern="^(host|member|guest|viewer)$")
    name: str
    expires_s: int = Field(default=3600, ge=60, le=86400)

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        try:
            visible_name(name)
        except ValueError:
            raise problem(N_("“%(value)s” cannot be a name in a room."), value=shown(name)) from None
        return name


def parse[T: _Wish](kind: type[T], document: object) -> T:
    """A checked wish. Raises `Invalid` with a problem for each value that does not fit."""
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise Invalid(N_("These values do not fit."), problems_of(error)) from None


def new_name() -> str:
    """A name that nobody guesses: 54 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(3))
