"""What ejabberd listens on: phones, servers, relays, and two Unix sockets for nginx and the core."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any

from appliance.model import XMPP_API_SOCKET, XMPP_HTTP_SOCKET, Host, Port, Protocol
from appliance.reserved import RESERVED_V4, RESERVED_V6
from appliance.settings import DomainKind, Settings
from appliance.xmpp.access import CORE_TAG

CLIENT, CLIENT_TLS, SERVER, SERVER_TLS, STUN, TURN_TLS, SOCKS5 = 5222, 5223, 5269, 5270, 3478, 5349, 7777
RELAY_FIRST, RELAY_LAST = 49152, 49407  # the firewall drops packets from these ports to reserved addresses
LIVE_ALLOCATIONS = 10  # of one account

PORTS = (
    Port(Protocol.TCP, CLIENT, "XMPP clients"),
    Port(Protocol.TCP, CLIENT_TLS, "XMPP clients, TLS from the start (XEP-0368)"),
    Port(Protocol.TCP, SERVER, "XMPP servers"),
    Port(Protocol.TCP, SERVER_TLS, "XMPP servers, TLS from the start (XEP-0368)"),
    Port(Protocol.TCP, SOCKS5, "XMPP file transfer (XEP-0065)"),
    Port(Protocol.UDP, STUN, "STUN and TURN"),
    Port(Protocol.TCP, STUN, "STUN and TURN"),
    Port(Protocol.TCP, TURN_TLS, "TURN over TLS"),
    Port(Protocol.UDP, RELAY_FIRST, "calls relayed by TURN", last=RELAY_LAST),
)

MAX_STANZA = 262_144  # bytes; an avatar of 64 KiB in base64 fits three times


def listeners(settings: Settings, host: Host, certificate: Path) -> list[dict[str, Any]]:
    """ejabberd's `listen` section."""
    federated = _server_listeners() if settings.network.federation else []
    return [*_client_listeners(), *federated, *_relay_listeners(settings, host, certificate), *_socket_listeners()]


def _tcp(port: int, module: str, **options: Any) -> dict[str, Any]:
    return {"port": port, "ip": "::", "module": module, **options}


def _client_listeners() -> list[dict[str, Any]]:
    shared = {"access": "local", "shaper": "c2s_shaper", "max_stanza_size": MAX_STANZA}
    return [
        _tcp(CLIENT, "ejabberd_c2s", starttls_required=True, **shared),
        _tcp(CLIENT_TLS, "ejabberd_c2s", tls=True, **shared),
    ]


def _server_listeners() -> list[dict[str, Any]]:
    shared = {"shaper": "s2s_shaper", "max_stanza_size": 2 * MAX_STANZA}
    return [_tcp(SERVER, "ejabberd_s2s_in", **shared), _tcp(SERVER_TLS, "ejabberd_s2s_in", tls=True, **shared)]


def _relay_listeners(settings: Settings, host: Host, certificate: Path) -> list[dict[str, Any]]:
    turn = {
        "use_turn": True,
        **relay_addresses(settings, host),
        "turn_min_port": RELAY_FIRST,
        "turn_max_port": RELAY_LAST,
        "turn_max_allocations": LIVE_ALLOCATIONS,
        "turn_max_permissions": 100,  # one for each address a peer may have
        "turn_blacklist": forbidden_peers(host),
    }
    return [
        _tcp(STUN, "ejabberd_stun", transport="udp", **turn),
        _tcp(STUN, "ejabberd_stun", transport="tcp", **turn),
        _tcp(TURN_TLS, "ejabberd_stun", tls=True, certfile=str(certificate), **turn),
    ]


# Ours: ejabberd_http, once a connection belongs to the process that answers (http_owner.erl).
_HTTP = "http_owner"


def _socket_listeners() -> list[dict[str, Any]]:
    """The folders decide who gets in: nginx into one, the core into the other (`rootfs`, tmpfiles.d)."""
    return [
        {
            "port": f"unix:{XMPP_HTTP_SOCKET}",
            "module": _HTTP,
            "unix_socket": {"mode": "0666"},
            "allow_unencrypted_sasl2": True,  # nginx did the encryption
            "request_handlers": {
                "/xmpp-websocket": "ejabberd_http_ws",
                "/bosh": "mod_bosh",
                "/upload": "mod_http_upload",
                "/.well-known/host-meta": "mod_host_meta",
                "/.well-known/host-meta.json": "mod_host_meta",
            },
        },
        {
            "port": f"unix:{XMPP_API_SOCKET}",
            "module": _HTTP,
            "unix_socket": {"mode": "0600"},
            "request_handlers": {"/api": "mod_http_api"},
            "tag": CORE_TAG,
        },
    ]


def public_addresses(settings: Settings, host: Host) -> tuple[str, ...]:
    """The addresses under which the world reaches the box: what the owner says, then the box's own."""
    told = settings.network.public_address
    families = {IPv4Address: host.ipv4, IPv6Address: host.ipv6}
    if told:
        families[type(ip_address(told))] = told
    return tuple(address for address in families.values() if address)


def relay_addresses(settings: Settings, host: Host) -> dict[str, str]:
    """The addresses TURN hands out, by ejabberd's option."""
    names = {4: "turn_ipv4_address", 6: "turn_ipv6_address"}
    return {names[ip_address(address).version]: address for address in public_addresses(settings, host)}


def reachable_at(settings: Settings, host: Host) -> tuple[str, ...]:
    """Where clients find STUN, TURN and the SOCKS5 proxy.

    Addresses spare clients a look-up; a box behind a router that was not told its public address is
    known to the world by its name only.
    """
    addresses = public_addresses(settings, host)
    hidden = settings.domain.kind is DomainKind.OWN and not any(ip_address(address).is_global for address in addresses)
    return (settings.domain.name,) if hidden or not addresses else addresses


def forbidden_peers(host: Host) -> list[str]:
    """Whom TURN never relays to: every reserved range, and the IPv6 network the box itself stands in.

    IPv6 has no NAT: the other machines of the house have global addresses there, which the router's
    firewall guards only from outside. The box's own addresses stay, also private ones, so that two relayed
    callers meet, and whoever is in a room meets Janus; the firewall lets the relay reach nothing else there.
    """
    house = [f"{host.ipv6}/64"] if host.ipv6 and ip_address(host.ipv6).is_global else []
    networks = [*map(str, RESERVED_V4), *map(str, RESERVED_V6), *house]
    return [part for network in networks for part in _without(network, (host.ipv4, host.ipv6))]


def _without(network: str, addresses: Iterable[str]) -> list[str]:
    """A network but for the one of these addresses that is in it, as networks; loopback stays whole."""
    whole = ip_network(network, strict=False)
    for address in addresses:
        if address and not ip_address(address).is_loopback and ip_address(address) in whole:
            return [str(part) for part in _split(whole, address)]
    return [str(whole)]


def _split(whole: IPv4Network | IPv6Network, address: str) -> Iterable[IPv4Network | IPv6Network]:
    if isinstance(whole, IPv4Network):
        return whole.address_exclude(IPv4Network(address))
    return whole.address_exclude(IPv6Network(address))
