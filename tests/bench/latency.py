"""How long a message takes from one person to another, and how many of them go through in a second."""

import asyncio
import time
from dataclasses import dataclass
from typing import Self

from tests.bench.client import ASK, Client
from tests.bench.system import ChatSystem, Site

WARM_UP = 50
ACK_EVERY = 10  # stanzas of a burst; for a single message a phone asks each time
IN_FLIGHT = 100
STALLED_S = 60.0

_LAST = "last"  # the id of a burst's last message
# What a phone sends: text, origin (XEP-0359), request for a receipt (XEP-0184), marker (XEP-0333), state (XEP-0085).
_MESSAGE = (
    "<message to='{to}' type='chat' id='{mark}'>"
    "<body>See you at the station at ten past eight, I will bring the keys. ({mark})</body>"
    "<origin-id xmlns='urn:xmpp:sid:0' id='{mark}'/><request xmlns='urn:xmpp:receipts'/>"
    "<markable xmlns='urn:xmpp:chat-markers:0'/><active xmlns='http://jabber.org/protocol/chatstates'/></message>"
)


@dataclass
class Conversation:
    """Two people who are logged in to the same system."""

    sender: Client
    receiver: Client
    to: str
    drain: asyncio.Task[None]
    sent: int = 0

    @classmethod
    async def begin(cls, system: ChatSystem, site: Site) -> Self:
        """Log both in, and send the first messages, which open files and fill caches."""
        sender, receiver = [await system.log_in(site, name) for name in system.people]
        drain = asyncio.create_task(_drain(sender))
        conversation = cls(sender, receiver, f"{system.people[1]}@{system.domain}", drain)
        await conversation.latencies(WARM_UP)
        return conversation

    async def latencies(self, count: int) -> list[float]:
        """Seconds from sending to receipt of so many messages, each sent when the last one has arrived."""
        return [await self._one() for _ in range(count)]

    async def rate(self, count: int, at_most_s: float) -> float:
        """Messages a second, with up to `IN_FLIGHT` on their way, until `count` or the time is reached."""
        window = asyncio.Semaphore(IN_FLIGHT)
        started = time.perf_counter()
        sending = asyncio.create_task(self._burst(count, started + at_most_s, window))
        arrived = 1
        async with asyncio.timeout(STALLED_S):
            while (await self.receiver.message()).get("id") != _LAST:
                arrived += 1
                window.release()
        took_s = time.perf_counter() - started
        await sending
        return arrived / took_s

    async def end(self) -> None:
        """Log both out."""
        self.drain.cancel()
        await asyncio.gather(self.drain, return_exceptions=True)
        for client in (self.sender, self.receiver):
            await client.stream.close()

    async def _one(self) -> float:
        self.sent += 1
        mark = f"m{self.sent}"
        data = self._stanza(mark)
        started = time.perf_counter()
        self.sender.stream.write(data + ASK)
        async with asyncio.timeout(STALLED_S):
            while (await self.receiver.message()).get("id") != mark:
                pass
        return time.perf_counter() - started

    async def _burst(self, count: int, deadline: float, window: asyncio.Semaphore) -> None:
        """Send up to `count` messages and a last one."""
        stream = self.sender.stream
        for number in range(count - 1):
            if time.perf_counter() > deadline:
                break
            await window.acquire()
            data = self._stanza(f"b{number}")
            stream.write(data + ASK if number % ACK_EVERY == 0 else data)
            await stream.writer.drain()
        stream.write(self._stanza(_LAST) + ASK)

    def _stanza(self, mark: str) -> bytes:
        return _MESSAGE.format(to=self.to, mark=mark).encode()


async def _drain(client: Client) -> None:
    """Read what a sender is told: acknowledgements."""
    while True:
        await client.message()
