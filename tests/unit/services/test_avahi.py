"""The name in the house: the box's own, and in the house the domain's further ones."""

import configparser
from xml.etree import ElementTree

import pytest

from appliance.model import Host
from appliance.services import avahi
from appliance.settings import Box, Domain, DomainKind, Settings
from tests.unit.services.samples import HOSTILE, HOUSE, OWN, RENAMED, UNCLAIMED, host, text


def advertised(settings: Settings) -> set[str]:
    group = ElementTree.fromstring(text(avahi.render(settings, host()), "parlor.service"))
    return {element.text or "" for element in group.iter("type")}


def test_the_host_name_is_the_boxs() -> None:
    parser = configparser.ConfigParser()
    parser.read_string(text(avahi.render(RENAMED, host()), "avahi-daemon.conf"))
    assert parser["server"]["host-name"] == "den"
    assert parser["wide-area"]["enable-wide-area"] == "no"
    assert parser["reflector"]["enable-reflector"] == "no"


def test_chat_is_advertised_only_where_the_house_is_its_domain() -> None:
    assert advertised(UNCLAIMED) == {"_https._tcp"}
    assert advertised(OWN) == {"_https._tcp"}
    assert advertised(HOUSE) == {"_https._tcp", "_xmpp-client._tcp"}


def names(settings: Settings, machine: Host) -> set[str]:
    return {file.path.name for file in avahi.render(settings, machine)}


def test_in_the_house_the_host_of_uploads_resolves_too() -> None:
    assert text(avahi.render(HOUSE, host()), "alias.env") == "NAME=upload-parlor.local\nADDRESS=192.0.2.7\n"
    assert "alias.env" not in names(OWN, host())
    assert "alias.env" not in names(UNCLAIMED, host())


def test_a_network_with_ipv6_only_has_the_name_as_well() -> None:
    six = Host("", "2001:db8::7", host().certificate)
    assert "ADDRESS=2001:db8::7" in text(avahi.render(HOUSE, six), "alias.env")
    assert "alias.env" not in names(HOUSE, Host("", "", host().certificate))


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value)[:20])
def test_a_hostile_name_cannot_add_a_variable(value: str) -> None:
    domain = Domain.model_construct(kind=DomainKind.HOUSE, name=value)
    with pytest.raises(ValueError):
        avahi.render(HOUSE.model_copy(update={"domain": domain}), host())


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value)[:20])
def test_a_hostile_box_name_cannot_add_an_option(value: str) -> None:
    hostile = UNCLAIMED.model_copy(update={"box": Box.model_construct(name=value)})
    try:
        rendered = text(avahi.render(hostile, host()), "avahi-daemon.conf")
    except ValueError:
        return
    assert not any(line.lstrip().startswith("evil") for line in rendered.splitlines())
