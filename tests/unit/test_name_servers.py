"""The router's name servers become resolv.conf."""

import pytest

from appliance.system.name_servers import announced, render

# As `networkctl --json=short status` describes a cable with both families (shortened).
CABLE = {
    "Index": 2,
    "Name": "enp1s0",
    "DNS": [
        {"Family": 10, "Address": [0xFE, 0x80, *[0] * 13, 1], "ConfigSource": "NDisc"},
        {"Family": 2, "Address": [192, 168, 1, 1], "ConfigSource": "DHCPv4"},
    ],
}


def test_name_servers_are_written_ipv4_first_and_with_their_link() -> None:
    servers = announced({"Interfaces": [{"Index": 1, "Name": "lo"}, CABLE]})
    assert servers == ["192.168.1.1", "fe80::1%enp1s0"]
    assert render(servers) == (b"nameserver 192.168.1.1\nnameserver fe80::1%enp1s0\noptions timeout:2 attempts:2\n")


def test_a_server_that_two_cables_announce_is_written_once() -> None:
    again = {**CABLE, "Name": "enp2s0", "DNS": CABLE["DNS"][1:]}  # type: ignore[index]
    assert announced({"Interfaces": [CABLE, again]}) == ["192.168.1.1", "fe80::1%enp1s0"]


@pytest.mark.parametrize("network", [{}, {"Interfaces": []}, {"Interfaces": [{"Name": "enp1s0"}]}])
def test_without_servers_none_is_written(network: dict[str, object]) -> None:
    assert render(announced(network)) == b"options timeout:2 attempts:2\n"


def test_no_more_than_the_c_library_takes() -> None:
    servers = [f"192.0.2.{number}" for number in range(1, 6)]
    assert render(servers).count(b"nameserver") == 3
