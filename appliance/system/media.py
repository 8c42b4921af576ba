"""Whether a call goes on: the box then has sockets open on the UDP ports that its services keep for media."""

from collections.abc import Iterable
from pathlib import Path

from appliance.model import Port, Protocol, Service

TABLES = (Path("/proc/self/net/udp"), Path("/proc/self/net/udp6"))


def ranges(services: Iterable[Service]) -> tuple[Port, ...]:
    """The ranges of UDP ports that services declare: those of media, which are there for as long as a call is."""
    return tuple(port for service in services for port in service.ports if port.protocol is Protocol.UDP and port.last)


def in_call(media: Iterable[Port], tables: Iterable[Path] = TABLES) -> bool:
    """Whether a socket is bound to a port of one of the ranges.

    A packet of another program may come from such a port by chance; then a restart waits for a moment more.
    """
    wanted = tuple(media)
    bound = {port for table in tables for port in _ports(table)}
    return any(each.first <= port <= (each.last or each.first) for port in bound for each in wanted)


def _ports(table: Path) -> set[int]:
    """The local ports in one of the kernel's tables (proc_net_udp(5): the second column is ADDRESS:PORT in hex)."""
    lines = table.read_text().splitlines()[1:] if table.exists() else []
    return {int(line.split()[1].rpartition(":")[2], 16) for line in lines}
