"""What one visitor sends: its publisher handle in the room's VideoRoom."""

import asyncio
import contextlib
import re
import time

from appliance.janus import Document, Handle, JanusError
from appliance.rooms.sfu import PLUGIN, Stage
from appliance.rooms.visitor import Message, Say

_STILL_THERE_S = 2.0  # how long Janus may take to forget a connection that was replaced


class Sending:
    """The sending side of a seat."""

    def __init__(self, stage: Stage, feed: int, say: Say) -> None:
        self._stage = stage
        self._feed = feed
        self._say = say
        self._handle: Handle | None = None
        self._connection = ""

    async def publish(self, jsep: Document, tracks: dict[str, str]) -> None:
        """Take an offer of the browser and answer it. Raises `JanusError`.

        A recording's files get the name `FEED-MS-…`: `recorder/` reads who it was from it.
        """
        connection = _connection_of(jsep["sdp"])
        if connection != self._connection:
            await self.close()
        request: Document = {"descriptions": [{"mid": mid, "description": kind} for mid, kind in tracks.items()]}
        if self._handle is None:
            self._handle = await self._join()
            self._connection = connection
            request["request"] = "publish"
            request["filename"] = f"{self._feed}-{time.time_ns() // 1_000_000}"
        else:
            request["request"] = "configure"
        answer = await self._handle.ask(request, jsep)
        if "jsep" in answer:
            self._say({"is": "published", "jsep": _plain(answer["jsep"])})

    async def candidate(self, candidate: Document | None) -> None:
        """Hand a candidate of the browser over. Raises `JanusError`."""
        if self._handle is not None:
            await self._handle.trickle(candidate)

    async def close(self) -> None:
        """Send nothing any more."""
        handle, self._handle, self._connection = self._handle, None, ""
        if handle is not None:
            with contextlib.suppress(JanusError):
                await handle.detach()
            self._stage.forget(self._feed)

    async def _join(self) -> Handle:
        handle = await self._stage.janus.attach(PLUGIN, self._hear)
        body = {"request": "join", "ptype": "publisher", "room": self._stage.identity, "id": self._feed}
        deadline = asyncio.get_running_loop().time() + _STILL_THERE_S
        while True:
            try:
                await handle.ask(body)
            except JanusError as error:
                if "already exists" not in str(error) or asyncio.get_running_loop().time() > deadline:
                    await handle.detach()
                    raise
                await asyncio.sleep(0.05)
            else:
                return handle

    def _hear(self, event: Document) -> None:
        if event["janus"] == "trickle":
            self._say(candidate_message("send", event["candidate"]))
        elif event["janus"] == "hangup" and self._handle is not None and event["sender"] == self._handle.identity:
            self._connection = "lost"  # whatever the browser offers next comes to a new handle
            self._say({"is": "renew", "side": "send"})


def candidate_message(side: str, candidate: Document) -> Message:
    """A candidate of Janus, as browsers take it."""
    told = None if candidate.get("completed") else candidate
    return {"is": "candidate", "side": side, "candidate": told}


def _plain(jsep: Document) -> Document:
    return {"type": jsep["type"], "sdp": jsep["sdp"]}


def _connection_of(sdp: str) -> str:
    """Which of a browser's connections a description belongs to: the session id of its `o=` line (RFC 8866, 5.2)."""
    found = re.search(r"^o=\S+ (\d+) ", sdp, re.MULTILINE)
    return found[1] if found else ""
