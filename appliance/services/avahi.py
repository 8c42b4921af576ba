"""The box's name in the house: multicast DNS (RFC 6762) and DNS-SD (RFC 6763).

In the house the host of uploads needs a name of its own. avahi's list of hosts cannot give an address a second
name (both would claim the address's reverse record), so a unit of its own announces it, `parlor-alias.service`.
"""

import configparser
import io
import re
from xml.etree import ElementTree

from appliance.model import RUN, Check, Host, Port, Probe, Protocol, RenderedFile, Service, always
from appliance.settings import N_, DomainKind, Settings

FOLDER = RUN / "avahi"
_XMPP_CLIENT_PORT = 5222
_LABEL = re.compile(r"[a-z0-9-]{1,63}")


def render(settings: Settings, host: Host) -> tuple[RenderedFile, ...]:
    """The daemon's configuration, what it advertises, and in the house the host of uploads."""
    files = (
        _file("avahi-daemon.conf", _configuration(settings)),
        _file("services/parlor.service", _advertisement(settings)),
    )
    return (*files, _file("alias.env", _alias(settings, host))) if _in_house(settings) and _address(host) else files


def _in_house(settings: Settings) -> bool:
    return settings.domain.kind is DomainKind.HOUSE and bool(settings.domain.name)


def _address(host: Host) -> str:
    """One is enough: who has both kinds takes the first that resolves."""
    return host.ipv4 or host.ipv6


def _alias(settings: Settings, host: Host) -> bytes:
    label = _label(settings.hosts.upload.removesuffix(".local"))
    return f"NAME={label}.local\nADDRESS={_address(host)}\n".encode()


def _label(value: str) -> str:
    """One label of a host name, which needs no quoting anywhere. Raises `ValueError` for anything else."""
    if not _LABEL.fullmatch(value):
        raise ValueError(f"{value!r} is no name in the house")
    return value


def _configuration(settings: Settings) -> bytes:
    """See avahi-daemon.conf(5)."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_dict(
        {
            "server": {
                "host-name": _label(settings.box.name),
                "use-ipv4": "yes",
                "use-ipv6": "yes",
                "disallow-other-stacks": "yes",
                "ratelimit-interval-usec": "1000000",
                "ratelimit-burst": "1000",
            },
            "wide-area": {"enable-wide-area": "no"},
            "publish": {"publish-hinfo": "no", "publish-workstation": "no"},
            "reflector": {"enable-reflector": "no"},
            "rlimits": {},
        }
    )
    out = io.StringIO()
    parser.write(out, space_around_delimiters=False)
    return out.getvalue().encode()


def _advertisement(settings: Settings) -> bytes:
    """See avahi.service(5); clients that look for a chat server find one only where the house is its domain."""
    group = ElementTree.Element("service-group")
    ElementTree.SubElement(group, "name").text = f"Parlor {settings.box.name}"
    _add_service(group, "_https._tcp", 443)
    if _in_house(settings):
        _add_service(group, "_xmpp-client._tcp", _XMPP_CLIENT_PORT)
    doctype = b'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE service-group SYSTEM "avahi-service.dtd">\n'
    return doctype + ElementTree.tostring(group) + b"\n"


def _add_service(group: ElementTree.Element, kind: str, port: int) -> None:
    service = ElementTree.SubElement(group, "service")
    ElementTree.SubElement(service, "type").text = kind
    ElementTree.SubElement(service, "port").text = str(port)


def _file(name: str, content: bytes) -> RenderedFile:
    return RenderedFile(FOLDER / name, content, group="avahi")


SERVICE = Service(
    name="avahi",
    label=N_("Name in the house"),
    unit="avahi-daemon.service",
    render=render,
    enabled=always,
    ports=(Port(Protocol.UDP, 5353, N_("The box's name in the house"), before_claim=True),),
    checks=(Check(Probe.UNIT, "parlor-alias.service"),),
    can_reload=False,
)
