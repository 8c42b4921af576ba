"""A call through the SFU: one peer publishes sound and picture in a room of its own, another receives them.

VideoRoom's requests: janus.conf.meetecho.com/docs/videoroom.html. Both peers are here, so nobody outside is needed; but
media goes over the machine's addresses, since neither side offers loopback. Without any address only the room is made.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any, override

from aioice.ice import get_host_addresses
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError, VideoStreamTrack
from aiortc.sdp import candidate_from_sdp
from av import VideoFrame

from appliance.janus import Handle, Janus, JanusError, session
from ota.proof.task import Failed, Step, Task

PLUGIN = "janus.plugin.videoroom"
WAIT_S = 60.0
FRAMES = {"audio": 20, "video": 3}
WIDTH, HEIGHT, FRAMES_PER_S = 160, 120, 5


class Picture(VideoStreamTrack):
    """A small grey picture a few times a second: it costs a slow machine nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    @override
    async def recv(self) -> VideoFrame:
        await asyncio.sleep(1 / FRAMES_PER_S)
        frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([96]) * plane.buffer_size)
        frame.pts, frame.time_base = self._count, Fraction(1, FRAMES_PER_S)
        self._count += 1
        return frame


async def call(task: Task) -> None:
    """Publish and receive. Raises `Failed`."""
    try:
        async with asyncio.timeout(2 * WAIT_S), session(task.janus) as janus, _room(janus) as (handle, room):
            if not get_host_addresses(use_ipv4=True, use_ipv6=True):
                return
            async with _peer() as speaker, _peer() as listener:
                feed = await _publish(handle, room, speaker)
                await _receive(janus, room, feed, listener)
    except (JanusError, OSError, TimeoutError, MediaStreamError) as error:
        raise Failed(Step.CALL, str(error) or "no sound and no picture arrived") from error


@asynccontextmanager
async def _room(janus: Janus) -> AsyncIterator[tuple[Handle, int]]:
    """A room that nobody else sees, and the handle that made it; it goes with the session at the latest."""
    handle = await janus.attach(PLUGIN)
    wanted = {"request": "create", "is_private": True, "publishers": 1, "secret": secrets.token_hex(16)}
    room = int((await handle.ask(wanted))["plugindata"]["data"]["room"])
    try:
        yield handle, room
    finally:
        with contextlib.suppress(JanusError):
            await handle.ask({"request": "destroy", "room": room, "secret": wanted["secret"]})


@asynccontextmanager
async def _peer() -> AsyncIterator[RTCPeerConnection]:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))  # no STUN, whatever the library's default
    try:
        yield peer
    finally:
        await peer.close()


async def _publish(handle: Handle, room: int, peer: RTCPeerConnection) -> int:
    """Join and send; returns the publisher's id."""
    joined = await handle.ask({"request": "join", "ptype": "publisher", "room": room})
    for track in (AudioStreamTrack(), Picture()):
        peer.addTransceiver(track, direction="sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    answer = await handle.ask({"request": "publish"}, _jsep(peer))
    await _connect(handle, peer, answer)
    return int(joined["plugindata"]["data"]["id"])


async def _receive(janus: Janus, room: int, feed: int, peer: RTCPeerConnection) -> None:
    """Subscribe to the publisher and wait for frames of both kinds."""
    tracks: asyncio.Queue[MediaStreamTrack] = asyncio.Queue()
    peer.on("track", tracks.put_nowait)
    handle = await janus.attach(PLUGIN)
    offer = await handle.ask({"request": "join", "ptype": "subscriber", "room": room, "streams": [{"feed": feed}]})
    trickled = await _describe(handle, peer, offer)
    await peer.setLocalDescription(await peer.createAnswer())
    await handle.ask({"request": "start"}, _jsep(peer))
    try:
        async with asyncio.timeout(WAIT_S):
            for _ in FRAMES:
                track = await tracks.get()
                for _ in range(FRAMES[track.kind]):
                    await track.recv()
    finally:
        trickled.cancel()


async def _connect(handle: Handle, peer: RTCPeerConnection, answer: dict[str, Any]) -> None:
    """Take Janus's answer and wait until the connection stands."""
    trickled = await _describe(handle, peer, answer)
    try:
        async with asyncio.timeout(WAIT_S):
            while peer.connectionState != "connected":
                if peer.connectionState in ("failed", "closed"):
                    raise JanusError("no connection for sound and picture")
                await asyncio.sleep(0.05)
    finally:
        trickled.cancel()


async def _describe(handle: Handle, peer: RTCPeerConnection, said: dict[str, Any]) -> asyncio.Task[None]:
    """Take Janus's description, and its candidates as it tells them one by one."""
    await peer.setRemoteDescription(RTCSessionDescription(said["jsep"]["sdp"], said["jsep"]["type"]))
    return asyncio.create_task(_trickle(handle, peer))


async def _trickle(handle: Handle, peer: RTCPeerConnection) -> None:
    while True:
        event = await handle.events.get()
        if event["janus"] == "trickle" and "candidate" in event["candidate"]:
            told = event["candidate"]
            candidate = candidate_from_sdp(told["candidate"].removeprefix("candidate:"))
            candidate.sdpMid, candidate.sdpMLineIndex = told.get("sdpMid"), told.get("sdpMLineIndex")
            await peer.addIceCandidate(candidate)


def _jsep(peer: RTCPeerConnection) -> dict[str, str]:
    return {"type": peer.localDescription.type, "sdp": peer.localDescription.sdp}
