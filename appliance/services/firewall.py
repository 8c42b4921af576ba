"""The firewall: what comes in is what the services declare; what goes out is held per user.

The ruleset is written from all services' ports, so that no list exists twice. Before the box has an owner
only what the setup wizard needs is open.
"""

from collections.abc import Iterable

from appliance import services
from appliance.model import RUN, Host, Port, RenderedFile, Service, always
from appliance.reserved import RESERVED_V4, RESERVED_V6
from appliance.services import janus
from appliance.settings import N_, Settings
from appliance.templates import fill
from appliance.xmpp.listeners import RELAY_FIRST, RELAY_LAST, TURN_TLS

FOLDER = RUN / "firewall"


def open_ports(every: Iterable[Service], settings: Settings) -> tuple[Port, ...]:
    """The ports open now, each once, in order; pure."""
    ports = {port for service in every if service.enabled(settings) for port in service.ports}
    allowed = (port for port in ports if settings.claimed or port.before_claim)
    return tuple(sorted(allowed, key=lambda port: (port.protocol, port.first)))


def render(settings: Settings, _host: Host) -> tuple[RenderedFile, ...]:
    """The whole ruleset as one transaction."""
    return (RenderedFile(FOLDER / "rules.nft", ruleset(open_ports(services.load(), settings))),)


def ruleset(ports: Iterable[Port]) -> bytes:
    """The ruleset that opens these ports; pure."""
    return fill(
        "rules.nft",
        ports=tuple(ports),
        reserved4=RESERVED_V4,
        reserved6=RESERVED_V6,
        relay_first=RELAY_FIRST,
        relay_last=RELAY_LAST,
        relay_tls=TURN_TLS,
        media_first=janus.MEDIA_PORTS[0],
        media_last=janus.MEDIA_PORTS[1],
    )


SERVICE = Service(
    name="firewall",
    label=N_("Firewall"),
    unit="parlor-firewall.service",
    render=render,
    enabled=always,
)
