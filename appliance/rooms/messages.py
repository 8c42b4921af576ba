"""What browsers may send (`docs/rooms.md`), checked. Pure."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

LONGEST = 64 * 1024  # bytes of one message
NAME_LENGTH = 60
EMOJI = ("👍", "👏", "❤️", "😂", "😮", "🎉")


class NotUnderstood(ValueError):
    """Not a message of the protocol."""


def visible_name(value: str) -> str:
    """A person's name as it is shown: one line, nothing invisible, at most 60 characters. Raises `ValueError`."""
    clean = " ".join(value.split())
    if not 0 < len(clean) <= NAME_LENGTH or not all(c.isprintable() or c == "\u200d" for c in clean):
        raise ValueError("not a name")
    return clean


Id = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")]
Whom = Annotated[str, StringConstraints(pattern=r"^([0-9]{1,18}|all)$")]
Browser = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
Mid = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
Kind = Literal["microphone", "camera", "screen", "screen-sound"]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Jsep(_Message):
    """A session description (RFC 8829)."""

    type: Literal["offer", "answer"]
    sdp: str = Field(max_length=60_000)


class Hello(_Message):
    """The first message."""

    do: Literal["hello"]
    room: str = Field(max_length=64)
    browser: Browser
    name: str = Field(default="", max_length=LONGEST)
    token: str = Field(default="", max_length=4096)
    resume: str = Field(default="", max_length=64)
    check: str = Field(default="", max_length=64)
    public: str = Field(default="", max_length=512)


class Publish(_Message):
    """An offer for everything that is sent."""

    do: Literal["publish"]
    jsep: Jsep
    tracks: dict[Mid, Kind] = Field(max_length=8)


class Answer(_Message):
    """The answer to an offer of the box."""

    do: Literal["answer"]
    jsep: Jsep


class Candidate(_Message):
    """An ICE candidate (RFC 8838), or that there are no more."""

    do: Literal["candidate"]
    side: Literal["send", "receive"]
    candidate: dict[str, str | int | None] | None = Field(default=None, max_length=8)


class Watch(_Message):
    """The pictures that are shown, by mid, and how large."""

    do: Literal["watch"]
    layers: dict[Mid, Annotated[int, Field(ge=0, le=2)]] = Field(max_length=200)


class Simple(_Message):
    """What needs no more than its verb."""

    do: Literal["restart", "leave", "end"]


class State(_Message):
    """What I do."""

    do: Literal["state"]
    microphone: bool | None = None
    camera: bool | None = None
    hand: bool | None = None


class Chat(_Message):
    """A line of chat; ciphertext is longer."""

    do: Literal["chat"]
    text: Annotated[str, StringConstraints(min_length=1, max_length=8000, strip_whitespace=True)]


class React(_Message):
    """A reaction."""

    do: Literal["react"]
    emoji: Literal["👍", "👏", "❤️", "😂", "😮", "🎉"]


class Rename(_Message):
    """Another name."""

    do: Literal["rename"]
    name: Annotated[str, AfterValidator(visible_name)]


class Told(_Message):
    """For one other browser."""

    do: Literal["tell"]
    to: Id
    data: str = Field(max_length=4000)


class OfHost(_Message):
    """What a host does to somebody, or to `all`."""

    do: Literal["admit", "reject", "mute", "remove"]
    id: Whom = ""
    all: bool = False

    @property
    def whom(self) -> str:
        """An id, or `all`."""
        return "all" if self.all else self.id


class Switch(_Message):
    """What a host switches on or off."""

    do: Literal["lock", "record"]
    on: bool


Message = Hello | Publish | Answer | Candidate | Watch | Simple | State | Chat | React | Rename | Told | OfHost | Switch
_ANY: TypeAdapter[Any] = TypeAdapter(Annotated[Message, Field(discriminator="do")])


def parse(text: str) -> Message:
    """The message in a text frame. Raises `NotUnderstood`."""
    try:
        message: Message = _ANY.validate_json(text)
    except (ValidationError, ValueError, RecursionError) as error:
        raise NotUnderstood from error
    return message
