"""What the benchmark asks of each system: to be installed afresh, and to be of use."""

import ssl
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from image.box import Box
from image.network import Network
from tests.bench.client import Client
from tests.bench.stream import tls_context


@dataclass(frozen=True)
class Site:
    """One installation with data of its own; `box` may be on or off."""

    box: Box
    folder: Path


class System(ABC):
    """Something to measure. `rounds` bounds how often it is started, None for as often as the box itself."""

    name: ClassVar[str]
    title: ClassVar[str]
    rounds: ClassVar[int | None] = None

    @abstractmethod
    def tree(self) -> AbstractContextManager[Path]:
        """Its root file system, built if needed, for as long as the body runs; call it before there is a network."""

    @abstractmethod
    def install(self, tree: Path, folder: Path, network: Network) -> Site:
        """A new installation in the empty `folder`, not started yet."""

    @abstractmethod
    async def use(self, site: Site) -> None:
        """Do what a person would start it for. Raises `OSError` or `TimeoutError` as long as it is not ready."""

    async def finish_setup(self, site: Site) -> None:  # noqa: B027 (most have nothing to do)
        """Wait for work that its first start leaves behind."""


class ChatSystem(System):
    """An XMPP server."""

    domain: ClassVar[str]
    people: ClassVar[tuple[str, str]] = ("ann", "bob")
    password: ClassVar[str] = "correct horse battery"

    def __init__(self) -> None:
        self.tls: ssl.SSLContext = tls_context()
        self.cipher = ""

    async def log_in(self, site: Site, name: str) -> Client:
        """A client that is logged in. Raises `OSError`, `TimeoutError`."""
        client = await Client.connect(site.box.address, self.domain, self.tls)
        try:
            await client.log_in(name, self.password)
        except BaseException:
            client.stream.abort()
            raise
        self.cipher = client.stream.cipher
        return client

    @abstractmethod
    async def add_people(self, site: Site) -> None:
        """Make the accounts in `people`, as far as they are not there; the server runs."""
