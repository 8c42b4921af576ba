"""What one visitor receives: its subscriber handle, with a stream for everything that others send."""

import asyncio
import contextlib

from appliance.janus import Document, Handle, JanusError
from appliance.rooms.sending import candidate_message
from appliance.rooms.sfu import PLUGIN, Stage, Stream
from appliance.rooms.visitor import Message, Say

Key = tuple[int, str]


class Receiving:
    """The receiving side of a seat. Janus offers, the browser answers, one offer at a time."""

    def __init__(self, stage: Stage, feed: int, say: Say) -> None:
        self._stage = stage
        self._feed = feed
        self._say = say
        self._handle: Handle | None = None
        self._mids: dict[Key, str] = {}  # what is subscribed to, and its mid here
        self._dead: Handle | None = None  # its connection has ended in Janus
        self._early: list[Message] | None = []  # candidates that Janus told before its first offer was on its way
        self._offered = False
        self._stale = False
        self._lock = asyncio.Lock()

    async def sync(self) -> None:
        """Bring the subscription to what is sent now. Raises `JanusError`."""
        async with self._lock:
            if self._offered:
                self._stale = True
                return
            self._stale = False
            wanted = {key: stream for key, stream in self._stage.streams.items() if key[0] != self._feed}
            fresh = [wanted[key] for key in wanted if key not in self._mids]
            gone = [mid for key, mid in self._mids.items() if key not in wanted]
            if fresh or gone:
                await self._change(fresh, gone)

    async def _change(self, fresh: list[Stream], gone: list[str]) -> None:
        adding = [_subscription(stream) for stream in fresh]
        if self._handle is None:
            if adding:
                self._handle = await self._stage.janus.attach(PLUGIN, self._hear)
                body = {"request": "join", "ptype": "subscriber", "room": self._stage.identity, "autoupdate": False}
                self._offer(await self._handle.ask(body | {"streams": adding}))
            return
        body = {"request": "update"}
        if adding:
            body |= {"subscribe": adding}
        if gone:
            body |= {"unsubscribe": [{"sub_mid": mid} for mid in gone]}
        self._offer(await self._handle.ask(body))

    def _offer(self, answer: Document) -> None:
        data = answer["plugindata"]["data"]
        if "streams" in data:
            active = [s for s in data["streams"] if s.get("active") and "feed_id" in s]
            self._mids = {(int(s["feed_id"]), s["feed_mid"]): s["mid"] for s in active}
        if "jsep" not in answer:
            return
        self._offered = True
        jsep = {"type": answer["jsep"]["type"], "sdp": answer["jsep"]["sdp"]}
        self._say({"is": "offer", "jsep": jsep, "streams": self._table()})
        early, self._early = self._early, None
        for message in early or ():
            self._say(message)

    def _table(self) -> list[Document]:
        known = self._stage.streams
        return [
            {"mid": mid, "person": str(key[0]), "kind": known[key].kind}
            for key, mid in self._mids.items()
            if key in known
        ]

    async def answer(self, jsep: Document) -> None:
        """Take the browser's answer. Raises `JanusError`."""
        if self._handle is None:
            return
        async with self._lock:
            await self._handle.ask({"request": "start"}, jsep)
            self._offered = False
        if self._stale:
            await self.sync()

    async def candidate(self, candidate: Document | None) -> None:
        """Hand a candidate of the browser over. Raises `JanusError`."""
        if self._handle is not None:
            await self._handle.trickle(candidate)

    async def watch(self, layers: dict[str, int]) -> None:
        """Send these pictures, this large, and no others. Raises `JanusError`."""
        if self._handle is None:
            return
        known = self._stage.streams
        pictures = [mid for key, mid in self._mids.items() if key in known and known[key].type == "video"]
        streams = [
            {"mid": mid, "send": mid in layers} | ({"substream": layers[mid]} if mid in layers else {})
            for mid in pictures
        ]
        if streams:
            await self._handle.ask({"request": "configure", "streams": streams})

    async def restart(self) -> None:
        """A new offer with an ICE restart, whatever became of the last one. Raises `JanusError`."""
        async with self._lock:
            await self._bury()
            if self._handle is not None:
                self._offer(await self._handle.ask({"request": "configure", "restart": True}))
                return
        self._offered = False
        await self.sync()

    async def close(self) -> None:
        """Receive nothing any more."""
        handle, self._handle, self._mids, self._offered = self._handle, None, {}, False
        await self._bury()
        if handle is not None:
            with contextlib.suppress(JanusError):
                await handle.detach()

    async def _bury(self) -> None:
        dead, self._dead = self._dead, None
        if dead is not None:
            with contextlib.suppress(JanusError):
                await dead.detach()

    def _hear(self, event: Document) -> None:
        if event["janus"] == "trickle":
            message = candidate_message("receive", event["candidate"])
            if self._early is None:
                self._say(message)
            else:
                self._early.append(message)
        elif event["janus"] == "hangup" and self._handle is not None and event["sender"] == self._handle.identity:
            self._dead, self._handle, self._mids, self._offered = self._handle, None, {}, False
            self._early = []
            self._say({"is": "renew", "side": "receive"})


def _subscription(stream: Stream) -> Document:
    wish: Document = {"feed": stream.feed, "mid": stream.mid}
    return wish | ({"substream": 0} if stream.kind == "camera" else {})
