"""The types that all layers share: what a service declares, renders and reports."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from appliance.settings import Problem, Settings

RUN = Path("/run/parlor")  # rendered files, one folder a service, made afresh at every boot
DATA = Path("/data")  # what people made; survives updates
CORE_SOCKET = RUN / "core.sock"
PORTAL_SOCKET = Path("/run/parlor-portal/http.sock")
ROOMS_SOCKET = Path("/run/parlor-rooms/http.sock")  # the rooms' WebSocket and API for nginx
ROOMS_INNER_SOCKET = Path("/run/parlor-rooms/inner.sock")  # the same API for the core, which says who asks
XMPP_HTTP_SOCKET = Path("/run/parlor-ejabberd/http.sock")  # WebSocket, BOSH, upload, host-meta for nginx
XMPP_API_SOCKET = Path("/run/parlor-ejabberd-api/api.sock")  # ejabberd's commands, for the core only


class ParlorError(Exception):
    """Base of every error a person may see: `template % params` is the sentence.

    `code` is for programs, `status` the HTTP status with which the local API answers.
    """

    code = "failed"
    status = 500

    def __init__(self, template: str, problems: tuple[Problem, ...] = (), **params: object) -> None:
        super().__init__(template % params if params else template)
        self.template = template
        self.params = params
        self.problems = problems


class Invalid(ParlorError, ValueError):
    """The values a person gave do not fit; `problems` says which and why."""

    code, status = "invalid", 422


class Denied(ParlorError, PermissionError):
    """Not allowed: wrong code, wrong password, or a role that may not do this."""

    code, status = "denied", 403


class LoggedOut(ParlorError, PermissionError):
    """Nobody is logged in, or the session has ended."""

    code, status = "logged-out", 401


class Missing(ParlorError, LookupError):
    """There is no such person, invitation or setting."""

    code, status = "missing", 404


class Conflict(ParlorError):
    """It was done already, or somebody else is doing it now."""

    code, status = "conflict", 409


class Expired(ParlorError):
    """It was valid once and is no more."""

    code, status = "expired", 410


class TooMany(ParlorError):
    """Too many tries; `params['retry_s']` says how many seconds to wait."""

    code, status = "too-many", 429


class Unavailable(ParlorError, ConnectionError):
    """A service that is needed does not answer, or the disk is full."""

    code, status = "unavailable", 503


@dataclass(frozen=True)
class RenderedFile:
    """One whole file below `RUN`, as it should be."""

    path: Path
    content: bytes = field(repr=False)
    group: str = "root"
    mode: int = 0o640


class Protocol(StrEnum):
    """Transport of an open port."""

    TCP = "tcp"
    UDP = "udp"


@dataclass(frozen=True)
class Port:
    """A port (or the range `first` to `last`) the firewall opens for a service."""

    protocol: Protocol
    first: int
    purpose: str
    last: int | None = None
    before_claim: bool = False  # open on a box that nobody has claimed yet


class Probe(StrEnum):
    """How a check asks: a unit's state, a TCP greeting, an HTTP answer, Janus's own API."""

    UNIT = "unit"
    TCP = "tcp"
    HTTP = "http"
    JANUS = "janus"


@dataclass(frozen=True)
class Check:
    """One question whose answer tells whether a service works.

    `target` is a unit name, `host:port`, a URL (`unix:/path.sock:/url` for a Unix socket), or a socket's path.
    """

    probe: Probe
    target: str
    timeout_s: float = 5.0


class State(StrEnum):
    """The health of a service."""

    OK = "ok"
    STARTING = "starting"
    FAILED = "failed"
    OFF = "off"


@dataclass(frozen=True)
class Health:
    """What a person needs to know of one service: its state and, when not well, why."""

    service: str
    label: str
    state: State
    detail: str = ""


@dataclass(frozen=True)
class Certificate:
    """A certificate chain and its private key, PEM."""

    chain: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class Host:
    """What rendering needs to know of the machine beside the settings."""

    ipv4: str  # the primary address, "" without one
    ipv6: str
    certificate: Certificate
    container: bool = False  # the host keeps time and network
    cpus: int = 4


@dataclass(frozen=True)
class Directory:
    """A folder a service needs: below `/data` it is kept; made before the service starts."""

    path: Path
    owner: str
    mode: int = 0o750


def always(_settings: Settings) -> bool:
    """For services that run on every box, claimed or not."""
    return True


def when_claimed(settings: Settings) -> bool:
    """For services that only a box with an owner and a domain runs."""
    return bool(settings.domain.name)


@dataclass(frozen=True)
class Service:
    """One managed service; everybody (firewall, health, backup, monitoring) reads it from here."""

    name: str
    label: str
    unit: str
    render: Callable[[Settings, Host], tuple[RenderedFile, ...]]
    enabled: Callable[[Settings], bool] = when_claimed
    ports: tuple[Port, ...] = ()
    checks: tuple[Check, ...] = ()
    directories: tuple[Directory, ...] = ()
    databases: tuple[Path, ...] = ()  # SQLite files, made in WAL mode before the unit starts
    archives: tuple[str, ...] = ()  # their tables that a last good state leaves out when it would not fit
    keeps: tuple[Path, ...] = ()  # small files that belong into the last good state, beside the databases
    backup: tuple[Path, ...] = ()
    shown_when_off: bool = True  # in the status
    can_reload: bool = True  # else a change of its files restarts the unit
    restart_on: tuple[str, ...] = ()  # file names whose change needs a restart though it can reload
