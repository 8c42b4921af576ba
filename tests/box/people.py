"""Several people with several devices each, for conversations in the tests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import aiohttp
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from tests.box.house import ClaimedBox
from tests.box.phone import WAIT_S, Phone, session

PLUGINS = (
    *("xep_0049", "xep_0054", "xep_0060", "xep_0084", "xep_0115", "xep_0153", "xep_0163", "xep_0191", "xep_0198"),
    *("xep_0203", "xep_0352", "xep_0359", "xep_0410", "xep_0421"),
)


@dataclass(frozen=True)
class Person:
    """Somebody with an account in a box."""

    name: str
    password: str
    box: ClaimedBox

    @property
    def jid(self) -> str:
        """The bare address."""
        return f"{self.name}@{self.box.domain}"


def new_person(box: ClaimedBox) -> Person:
    """A fresh account."""
    return Person(*box.new_person(), box)


class Device(Phone):
    """A phone that can do what Conversations does; every stanza of a kind waits in `seen`."""

    def __init__(self, person: Person) -> None:
        super().__init__(person.jid, person.password, person.box.house.authority.path)
        for plugin in PLUGINS:
            self.register_plugin(plugin)
        self.person = person
        self.seen: dict[str, asyncio.Queue[Any]] = {}
        for kind in ("message", "presence", "iq"):
            self.seen[kind] = asyncio.Queue()
            self.register_handler(Callback(f"every {kind}", MatchXPath(f"{{jabber:client}}{kind}"), self._saw(kind)))

    def _saw(self, kind: str) -> Callable[[Any], None]:
        return self.seen[kind].put_nowait

    async def see(self, kind: str, fits: Callable[[Any], object], timeout_s: float = WAIT_S) -> Any:
        """Wait for a stanza of this kind that fits; others are passed over. Raises `TimeoutError`."""
        async with asyncio.timeout(timeout_s):
            while not fits(stanza := await self.seen[kind].get()):
                pass
            return stanza

    async def sees_no(self, kind: str, fits: Callable[[Any], object], for_s: float = 1.0) -> bool:
        """Whether nothing that fits comes for a while."""
        try:
            await self.see(kind, fits, for_s)
        except TimeoutError:
            return True
        return False

    async def ask(self, kind: str, payload: str, to: str = "") -> Any:
        """Send an IQ written by hand; returns its result. Raises `IqError`."""
        iq = self.make_iq(ito=to or None)
        iq["type"] = kind
        iq.append(ET.fromstring(payload))
        return await iq.send(timeout=WAIT_S)


@asynccontextmanager
async def online(*people: Person) -> AsyncIterator[list[Device]]:
    """One device for each of the people, in order; somebody who is named twice has two."""
    async with AsyncExitStack() as stack:
        devices = []
        for person in people:
            device = Device(person)
            stack.push_async_callback(device.close)
            await device.log_in(person.box.address)
            await device.online()
            devices.append(device)
        yield devices


def talk(scene: Callable[..., Awaitable[None]], *people: Person) -> None:
    """Play a scene with a device for each of the people."""

    async def play() -> None:
        async with online(*people) as devices:
            await scene(*devices)

    asyncio.run(play())


@asynccontextmanager
async def browser(box: ClaimedBox, source: str = "") -> AsyncIterator[aiohttp.ClientSession]:
    """A browser of somebody who is not logged in anywhere, for which every name is the box; `source` is its address."""
    async with session(box.house.authority.path, box.address, source) as http:
        yield http


async def become_contacts(one: Device, other: Device) -> None:
    """Subscribe to each other's presence, as two phones do."""
    one.send_presence_subscription(other.person.jid)
    await one.see("presence", lambda p: p["type"] == "subscribed")
    await other.see("presence", lambda p: p["type"] == "subscribed")


def text_of(stanza: Any) -> str:
    """A stanza as XML."""
    return ET.tostring(stanza.xml, encoding="unicode")
