"""Open ports equal the committed list, in both states: what the firewall lets in, and what listens."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from image.box import Box
from tests.box.house import ClaimedBox

EVERY = range(1, 65536)

# Changing one of these is a decision, not a side effect.
UNCLAIMED_TCP = {80, 443}
UNCLAIMED_UDP = {5353}
CLAIMED_TCP = {80, 443, 3478, 5222, 5223, 5269, 5270, 5349, 7777}
CLAIMED_UDP = {3478, 5353, *range(20000, 21000), *range(49152, 49408)}


@contextmanager
def accepted(box: Box, protocol: str) -> Iterator[set[int]]:
    """The ports of packets that got past the firewall while the body ran; filled at its end.

    A chain of our own behind the firewall's notes what reaches it: a dropped packet never does.
    """
    box.run(["nft", "-f", "-"], stdin=_WATCH % {"protocol": protocol})
    seen: set[int] = set()
    try:
        yield seen
        listed = box.run(["nft", "list", "set", "inet", "watch", "seen"]).stdout
        elements = re.search(r"elements = \{(.*?)\}", listed, re.DOTALL)
        seen |= {int(number) for number in re.findall(r"\d+", elements[1])} if elements else set()
    finally:
        box.run(["nft", "delete", "table", "inet", "watch"])


_WATCH = """
table inet watch {
    set seen { type inet_service; flags dynamic; size 65535; }
    chain behind {
        type filter hook input priority filter + 10; policy accept;
        iif != lo ct state new add @seen { %(protocol)s dport }
    }
}
"""


def knock_tcp(address: str) -> None:
    """Send a SYN to every port."""
    for port in EVERY:
        with socket.socket(_family(address), socket.SOCK_STREAM) as knocking:
            knocking.setblocking(False)
            knocking.connect_ex((address, port))


def answering(address: str, ports: set[int]) -> set[int]:
    """Those of the ports where somebody takes a connection."""
    found = set()
    for port in ports:
        with socket.socket(_family(address), socket.SOCK_STREAM) as caller:
            caller.settimeout(2)
            if caller.connect_ex((address, port)) == 0:
                found.add(port)
    return found


def knock_udp(address: str) -> None:
    """Send a datagram to every port."""
    with socket.socket(_family(address), socket.SOCK_DGRAM) as sender:
        for port in EVERY:
            sender.sendto(b"?", (address, port))


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def open_ports(box: Box) -> tuple[set[int], set[int], set[int]]:
    """TCP ports that answer, TCP ports the firewall lets in, UDP ports it lets in; over IPv4 and IPv6 the same."""
    found = []
    for address in (box.address, box.address6):
        with accepted(box, "tcp") as tcp:
            knock_tcp(address)
        with accepted(box, "udp") as udp:
            knock_udp(address)
        found.append((answering(address, tcp), tcp, udp))
    assert found[0] == found[1]
    return found[0]


def listening(box: Box) -> set[tuple[str, int]]:
    """What listens on other addresses than loopback, whatever the firewall says."""
    sockets = set()
    for line in box.run(["ss", "-lntuH"]).stdout.splitlines():
        protocol, _, _, _, local, *_ = line.split()
        address, _, port = local.rpartition(":")
        if not re.match(r"(127\.|\[::1\]|\[::ffff:127\.)", address):
            sockets.add((protocol, int(port)))
    return sockets


def test_a_box_without_owner_has_only_the_wizards_ports_open(unclaimed_box: Box) -> None:
    answers, tcp, udp = open_ports(unclaimed_box)
    assert answers == tcp == UNCLAIMED_TCP
    assert udp == UNCLAIMED_UDP
    assert listening(unclaimed_box) == {("tcp", port) for port in UNCLAIMED_TCP} | {("udp", 5353)}


def test_a_claimed_box_has_only_the_listed_ports_open(box: ClaimedBox) -> None:
    answers, tcp, udp = open_ports(box.box)
    assert tcp == CLAIMED_TCP
    assert answers == CLAIMED_TCP
    assert udp == CLAIMED_UDP
    listed = {("tcp", port) for port in CLAIMED_TCP} | {("udp", port) for port in CLAIMED_UDP}
    assert listening(box.box) <= listed


def test_a_box_forwards_nothing(box: ClaimedBox) -> None:
    ruleset = box.box.run(["nft", "list", "chain", "inet", "parlor", "forward"]).stdout
    assert "policy drop" in ruleset
    assert box.box.run(["cat", "/proc/sys/net/ipv4/ip_forward"]).stdout.strip() == "0"
