"""The same people in VideoRooms that are made directly over Janus's socket: what the SFU does without the box's daemon.

VideoRoom's requests: janus.conf.meetecho.com/docs/videoroom.html.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from appliance.janus import Document, Handle, Janus, session
from tests.bench.media.crowd import Shape
from tests.bench.media.leg import Leg

PLUGIN = "janus.plugin.videoroom"


async def _handle(janus: Janus, leg: Leg, tasks: set[asyncio.Task[None]]) -> Handle:
    def hear(event: Document) -> None:
        if event["janus"] == "trickle":
            task = asyncio.create_task(leg.candidate(event["candidate"]))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    return await janus.attach(PLUGIN, hear)


@dataclass
class Participant:
    """Somebody in a VideoRoom; implements `crowd.Person`."""

    janus: Janus
    room: int
    receiving: Leg = field(default_factory=Leg)
    _feed: int = 0
    _sending: Leg | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def publish(self) -> Leg:
        """See `Person`."""
        self._sending = leg = Leg()
        handle = await _handle(self.janus, leg, self._tasks)
        joined = await handle.ask({"request": "join", "ptype": "publisher", "room": self.room})
        self._feed = joined["plugindata"]["data"]["id"]
        answer = await handle.ask({"request": "publish"}, {"type": "offer", "sdp": await leg.offer()})
        leg.connect(answer["jsep"]["sdp"])
        await leg.connected()
        return leg

    async def receives(self, cameras: int) -> None:
        """See `Person`."""
        feeds = await self._feeds()
        assert len(feeds) == cameras  # all send before anybody receives
        handle = await _handle(self.janus, self.receiving, self._tasks)
        body = {"request": "join", "ptype": "subscriber", "room": self.room}
        offer = await handle.ask(body | {"streams": [{"feed": feed} for feed in feeds]})
        answer = await self.receiving.answer(offer["jsep"]["sdp"])
        await handle.ask({"request": "start"}, {"type": "answer", "sdp": answer})
        await self.receiving.connected()

    async def _feeds(self) -> list[int]:
        handle = await self.janus.attach(PLUGIN)
        found = await handle.ask({"request": "listparticipants", "room": self.room})
        await handle.detach()
        people: list[dict[str, Any]] = found["plugindata"]["data"]["participants"]
        return [each["id"] for each in people if each["publisher"] and each["id"] != self._feed]

    async def close(self) -> None:
        """Leave."""
        for leg in (self._sending, self.receiving):
            if leg is not None:
                await leg.close()


@dataclass(frozen=True)
class Bare:
    """VideoRooms with Janus's own defaults but for the codecs, the number of publishers and their bit rate."""

    janus: Janus
    rooms: list[int]

    async def enter(self, number: int, _viewer: bool) -> Participant:
        """See `crowd.Enter`."""
        return Participant(self.janus, self.rooms[number])


@asynccontextmanager
async def bare(path: str, shape: Shape) -> AsyncIterator[Bare]:
    """Rooms for this shape in the Janus whose socket is at `path`."""
    async with session(path) as janus:
        staying = asyncio.create_task(janus.stay())
        owner = await janus.attach(PLUGIN)
        wanted = {"request": "create", "publishers": shape.senders, "bitrate": 2_500_000, "videocodec": "vp8"}
        rooms = [(await owner.ask(wanted))["plugindata"]["data"]["room"] for _ in range(shape.rooms)]
        try:
            yield Bare(janus, rooms)
        finally:
            staying.cancel()
            for room in rooms:
                await owner.ask({"request": "destroy", "room": room})
