"""A private network for boxes: a bridge in a network namespace that only this program and its children are in.

Nothing of the host's network is touched, and the kernel takes everything down when the program ends.
"""

import functools
import ipaddress
import itertools
import os
from types import TracebackType
from typing import Self

from image.process import run

# Documentation ranges (RFC 5737, RFC 3849) would be refused by services that deny reserved peers, and so is every
# private range; a private one is at least what a home has.
IPV4 = "10.77.{number}.0/24"
IPV6 = "fd77:{number:x}::/64"

_numbers = itertools.count()


@functools.cache
def isolate() -> None:
    """Move this program into a network namespace of its own; call it before threads start. Again does nothing.

    Sockets that are open already stay where they were made.
    """
    os.unshare(os.CLONE_NEWNET)
    run(["ip", "link", "set", "lo", "up"])


class Network:
    """One Ethernet segment: the program that made it has the first address, each box gets one of the next.

    A DNS server for the boxes is a program that this one starts on `address`. Used as a context manager; several
    networks are several segments without a route between them.
    """

    def __init__(self) -> None:
        isolate()
        number = next(_numbers)
        self.bridge = f"lan{number}"
        self.ipv4 = ipaddress.IPv4Network(IPV4.format(number=number))
        self.ipv6 = ipaddress.IPv6Network(IPV6.format(number=number))
        self.address = str(self.ipv4[1])
        self.address6 = str(self.ipv6[1])
        self._hosts = itertools.count(2)

    def __enter__(self) -> Self:
        run(["ip", "link", "add", self.bridge, "type", "bridge"])
        _keep_bare(self.bridge)
        run(["ip", "link", "set", self.bridge, "up"])
        run(["ip", "address", "add", f"{self.address}/{self.ipv4.prefixlen}", "dev", self.bridge])
        run(["ip", "address", "add", f"{self.address6}/{self.ipv6.prefixlen}", "dev", self.bridge, "nodad"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        run(["ip", "link", "delete", self.bridge])

    def attach(self) -> "Port":
        """A network namespace with a cable to this network; it has an address and the program as its gateway."""
        return Port(self, next(self._hosts))


class Port:
    """A namespace whose `eth0` is plugged into a network; `unplug` and `plug` pull the cable. Close it after use."""

    def __init__(self, network: Network, number: int) -> None:
        self.name = f"{network.bridge}-{number}"
        self.address = str(network.ipv4[number])
        self.address6 = str(network.ipv6[number])
        self.path = f"/run/netns/{self.name}"
        run(["ip", "netns", "add", self.name])
        try:
            self._connect(network)
        except BaseException:
            self.close()
            raise

    def unplug(self) -> None:
        """Pull the cable: the link is down at both ends."""
        run(["ip", "link", "set", self.name, "down"])

    def plug(self) -> None:
        """Put the cable back."""
        run(["ip", "link", "set", self.name, "up"])

    def close(self) -> None:
        """Take the cable and the namespace away."""
        run(["ip", "link", "delete", self.name], check=False)
        run(["ip", "netns", "delete", self.name])

    def _connect(self, network: Network) -> None:
        peer = ["peer", "name", "eth0", "netns", self.name]
        run(["ip", "link", "add", self.name, "type", "veth", *peer])
        _keep_bare(self.name)
        run(["ip", "link", "set", self.name, "master", network.bridge, "up"])
        inside = ["ip", "-netns", self.name]
        run([*inside, "address", "add", f"{self.address}/{network.ipv4.prefixlen}", "dev", "eth0"])
        run([*inside, "address", "add", f"{self.address6}/{network.ipv6.prefixlen}", "dev", "eth0", "nodad"])
        for link in ("lo", "eth0"):
            run([*inside, "link", "set", link, "up"])
        run([*inside, "route", "add", "default", "via", network.address])
        run([*inside, "-6", "route", "add", "default", "via", network.address6])


def _keep_bare(link: str) -> None:
    """Without a link-local address, which comes seconds after the link: browsers take that for another network."""
    run(["ip", "link", "set", link, "addrgenmode", "none"])
