"""People who come into the box's rooms as browsers do: over the WebSocket of `docs/rooms.md`."""

import asyncio
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from appliance.rooms.tokens import Token, sign
from tests.bench.media.leg import Leg
from tests.box.attendee import insecure
from tests.box.house import ClaimedBox

WAIT_S = 60.0


def room_name(number: int) -> str:
    """The name of a room of the bench."""
    return f"bench-{number}"


@dataclass
class Visitor:
    """One browser's signalling; implements `crowd.Person`."""

    socket: aiohttp.ClientWebSocketResponse
    receiving: Leg = field(default_factory=Leg)
    ears: asyncio.Task[None] | None = None
    _sending: Leg | None = None
    _received: dict[str, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _cameras: int = 0
    _offered: asyncio.Event = field(default_factory=asyncio.Event)

    async def say(self, do: str, **document: object) -> None:
        """Send a message."""
        await self.socket.send_str(json.dumps({"do": do, **document}))

    async def first(self, kind: str) -> dict[str, Any]:
        """The first message of a kind. Raises `ConnectionError` with what the box did not like, `TimeoutError`."""
        return await asyncio.wait_for(asyncio.shield(self._first(kind)), WAIT_S)

    async def publish(self) -> Leg:
        """See `Person`."""
        self._sending = leg = Leg()
        jsep = {"type": "offer", "sdp": await leg.offer()}
        await self.say("publish", jsep=jsep, tracks={"0": "microphone", "1": "camera"})
        leg.connect((await self.first("published"))["jsep"]["sdp"])
        await leg.connected()
        await self.say("state", microphone=True, camera=True)
        return leg

    async def receives(self, cameras: int) -> None:
        """See `Person`."""
        while self._cameras < cameras:
            self._offered.clear()
            await self._offered.wait()
        await self.receiving.connected()

    async def listen(self) -> None:
        """Take what comes, and answer offers, until the socket is closed."""
        async for frame in self.socket:
            if frame.type is not aiohttp.WSMsgType.TEXT:
                break
            message = json.loads(frame.data)
            match message["is"]:
                case "offer":
                    await self._answer(message)
                case "candidate":
                    leg = self._sending if message["side"] == "send" else self.receiving
                    assert leg
                    await leg.candidate(message["candidate"])
                case "refused" | "ended" | "sorry" | "renew":
                    self._fail(ConnectionError(str(message)))
            if not (first := self._first(message["is"])).done():
                first.set_result(message)

    async def _answer(self, message: dict[str, Any]) -> None:
        answer = await self.receiving.answer(message["jsep"]["sdp"])
        await self.say("answer", jsep={"type": "answer", "sdp": answer})
        self._cameras = sum(stream["kind"] == "camera" for stream in message["streams"])
        self._offered.set()

    def _fail(self, error: ConnectionError) -> None:
        for waiting in self._received.values():
            if not waiting.done():
                waiting.set_exception(error)

    def _first(self, kind: str) -> asyncio.Future[dict[str, Any]]:
        return self._received.setdefault(kind, asyncio.get_running_loop().create_future())

    async def close(self) -> None:
        """Leave."""
        if self.ears is not None:
            self.ears.cancel()
        for leg in (self._sending, self.receiving):
            if leg is not None:
                await leg.close()
        await self.say("leave")
        await self.socket.close()


@dataclass(frozen=True)
class Doors:
    """How visitors come into the rooms of a box; `first` is the number of the first room that they use."""

    box: ClaimedBox
    key: bytes
    session: aiohttp.ClientSession
    first: int

    async def enter(self, number: int, viewer: bool) -> Visitor:
        """See `crowd.Enter`."""
        name, role = room_name(self.first + number), "viewer" if viewer else "host"
        token = sign(Token(name, role, "Gus", expires=int(time.time()) + 3600), self.key)
        url, headers = f"https://{self.box.address}/rooms/socket", {"Host": self.box.domain}
        socket = await self.session.ws_connect(url, ssl=insecure(), headers=headers, server_hostname=self.box.domain)
        visitor = Visitor(socket)
        visitor.ears = asyncio.create_task(visitor.listen())
        await visitor.say("hello", room=name, name="Gus", browser=secrets.token_urlsafe(16), token=token)
        await visitor.first("welcome")
        return visitor


def doors(box: ClaimedBox, session: aiohttp.ClientSession, first: int) -> Doors:
    """The box's doors, with its own key."""
    return Doors(box, key(box), session, first)


def key(box: ClaimedBox) -> bytes:
    """The key with which the box signs tokens."""
    return bytes.fromhex(json.loads(box.box.run(["cat", "/run/parlor/rooms/rooms.json"]).stdout)["key"])
