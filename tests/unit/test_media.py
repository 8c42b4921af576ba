"""Whether a call goes on, read from the kernel's tables of sockets."""

import socket
from pathlib import Path

from appliance import services
from appliance.model import Port, Protocol
from appliance.services.janus import MEDIA_PORTS
from appliance.system import media
from appliance.xmpp.listeners import RELAY_FIRST, RELAY_LAST


def test_media_is_what_services_keep_whole_ranges_for() -> None:
    found = {(port.first, port.last) for port in media.ranges(services.load())}
    assert found == {MEDIA_PORTS, (RELAY_FIRST, RELAY_LAST)}


def test_a_socket_on_such_a_port_is_a_call() -> None:
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as bound:
            bound.bind((address, 0))
            port = bound.getsockname()[1]
            assert media.in_call([Port(Protocol.UDP, port - 1, "", last=port + 1)])
            assert media.in_call([Port(Protocol.UDP, port, "", last=port)])
        assert not media.in_call([Port(Protocol.UDP, port, "", last=port)])


def test_other_ports_and_missing_tables_are_none(tmp_path: Path) -> None:
    table = tmp_path / "udp"
    table.write_text("  sl  local_address rem_address\n 1: 00000000:4E1F 00000000:0000 07\n")  # port 19999
    assert not media.in_call([Port(Protocol.UDP, 20000, "", last=20999)], [table, tmp_path / "udp6"])
    assert media.in_call([Port(Protocol.UDP, 19000, "", last=19999)], [table])
