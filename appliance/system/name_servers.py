"""Tells programs the name servers that the house's router announces: systemd-networkd asks, `resolv.conf(5)` says.

A oneshot of its own, started whenever systemd-networkd has news, with its description on standard input. It imports
nothing of ours: it runs while the box starts, and what reads the settings takes longer to load than it takes to run.
"""

import ipaddress
import json
import sys
from pathlib import Path
from typing import Any

RESOLV_CONF = Path("/run/parlor-host/resolv.conf")
# The C library takes no more (resolv.conf(5), MAXNS).
MOST = 3


def main() -> int:
    """Write what `networkctl --json=short status` says on standard input."""
    temporary = RESOLV_CONF.with_suffix(".new")
    temporary.write_bytes(render(announced(json.load(sys.stdin))))
    temporary.replace(RESOLV_CONF)  # Whoever reads it meanwhile reads the old one; a power cut takes it anyway.
    return 0


def announced(network: dict[str, Any]) -> list[str]:
    """The addresses of the name servers in systemd-networkd's description, each once, IPv4 first; pure.

    The description is that of `org.freedesktop.network1(5)`, Describe(): an address is a list of its bytes. One of a
    link (RFC 4007) gets the name of its interface.
    """
    found: dict[str, None] = {}
    for link in network.get("Interfaces", []):
        for server in link.get("DNS", []):
            address = ipaddress.ip_address(bytes(server["Address"]))
            zone = f"%{link['Name']}" if address.version == 6 and address.is_link_local else ""
            found[f"{address}{zone}"] = None
    return sorted(found, key=lambda each: ":" in each)


def render(servers: list[str]) -> bytes:
    """resolv.conf for these servers; pure. None at all is written down too: better than servers that are gone."""
    lines = [f"nameserver {server}\n" for server in servers[:MOST]]
    return "".join([*lines, "options timeout:2 attempts:2\n"]).encode("ascii")


if __name__ == "__main__":
    sys.exit(main())
