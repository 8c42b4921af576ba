"""The settings document: everything the box does is a function of it.

One frozen, typed, versioned model. Label, help, limits and default of a setting stand beside its
field; the portal's forms, the `parlor settings` command, the documentation and the checks all come
from here. Nothing in this module touches the system.
"""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, SecretStr
from pydantic_core import PydanticCustomError

from appliance.saslprep import unusable

VERSION = 1  # of the document; each version has its own file


def N_(text: str) -> str:  # noqa: N802 (gettext's own name)
    """Mark a text for translation; the pages translate it when they show it."""
    return text


def problem(text: str, **params: object) -> PydanticCustomError:
    """An error whose text is a template in gettext's form: `%(value)s is …`.

    The template stays apart from its values so that a page can translate it.
    """
    return PydanticCustomError("parlor", "{text}", {"text": text % params, "template": text, "params": params})


def shown(value: str, limit: int = 40) -> str:
    """A hostile value made fit to stand in a message: one line, printable, short."""
    clean = "".join(c if c.isprintable() else "�" for c in value[: limit + 1])
    return clean if len(clean) <= limit else clean[:limit] + "…"


_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PERSON = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_ROOM = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_TOP_LEVEL = re.compile(r"(?=.*[a-z])[a-z0-9-]{2,63}")
OWN_ACCOUNT = "_proof-"  # begins the names of accounts that the box makes for itself: no person's name can
RESERVED_PEOPLE = frozenset({"admin", "root", "abuse", "postmaster", "hostmaster", "xmpp", "security"})


def _strange(value: str, allowed: str) -> str | None:
    """The first character outside the pattern `allowed`, for a message that names it."""
    return next((c for c in value if not re.fullmatch(allowed, c)), None)


def person_name(value: str) -> str:
    """Check the local part of a JID (RFC 7622), held to ASCII so that no two names look alike."""
    if len(value) > 64:
        raise problem(N_("A name has at most 64 characters; this one has %(count)s."), count=len(value))
    if (strange := _strange(value, r"[a-z0-9._-]")) is not None:
        raise problem(
            N_("“%(value)s” cannot be a name: use letters a–z, digits, dot, dash or underscore, not “%(strange)s”."),
            value=shown(value),
            strange=shown(strange),
        )
    if not _PERSON.fullmatch(value):
        raise problem(N_("A name starts and ends with a letter or a digit."))
    if value in RESERVED_PEOPLE:
        raise problem(N_("The name “%(value)s” is kept for the box itself; choose another."), value=value)
    return value


def box_name(value: str) -> str:
    """Check a host name of one label (RFC 1123), at most 32 characters."""
    if len(value) > 32:
        raise problem(N_("The box's name has at most 32 characters; this one has %(count)s."), count=len(value))
    if (strange := _strange(value, r"[a-z0-9-]")) is not None:
        raise problem(
            N_("“%(value)s” cannot be the box's name: use small letters a–z, digits or dashes, not “%(strange)s”."),
            value=shown(value),
            strange=shown(strange),
        )
    if not _LABEL.fullmatch(value):
        raise problem(N_("The box's name starts and ends with a letter or a digit."))
    return value


def domain_name(value: str) -> str:
    """Check a DNS domain (RFC 1123) of two labels or more, in ASCII; `xn--` labels are welcome."""
    if not value:
        raise problem(N_("Write your domain, for example example.org."))
    if len(value) > 200:
        raise problem(N_("A domain has at most 200 characters; this one has %(count)s."), count=len(value))
    if (strange := _strange(value, r"[a-z0-9.-]")) is not None:
        raise problem(
            N_("“%(value)s” is not a domain: “%(strange)s” cannot stand in one. Write it like example.org."),
            value=shown(value),
            strange=shown(strange),
        )
    labels = value.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or not _TOP_LEVEL.fullmatch(labels[-1]):
        raise problem(N_("“%(value)s” is not a domain. Write it like example.org."), value=shown(value))
    return value


def _domain_or_none(value: str) -> str:
    return domain_name(value) if value else ""


def public_address(value: str) -> str:
    """Check an IPv4 or IPv6 address; empty means: find it out."""
    if value:
        try:
            ipaddress.ip_address(value)
        except ValueError:
            raise problem(N_("“%(value)s” is not an IP address."), value=shown(value)) from None
    return value


def time_zone(value: str) -> str:
    """Check a name of the time zone database; its table is a part of the system, as constant as this module."""
    try:
        ZoneInfo(value)
    except (ValueError, LookupError, OSError):
        raise problem(N_("“%(value)s” is not a time zone. Write it like Europe/Madrid."), value=shown(value)) from None
    return value


def _is_server(value: str) -> bool:
    if not (value.isascii() and value.isprintable() and len(value) <= 200) or set(value) & set(" \\\"'<>@"):
        return False
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0 and not parts.query + parts.fragment


