"""An independent XMPP server on the tests' network: Prosody from Debian, in a namespace of its own."""

import contextlib
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from image.network import Port
from image.process import run, start
from tests.box.house import House

_CONFIGURATION = """\
run_as_root = true
pidfile = "{folder}/prosody.pid"
data_path = "{folder}"
certificates = "{folder}"
log = {{ info = "{folder}/prosody.log" }}
interfaces = {{ "{address}" }}
modules_enabled = {{ "roster", "saslauth", "tls", "dialback", "disco", "pep", "mam", "carbons", "s2s_bidi", "ping" }}
modules_disabled = {{ {disabled} }}
c2s_require_encryption = true
s2s_require_encryption = {secure}
s2s_secure_auth = {secure}
ssl = {{ cafile = "{authority}"; certificate = "{folder}/{domain}.pem"; key = "{folder}/{domain}.key" }}
https_ssl = {{ certificate = "{folder}/{domain}.pem"; key = "{folder}/{domain}.key" }}
authentication = "internal_hashed"
storage = "internal"
VirtualHost "{domain}"
Component "groups.{domain}" "muc"
Component "upload.{domain}" "http_file_share"
"""


@dataclass
class Prosody:
    """The server: its domain, where it is, and accounts on it."""

    domain: str
    port: Port
    configuration: Path

    @property
    def address(self) -> str:
        """Where it is."""
        return self.port.address

    def add_person(self, name: str, password: str) -> None:
        """Make an account."""
        register = ["prosodyctl", "--root", "--config", str(self.configuration), "register"]
        run([*self._inside(), *register, name, self.domain, password])

    def _inside(self) -> list[str]:
        return inside(self.port, self.configuration.with_name("resolv.conf"))


def inside(port: Port, resolv: Path) -> list[str]:
    """The start of an argument list for a program at `port` with a name server of its own."""
    script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
    return ["nsenter", f"--net={port.path}", "unshare", "--mount", "sh", "-c", script, str(resolv)]


@contextmanager
def prosody(house: House, domain: str, encrypted: bool = True) -> Iterator[Prosody]:
    """A running Prosody; not `encrypted`, it speaks to other servers in the clear only."""
    folder = house.folder / domain
    folder.mkdir()
    port = house.network.attach()
    for path in house.authority.sign(domain, f"groups.{domain}", f"upload.{domain}"):
        path.rename(folder / path.name)
    resolv = folder / "resolv.conf"
    resolv.write_text(f"nameserver {house.network.address}\n")
    configuration = folder / "prosody.cfg.lua"
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder,
            address=port.address,
            authority=house.authority.path,
            domain=domain,
            secure=str(encrypted).lower(),
            disabled="" if encrypted else '"tls"',
        )
    )
    house.names.add(domain, port.address)
    server = Prosody(domain, port, configuration)
    process = start([*inside(port, resolv), "prosody", "-F", "--config", configuration], output=folder / "out")
    try:
        _await(port.address, 5269)
        yield server
    finally:
        process.terminate()
        process.wait(20)
        port.close()


def _await(address: str, port: int, timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        with contextlib.suppress(OSError), socket.create_connection((address, port), 1):
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing listens on {address}:{port}")
        time.sleep(0.1)
