"""The firewall: the declared ports and no others, each declared once."""

import itertools
import re

import pytest

from appliance import services
from appliance.model import Port, Protocol, Service
from appliance.reserved import RESERVED_V4, RESERVED_V6
from appliance.services import firewall, janus
from appliance.services.firewall import open_ports
from appliance.services.janus import MEDIA_PORTS
from appliance.settings import Settings
from appliance.xmpp.listeners import RELAY_FIRST, RELAY_LAST
from tests.unit.services.samples import HOUSE, OWN, RENAMED, UNCLAIMED, host


def opened(settings: Settings) -> list[str]:
    rules = firewall.render(settings, host())[0].content.decode()
    return re.findall(r"^\s*((?:tcp|udp) dport [0-9-]+) accept comment", rules, re.MULTILINE)


def test_a_box_without_owner_opens_only_what_the_wizard_needs() -> None:
    assert opened(UNCLAIMED) == ["tcp dport 80", "tcp dport 443", "udp dport 5353"]


def test_a_setup_that_is_being_tried_out_opens_nothing_yet() -> None:
    assert opened(HOUSE.model_copy(update={"claimed": False})) == opened(UNCLAIMED)


@pytest.mark.parametrize("settings", [HOUSE, OWN, RENAMED])
def test_a_claimed_box_opens_every_declared_port(settings: Settings) -> None:
    declared = {
        f"{port.protocol} dport {port.first}" + (f"-{port.last}" if port.last else "")
        for service in services.load()
        for port in service.ports
    }
    assert set(opened(settings)) == declared
    assert len(opened(settings)) == len(declared)


def test_no_two_services_declare_the_same_port() -> None:
    ports = [(port, service.name) for service in services.load() for port in service.ports]
    for (one, owner), (other, rival) in itertools.combinations(ports, 2):
        overlap = one.first <= (other.last or other.first) and other.first <= (one.last or one.first)
        assert one.protocol is not other.protocol or not overlap, f"{owner} and {rival}: {one} {other}"


def test_ranges_inside_janus_keep_apart() -> None:
    ranges = [janus.MEDIA_PORTS, janus.SIP_PORTS, janus.NOSIP_PORTS, janus.MIXER_PORTS, (RELAY_FIRST, RELAY_LAST)]
    for (first, last), (other_first, other_last) in itertools.combinations(ranges, 2):
        assert last < other_first or other_last < first


def test_a_disabled_service_keeps_its_ports_closed() -> None:
    off = Service("off", "", "off.service", lambda *_: (), lambda _: False, (Port(Protocol.TCP, 9, ""),))
    assert open_ports([off], OWN) == ()


def test_the_default_is_to_drop() -> None:
    rules = firewall.ruleset(()).decode()
    assert "hook input priority filter; policy drop;" in rules
    assert "hook forward priority filter; policy drop;" in rules


def test_the_relay_is_stopped_before_anything_lets_it_through() -> None:
    output = firewall.ruleset(()).decode().partition("chain output")[2]
    relay = [
        f"th sport {RELAY_FIRST}-{RELAY_LAST} {family} daddr @reserved{n} drop" for family, n in (("ip", 4), ("ip6", 6))
    ]
    for rule in relay:
        assert output.index(rule) < output.index("ct state established")
    before = output[: output.index(relay[0])]
    allowed = [line for line in before.splitlines() if line.endswith("accept") and "policy" not in line]
    ports = f"udp dport {{ {RELAY_FIRST}-{RELAY_LAST}, {MEDIA_PORTS[0]}-{MEDIA_PORTS[1]} }} accept"
    assert len(allowed) == 2
    assert all("fib daddr type local" in line and line.endswith(ports) for line in allowed)


def test_every_reserved_range_is_in_its_set() -> None:
    rules = firewall.ruleset(()).decode()
    for network in (*RESERVED_V4, *RESERVED_V6):
        assert re.search(rf"[ {{]{re.escape(str(network))}[, ]", rules)


def test_the_table_is_replaced_in_one_file() -> None:
    rules = firewall.ruleset(()).decode()
    assert [line for line in rules.splitlines() if line.startswith(("table", "delete", "flush"))] == [
        "table inet parlor",
        "delete table inet parlor",
        "table inet parlor {",
    ]
