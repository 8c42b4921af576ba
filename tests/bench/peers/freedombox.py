"""FreedomBox from Debian's package: pages and accounts, but no chat or media daemon (those are apps to install).

Nothing is changed. Its first start sets up its essential apps one by one; its page answers on HTTPS when the web server
is among those that are ready, and the others go on behind it.
"""

import asyncio
import http.client
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import override

from image.network import Network
from tests.bench.memory import processes
from tests.bench.peers import package
from tests.bench.stream import tls_context
from tests.bench.system import Site, System

PAGE = "/freedombox/"
# What its set-up installs from the network if it is not there yet; a box on the bench has no way out.
_PACKAGES = ("freedombox", "iptables", "systemd-resolved")
_PATIENCE_S = 1.0
_ACTION = b"/usr/share/plinth/actions/actions"  # the program that does one step of a set-up
_QUIET_S = 6.0
_SETUP_S = 150.0


class FreedomBox(System):
    """Only started: there is nothing in it to send a message with."""

    name = "freedombox"
    title = "FreedomBox"
    rounds = 1  # a first start takes the better part of a minute

    @override
    def tree(self) -> AbstractContextManager[Path]:
        return package.held(package.build(self.name, _PACKAGES))

    @override
    def install(self, tree: Path, folder: Path, network: Network) -> Site:
        package.copy(tree, folder, self.name)
        return Site(package.box_of(self.name, tree, folder, network), folder)

    @override
    async def use(self, site: Site) -> None:
        await asyncio.to_thread(_get, site.box.address)

    @override
    async def finish_setup(self, site: Site) -> None:
        """Until no step has run for a while; a step that fails is tried again for ever, so there is an end to it."""
        quiet_since = started = time.monotonic()
        while (now := time.monotonic()) < started + _SETUP_S and now < quiet_since + _QUIET_S:
            if any(_runs_action(process) for process in processes(site.box.leader)):
                quiet_since = now
            await asyncio.sleep(0.2)


def _runs_action(process: Path) -> bool:
    try:
        return _ACTION in (process / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


def _get(address: str) -> None:
    """Ask for the first page. Raises `OSError` unless it is there."""
    connection = http.client.HTTPSConnection(address, timeout=_PATIENCE_S, context=tls_context())
    try:
        connection.request("GET", PAGE)
        status = connection.getresponse().status
    except http.client.HTTPException as error:
        raise ConnectionError(str(error)) from error
    finally:
        connection.close()
    if status not in (200, 302):
        raise ConnectionError(f"{PAGE} answers {status}")