def update_server(value: str) -> str:
    """Check the address of a folder on a web server; empty means: the one the image names."""
    if value and not _is_server(value):
        raise problem(
            N_("“%(value)s” is not the address of a server. Write it like https://updates.example.org."),
            value=shown(value),
        )
    return value.rstrip("/")


def password(value: str) -> str:
    """Check a new password: 8 to 128 characters that SASLprep (RFC 4013) takes, as every chat app does."""
    if len(value) < 8:
        raise problem(N_("A password has at least 8 characters."))
    if len(value) > 128:
        raise problem(N_("A password has at most 128 characters."))
    if any(ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in value):
        raise problem(N_("A password cannot hold line breaks or other control characters."))
    if (strange := unusable(value)) is not None:
        raise problem(
            N_("A password cannot hold “%(strange)s”: chat apps write it in different ways."), strange=shown(strange)
        )
    return value


def room_name(value: str) -> str:
    """Check the name of a room, which stands in its address: a label of up to 64 small letters, digits and dashes."""
    if len(value) > 64:
        raise problem(N_("A room's name has at most 64 characters; this one has %(count)s."), count=len(value))
    if not _ROOM.fullmatch(value):
        raise problem(
            N_("“%(value)s” cannot be a room's name: use small letters a–z, digits and dashes."), value=shown(value)
        )
    return value


def room_names(value: str) -> str:
    """Check names of rooms with commas between them; returns them in one form."""
    names = [room_name(name.strip()) for name in value.split(",") if name.strip()]
    if len(names) > 50:
        raise problem(N_("At most 50 rooms can always be there."))
    return ", ".join(dict.fromkeys(names))


PersonName = Annotated[str, AfterValidator(person_name)]
BoxName = Annotated[str, AfterValidator(box_name)]
DomainName = Annotated[str, AfterValidator(_domain_or_none)]
Address = Annotated[str, AfterValidator(public_address)]
TimeZone = Annotated[str, AfterValidator(time_zone)]
UpdateServer = Annotated[str, AfterValidator(update_server)]
RoomNames = Annotated[str, AfterValidator(room_names)]


class Language(StrEnum):
    """The languages of every text a person sees."""

    ENGLISH = "en"
    SPANISH = "es"
    GERMAN = "de"


class DomainKind(StrEnum):
    """Whether the box has a name in the world or only in its house."""

    OWN = "own"
    HOUSE = "house"


class Inviters(StrEnum):
    """Who may invite new people from the chat app."""

    ADMINS = "admins"
    EVERYONE = "everyone"


class Guests(StrEnum):
    """What people without an account may do in the rooms that are always there."""

    WAIT = "wait"
    WALK_IN = "walk-in"
    STAY_OUT = "stay-out"


class Channel(StrEnum):
    """Which versions the box looks for."""

    STABLE = "stable"
    BETA = "beta"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


FIXED: dict[str, JsonValue] = {"fixed": True}  # cannot change once the box is claimed: people's addresses hang on it


class Box(_Part):
    """The box as a thing in the house."""

    name: BoxName = Field(
        default="parlor", title=N_("Name of the box"), description=N_("Found in the house as NAME.local")
    )
    language: Language = Field(default=Language.ENGLISH, title=N_("Language"), description=N_("For pages and messages"))
    time_zone: TimeZone = Field(
        default="UTC", title=N_("Time zone"), description=N_("Where the box stands, for example Europe/Madrid")
    )


class Domain(_Part):
    """The XMPP domain: what stands behind the @ of everybody's address."""

    kind: DomainKind = Field(
        default=DomainKind.HOUSE,
        title=N_("Kind of domain"),
        description=N_("My own domain, or only in this house"),
        json_schema_extra=FIXED,
    )
    name: DomainName = Field(
        default="",
        title=N_("Domain"),
        description=N_("What stands behind the @ of everybody's address"),
        json_schema_extra=FIXED,
    )


class People(_Part):
    """Who runs the box; the accounts themselves live in the chat server."""

    admins: tuple[PersonName, ...] = Field(default=(), title=N_("Admins"), json_schema_extra={"internal": True})
    inviters: Inviters = Field(
        default=Inviters.ADMINS,
        title=N_("Who may invite"),
        description=N_("Who may invite new people from the chat app"),
    )
    invitation_days: int = Field(
        default=5, ge=1, le=90, title=N_("Invitations last"), description=N_("Days until an invitation ends")
    )


class Files(_Part):
    """Files that people send."""

    max_mb: int = Field(default=100, ge=1, le=2000, title=N_("Largest file"), description=N_("In MB, for one file"))
    quota_mb: int = Field(
        default=5000,
        ge=10,
        le=1_000_000,
        title=N_("Space for each person"),
        description=N_("In MB; the oldest files make room"),
    )
    keep_days: int = Field(
        default=0,
        ge=0,
        le=3650,
        title=N_("Keep files"),
        description=N_("In days; 0 keeps them until the space is full"),
    )


