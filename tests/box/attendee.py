"""Somebody in a room without a browser: the WebSocket of `docs/rooms.md` by aiohttp, media by aiortc."""

import asyncio
import json
import secrets
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack
from aiortc.sdp import candidate_from_sdp

from ota.proof.call import Picture
from tests.box.house import ClaimedBox

WAIT_S = 20.0
Message = dict[str, Any]


@dataclass
class Attendee:
    """One socket, and what came over it so far."""

    socket: aiohttp.ClientWebSocketResponse
    received: list[Message] = field(default_factory=list)
    sending: RTCPeerConnection | None = None
    receiving: RTCPeerConnection | None = None
    tracks: dict[tuple[str, str], MediaStreamTrack] = field(default_factory=dict)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _ears: "asyncio.Task[None] | None" = None

    async def say(self, do: str, **document: object) -> None:
        """Send a message."""
        await self.socket.send_str(json.dumps({"do": do, **document}))

    async def wait(self, kind: str, skip: int = 0, timeout_s: float = WAIT_S, **values: object) -> Message:
        """The message of this kind with these values, once it came; `skip` that many of them."""
        async with asyncio.timeout(timeout_s):
            while True:
                wanted = {"is": kind, **values}
                found = [m for m in self.received if wanted.items() <= m.items()]
                if len(found) > skip:
                    return found[skip]
                self._arrived.clear()
                await self._arrived.wait()

    def heard(self, kind: str) -> list[Message]:
        """Every message of a kind so far."""
        return [message for message in self.received if message["is"] == kind]

    async def publish(self) -> None:
        """Send silence and a grey picture. Waits until Janus has answered."""
        self.sending = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        tracks = {"microphone": AudioStreamTrack(), "camera": Picture()}
        senders = {kind: self.sending.addTransceiver(track, direction="sendonly") for kind, track in tracks.items()}
        await self.sending.setLocalDescription(await self.sending.createOffer())
        mids = {str(transceiver.mid): kind for kind, transceiver in senders.items()}
        await self.say("publish", jsep=_jsep(self.sending), tracks=mids)
        answer = (await self.wait("published"))["jsep"]
        await self.sending.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))
        await self.say("state", microphone=True, camera=True)

    async def frames(self, person: str, kind: str, count: int = 3) -> None:
        """Wait for so many frames of somebody's microphone or camera."""
        async with asyncio.timeout(WAIT_S):
            while (person, kind) not in self.tracks:
                self._arrived.clear()
                await self._arrived.wait()
            for _ in range(count):
                await self.tracks[person, kind].recv()

    async def listen(self) -> None:
        """Take what comes, and answer offers, until the socket is closed."""
        async for frame in self.socket:
            if frame.type is not aiohttp.WSMsgType.TEXT:
                break
            message = json.loads(frame.data)
            if message["is"] == "offer":
                await self._answer(message)
            elif message["is"] == "media" and self.receiving is not None:
                await self.receiving.close()
                self.receiving = None
                self.tracks.clear()
            elif message["is"] == "candidate" and message["candidate"]:
                await self._take(message)
            self.received.append(message)
            self._arrived.set()

    async def _answer(self, message: Message) -> None:
        if self.receiving is None:
            self.receiving = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        await self.receiving.setRemoteDescription(RTCSessionDescription(message["jsep"]["sdp"], "offer"))
        kinds = {stream["mid"]: (stream["person"], stream["kind"]) for stream in message["streams"]}
        for transceiver in self.receiving.getTransceivers():
            if transceiver.mid in kinds:
                self.tracks[kinds[str(transceiver.mid)]] = transceiver.receiver.track
        await self.receiving.setLocalDescription(await self.receiving.createAnswer())
        await self.say("answer", jsep=_jsep(self.receiving))

    async def _take(self, message: Message) -> None:
        peer = self.sending if message["side"] == "send" else self.receiving
        told = message["candidate"]
        candidate = candidate_from_sdp(told["candidate"].removeprefix("candidate:"))
        candidate.sdpMid, candidate.sdpMLineIndex = told.get("sdpMid"), told.get("sdpMLineIndex")
        if peer is not None:
            await peer.addIceCandidate(candidate)

    async def wait_until_closed(self) -> None:
        """Wait until the box has closed the socket."""
        assert self._ears
        await asyncio.wait_for(asyncio.shield(self._ears), WAIT_S)

    async def close(self) -> None:
        """Hang up."""
        if self._ears is not None:
            self._ears.cancel()
            with suppress(asyncio.CancelledError):
                await self._ears
        for peer in (self.sending, self.receiving):
            if peer is not None:
                await peer.close()
        await self.socket.close()


def _jsep(peer: RTCPeerConnection) -> dict[str, str]:
    return {"type": peer.localDescription.type, "sdp": peer.localDescription.sdp}


def insecure() -> ssl.SSLContext:
    """TLS to a box, whose certificate is not the matter here."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@asynccontextmanager
async def attendee(
    box: ClaimedBox, room: str, name: str = "Gus", origin: str | None = None, **hello: str
) -> AsyncIterator[Attendee]:
    """Somebody who says hello."""
    headers = {"Host": box.domain} | ({"Origin": origin} if origin else {})
    async with aiohttp.ClientSession() as session:
        url = f"https://{box.address}/rooms/socket"
        async with session.ws_connect(url, ssl=insecure(), headers=headers, server_hostname=box.domain) as socket:
            somebody = Attendee(socket)
            somebody._ears = asyncio.create_task(somebody.listen())
            browser = hello.pop("browser", secrets.token_urlsafe(16))
            await somebody.say("hello", room=room, name=name, browser=browser, **hello)
            try:
                yield somebody
            finally:
                await somebody.close()
