"""Janus: no sample, no password, one way in."""

import re

import pytest

from appliance.services import janus
from appliance.settings import Network, Settings
from tests.unit.services.samples import HOUSE, OWN, host, text


def everything(settings: Settings) -> str:
    return "".join(file.content.decode() for file in janus.render(settings, host()))


@pytest.mark.parametrize("word", ["janusoverlord", "janusrocks", "adminpwd", "room-1234", "secret", "0.0.0.0"])
def test_nothing_of_debians_samples_is_left(word: str) -> None:
    assert word not in everything(OWN)


def test_each_plugin_and_transport_in_use_has_a_file_of_its_own() -> None:
    names = {file.path.name for file in janus.render(OWN, host())}
    assert names == {
        "janus.jcfg",
        "janus.transport.pfunix.jcfg",
        *(f"janus.plugin.{name}.jcfg" for name in janus.PLUGINS),
    }


def test_the_api_is_a_unix_socket_and_the_admin_api_is_off() -> None:
    transport = text(janus.render(OWN, host()), "janus.transport.pfunix.jcfg")
    assert f'path = "{janus.API_SOCKET}"' in transport
    assert 'type = "SOCK_SEQPACKET"' in transport
    assert "admin_enabled = false" in transport
    assert "admin_path" not in transport


def test_ice_fits_jingle() -> None:
    core = text(janus.render(OWN, host()), "janus.jcfg")
    assert "ice_lite = false" in core
    assert "full_trickle = true" in core


def test_a_public_address_is_told_beside_the_private_one() -> None:
    mapped = OWN.model_copy(update={"network": Network(public_address="192.0.2.99")})
    core = text(janus.render(mapped, host()), "janus.jcfg")
    assert 'nat_1_1_mapping = "192.0.2.99"' in core
    assert "keep_private_host = true" in core
    assert "nat_1_1_mapping" not in text(janus.render(HOUSE, host()), "janus.jcfg")


def test_media_uses_the_ports_that_the_firewall_opens() -> None:
    (port,) = janus.SERVICE.ports
    core = text(janus.render(OWN, host()), "janus.jcfg")
    assert re.search(rf'rtp_port_range = "{port.first}-{port.last}"', core)