class History(_Part):
    """The archive of messages."""

    keep_days: int = Field(
        default=0, ge=0, le=3650, title=N_("Keep messages"), description=N_("In days; 0 keeps them for good")
    )


class Network(_Part):
    """How others reach the box."""

    public_address: Address = Field(
        default="",
        title=N_("Public address"),
        description=N_("The IP address calls from outside reach; empty uses the box's own"),
    )
    federation: bool = Field(
        default=True, title=N_("Talk to other servers"), description=N_("People can chat with people on other servers")
    )


class Rooms(_Part):
    """Conference rooms in the browser."""

    always: RoomNames = Field(
        default="home",
        title=N_("Rooms that are always there"),
        description=N_("Their names with commas between them; each is at /r/NAME"),
    )
    guests: Guests = Field(
        default=Guests.WAIT,
        title=N_("Guests in these rooms"),
        description=N_("People with the link and without an account"),
    )
    max_people: int = Field(
        default=16, ge=2, le=50, title=N_("People in a room"), description=N_("How many may be seen and heard at most")
    )
    max_viewers: int = Field(
        default=100,
        ge=0,
        le=500,
        title=N_("Viewers in a room"),
        description=N_("How many may watch without being seen"),
    )
    recording: bool = Field(
        default=False, title=N_("Recordings"), description=N_("Hosts may record; everybody in the room sees a sign")
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The rooms that are always there."""
        return tuple(name for name in self.always.split(", ") if name)


class Updates(_Part):
    """New versions of the box's own programs."""

    automatic: bool = Field(
        default=True,
        title=N_("Update by itself"),
        description=N_("New versions are fetched as they come and started at night"),
    )
    channel: Channel = Field(
        default=Channel.STABLE, title=N_("Which versions"), description=N_("Those the box looks for")
    )
    window_from: int = Field(
        default=3,
        ge=0,
        le=23,
        title=N_("Restart from"),
        description=N_("The hour, 0 to 23, from which the box may restart by itself; never in a call"),
    )
    window_to: int = Field(
        default=5,
        ge=0,
        le=23,
        title=N_("Restart until"),
        description=N_("The hour until which it may; the same hour twice means at any time"),
    )
    server: UpdateServer = Field(
        default="",
        title=N_("Update server"),
        description=N_("Empty asks the one this version was made with"),
    )


class Hardware(_Part):
    """What is plugged into the box."""

    reset_pin: int = Field(
        default=0,
        ge=0,
        le=27,
        title=N_("Reset button"),
        description=N_(
            "Raspberry Pi: the GPIO with a button to ground; held for 10 seconds, it erases everything. 0 for none"
        ),
    )


class Secrets(_Part):
    """Random keys, made once on the box itself. Hex text, 32 bytes each."""

    portal: SecretStr = SecretStr("")
    turn: SecretStr = SecretStr("")
    rooms: SecretStr = SecretStr("")


class Settings(_Part):
    """The whole document. `claimed` turns true once, when an admin owns the box."""

    version: Literal[1] = 1
    claimed: bool = Field(default=False, json_schema_extra={"internal": True})
    box: Box = Box()
    domain: Domain = Domain()
    people: People = People()
    files: Files = Files()
    history: History = History()
    network: Network = Network()
    rooms: Rooms = Rooms()
    updates: Updates = Updates()
    hardware: Hardware = Hardware()
    secrets: Secrets = Field(default=Secrets(), json_schema_extra={"internal": True})

    @property
    def local_name(self) -> str:
        """The multicast DNS name of the box (RFC 6762)."""
        return f"{self.box.name}.local"

    @property
    def hosts(self) -> "Hosts":
        """The host names below the domain; only a claimed box has them."""
        if self.domain.kind is DomainKind.HOUSE:
            upload = f"upload-{self.domain.name}"  # mDNS resolvers only take names of two labels
        else:
            upload = f"upload.{self.domain.name}"
        return Hosts(self.domain.name, f"groups.{self.domain.name}", upload, f"proxy.{self.domain.name}")


@dataclass(frozen=True)
class Hosts:
    """The names that one certificate covers (`docs/design.md`, names in the domain)."""

    domain: str
    groups: str
    upload: str
    proxy: str

    def __iter__(self) -> Iterator[str]:
        return iter((self.domain, self.groups, self.upload, self.proxy))


@dataclass(frozen=True)
class Problem:
    """What is wrong with one value: `template % params` is the sentence, `key` the field's path."""

    key: str
    template: str
    params: dict[str, Any]

    @property
    def message(self) -> str:
        """The sentence in English."""
        return self.template % self.params if self.params else self.template
