"""A household for the tests: a network with a name server and an authority, and boxes with owners in it."""

import json
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from image.box import Box
from image.network import Network
from image.process import Finished, start
from tests.box.authority import Authority

READY_S = 150.0


class NameServer:
    """dnsmasq on the network's own address; `add` makes a domain, and all below it, known."""

    def __init__(self, network: Network, folder: Path) -> None:
        self._network = network
        self._folder = folder
        self._lines: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._start()

    def add(self, domain: str, address: str) -> None:
        """`domain` and every name below it have this address."""
        self._lines.append(f"address=/{domain}/{address}")
        self.close()
        self._start()

    def _start(self) -> None:
        options = ["no-resolv", "no-hosts", "bind-interfaces", "cache-size=0", "local=//", "keep-in-foreground"]
        options += [f"listen-address={self._network.address}", f"pid-file={self._folder}/dnsmasq.pid", "user=root"]
        configuration = self._folder / "dnsmasq.conf"
        configuration.write_text("\n".join([*options, *self._lines]) + "\n")
        self._process = start(["dnsmasq", f"--conf-file={configuration}"], output=self._folder / "dnsmasq.log")

    def close(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(10)
            self._process = None


@dataclass
class House:
    """What all boxes of a test run share."""

    tree: Path
    network: Network
    names: NameServer
    authority: Authority
    folder: Path


@dataclass
class ClaimedBox:
    """A box that somebody owns: `admin` with `password`; more people by `add_person`."""

    box: Box
    domain: str
    admin: str
    password: str
    house: House
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where it is."""
        return self.box.address

    def parlor(self, *arguments: str, stdin: str | None = None, check: bool = True) -> Finished:
        """Run the `parlor` command in the box."""
        return self.box.run(["parlor", *arguments], stdin=stdin, check=check)

    def status(self) -> dict[str, Any]:
        """What `parlor status --json` says."""
        document: dict[str, Any] = json.loads(self.parlor("status", "--json", check=False).stdout)
        return document

    def add_person(self, name: str = "", password: str = "") -> str:
        """Make an account with a password; returns the password. Without a name, one of its own is made up."""
        password = password or secrets.token_urlsafe(12)
        self.parlor("user", "add", name, stdin=f"{password}\n")
        self.passwords[name] = password
        return password

    def new_person(self) -> tuple[str, str]:
        """A fresh account for one test: its name and its password."""
        name = f"p{secrets.token_hex(4)}"
        return name, self.add_person(name)

    def invite(self, name: str) -> dict[str, str]:
        """An invitation: `jid`, `link`, `uri`."""
        jid, link, uri, *_ = (line.strip() for line in self.parlor("invite", name).stdout.splitlines())
        return {"jid": jid, "link": link, "uri": uri}

    def wait_until_well(self, timeout_s: float = READY_S) -> dict[str, Any]:
        """Wait until the box is claimed and every service says it works."""
        deadline = time.monotonic() + timeout_s
        while True:
            finished = self.parlor("status", "--json", check=False)
            status = json.loads(finished.stdout) if finished.stdout else {}
            if finished.returncode == 0 and status.get("claimed"):
                return dict(status)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{finished.stdout}\n{finished.stderr}\n{self.box.journal()[-5000:]}")
            time.sleep(0.2)


def provisioning(domain: str, admin: str, password: str, people: Sequence[str] = ()) -> str:
    """A provisioning file (`docs/provisioning.md`) for a box with a domain of its own."""
    return (
        f"people = {json.dumps(list(people))}\n"
        f'[domain]\nkind = "own"\nname = "{domain}"\n'
        f'[admin]\nname = "{admin}"\npassword = {json.dumps(password)}\n'
    )


@contextmanager
def claimed_box(house: House, domain: str) -> Iterator[ClaimedBox]:
    """A new box, set up from a provisioning file, with a certificate of the tests' authority."""
    folder = house.folder / domain
    folder.mkdir()
    password = secrets.token_urlsafe(12)
    file = folder / "parlor.toml"
    file.write_text(provisioning(domain, "ann", password))
    with Box(
        domain.partition(".")[0],
        house.tree,
        house.network,
        data=folder / "data",
        provision=file,
        ca=house.authority.path,
    ) as box:
        house.names.add(domain, box.address)
        owned = ClaimedBox(box, domain, "ann", password, house, {"ann": password})
        owned.wait_until_well()
        names = [domain, *(f"{part}.{domain}" for part in ("groups", "upload", "proxy"))]
        for source, name in zip(house.authority.sign(*names), ("chain.pem", "key.pem"), strict=True):
            shutil.copy(source, folder / "data" / name)
        owned.parlor("certificate", "import", "/data/chain.pem", "/data/key.pem")
        owned.wait_until_well()
        yield owned
