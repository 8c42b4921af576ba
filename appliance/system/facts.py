"""What rendering needs to know of the machine: addresses, certificate, and whether it is a container."""

import os
import socket
from pathlib import Path

from appliance.model import Certificate, Host


def host(certificate: Certificate) -> Host:
    """Look at the machine."""
    return Host(
        ipv4=_source(socket.AF_INET, "192.88.99.1"),
        ipv6=_source(socket.AF_INET6, "2001:db8::1"),
        certificate=certificate,
        container=is_container(),
        cpus=os.cpu_count() or 1,
    )


def is_container() -> bool:
    """Whether systemd says that this is no machine of its own."""
    return Path("/run/systemd/container").exists()


def _source(family: socket.AddressFamily, anywhere: str) -> str:
    """The address from which the machine would reach the world, "" without a route; sends nothing."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((anywhere, 9))
        except OSError:
            return ""
        address: str = probe.getsockname()[0]
    return "" if address.startswith("fe80") else address
