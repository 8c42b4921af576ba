"""HTTPS: the one door of the box to the web. Portal, chat for browsers and files stand behind it.

It answers by name only: a page elsewhere whose name suddenly points into the house (DNS rebinding) gets 421.
"""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from appliance.certificates import describe
from appliance.model import (
    PORTAL_SOCKET,
    ROOMS_SOCKET,
    RUN,
    XMPP_HTTP_SOCKET,
    Check,
    Host,
    Port,
    Probe,
    Protocol,
    RenderedFile,
    Service,
    always,
)
from appliance.settings import N_, DomainKind, Settings
from appliance.templates import FOLDER as TEMPLATES
from appliance.templates import fill
from appliance.xmpp.listeners import TURN_TLS

FOLDER = RUN / "nginx"
RUNTIME = Path("/run/parlor-nginx")  # its pid and temporary files
STATIC = Path("/usr/lib/parlor/web_setup/static")
CLIENT = Path("/usr/lib/parlor/web_client")
UPLOAD_PATH = "/upload/"
_SLACK_MB = 2  # an encrypted file is a little longer than what a person sees
_DOUBLES = range(2, 10)  # where another box has the name already, multicast DNS adds a number (RFC 6762, section 9)
_WORKERS = 2  # one keeps a small board busy enough; each costs memory
_MISDIRECTED = " · ".join(
    (
        "This box does not go by that name.",
        "Este dispositivo no responde a ese nombre.",
        "Diese Box hört nicht auf diesen Namen.",
    )
)


@dataclass(frozen=True)
class Site:
    """One server block with the portal: its names, whether it is the one for addresses, whether chat is behind it."""

    names: tuple[str, ...]
    local: bool
    xmpp: bool


def sites(settings: Settings) -> tuple[Site, ...]:
    """Where the portal answers: always by the name in the house, and by the domain once there is one."""
    domain = settings.domain.name
    local = (settings.local_name, *(f"{settings.box.name}-{number}.local" for number in _DOUBLES))
    if domain in ("", settings.local_name):
        return (Site(local, local=True, xmpp=bool(domain)),)
    return (Site(local, local=True, xmpp=False), Site((domain,), local=False, xmpp=True))


def relay_name(settings: Settings) -> str:
    """The name by which browsers reach the TURN relay on port 443, beside HTTPS; only an own domain has one.

    A network that lets nothing out but the web lets TLS on this port out, and its name (RFC 6066, server name
    indication) tells the two apart.
    """
    return settings.hosts.proxy if settings.domain.name and settings.domain.kind is DomainKind.OWN else ""


def render(settings: Settings, host: Host) -> tuple[RenderedFile, ...]:
    """The server's configuration, its certificate and key, and the page for when the portal is away."""
    page = fill("unavailable.html")
    return (
        _file("nginx.conf", _configuration(settings, host)),
        _file("chain.pem", host.certificate.chain),
        _file("key.pem", host.certificate.key),
        _file("unavailable.html", page),
    )


def _configuration(settings: Settings, host: Host) -> bytes:
    uploads = (settings.hosts.upload,) if settings.domain.name else ()
    portals = sites(settings)
    return fill(
        "nginx.conf",
        folder=str(FOLDER),
        runtime=str(RUNTIME),
        workers=min(host.cpus, _WORKERS),
        chain=str(FOLDER / "chain.pem"),
        key=str(FOLDER / "key.pem"),
        static=str(STATIC),
        portal=str(PORTAL_SOCKET),
        xmpp=str(XMPP_HTTP_SOCKET),
        relay_name=relay_name(settings),
        relay_port=TURN_TLS,
        rooms=str(ROOMS_SOCKET),
        client=str(CLIENT),
        has_rooms=bool(settings.domain.name),
        room_csp=room_csp("'none'"),
        embedded_csp=room_csp("https: http:"),
        sites=portals,
        uploads=uploads,
        names=(*(name for site in portals for name in site.names), *uploads),
        hsts=_strict(settings, host),
        portal_csp=portal_csp(),
        upload_path=UPLOAD_PATH,
        upload_mb=settings.files.max_mb + _SLACK_MB,
        misdirected=_MISDIRECTED,
    )


def _strict(settings: Settings, host: Host) -> tuple[str, ...]:
    """Names that promise to stay on HTTPS (RFC 6797): a promise a self-signed certificate cannot keep."""
    if settings.domain.kind is not DomainKind.OWN or not settings.domain.name or describe(host.certificate).self_signed:
        return ()
    return (settings.hosts.domain, settings.hosts.upload)


def portal_csp() -> str:
    """What the portal's pages may load; the hash lets the page in that nginx itself shows (CSP level 3, 2.3.1)."""
    digest = base64.b64encode(hashlib.sha256((TEMPLATES / "page.css").read_bytes()).digest()).decode()
    return (
        "default-src 'none'; script-src 'self'; "
        f"style-src 'self' 'sha256-{digest}'; img-src 'self' data:; media-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def room_csp(ancestors: str) -> str:
    """What the page of a room may load: its modules, and media that is made in the browser."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "media-src 'self' blob: mediastream:; worker-src 'self'; "
        f"form-action 'none'; base-uri 'none'; frame-ancestors {ancestors}"
    )


def _file(name: str, content: bytes) -> RenderedFile:
    return RenderedFile(FOLDER / name, content, group="www-data")


SERVICE = Service(
    name="nginx",
    label=N_("Web server"),
    unit="nginx.service",
    render=render,
    enabled=always,
    ports=(
        Port(Protocol.TCP, 80, N_("Leads browsers to HTTPS"), before_claim=True),
        Port(Protocol.TCP, 443, N_("Web pages, files, and chat for browsers"), before_claim=True),
    ),
    checks=(
        Check(Probe.HTTP, "http://localhost/"),
        Check(Probe.HTTP, "https://localhost/.parlor/alive"),
    ),
)
