"""Janus as the rooms use it: one session, kept and opened again, and a VideoRoom for each room with media.

VideoRoom's requests: janus.conf.meetecho.com/docs/videoroom.html.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from appliance.janus import Document, Handle, Janus, JanusError, session

log = logging.getLogger(__name__)

PLUGIN = "janus.plugin.videoroom"
AGAIN_S = 0.25
KEY_FRAME_S = 4  # how often a recording asks everybody for a key frame
BITRATE = 2_500_000  # of one publisher's pictures, all layers together: bit/s


@dataclass(frozen=True)
class Stream:
    """One stream that somebody sends: `mid` is that of the sender's connection."""

    feed: int
    mid: str
    kind: str
    type: str


Streams = dict[tuple[int, str], Stream]  # by feed and mid


class Sfu:
    """The connection with Janus, opened again whenever it is lost; `on_change` is told each time."""

    def __init__(self, path: str, on_change: Callable[[bool], Awaitable[None]]) -> None:
        self._path = path
        self._on_change = on_change
        self.janus: Janus | None = None

    async def run(self) -> None:
        """Stay connected until cancelled."""
        while True:
            try:
                async with session(self._path) as janus, asyncio.TaskGroup() as tasks:
                    self.janus = janus
                    await self._on_change(True)
                    tasks.create_task(janus.stay())
                    tasks.create_task(self._until_lost(janus))
            except* (OSError, JanusError) as errors:
                if self.janus is not None:
                    log.warning("Janus is gone: %s", errors.exceptions[0])
            if self.janus is not None:
                self.janus = None
                await self._on_change(False)
            await asyncio.sleep(AGAIN_S)

    async def _until_lost(self, janus: Janus) -> None:
        await janus.lost.wait()
        raise JanusError("its socket is closed")


class Stage:
    """The VideoRoom of one room, and who sends what in it."""

    def __init__(self, janus: Janus, identity: int, secret: str, observer: Handle, events: "StageEvents") -> None:
        self.janus = janus
        self.identity = identity
        self._secret = secret
        self._observer = observer
        self._events = events
        self.streams: Streams = {}

    def hear(self, event: Document) -> None:
        """What Janus tells the observer: who sends, who no longer does, who speaks."""
        data = event.get("plugindata", {}).get("data", {})
        match data.get("videoroom"):
            case "talking" | "stopped-talking" as word:
                self._events.speaking(int(data["id"]), word == "talking")
            case "event" if "publishers" in data:
                for publisher in data["publishers"]:
                    self._publishes(publisher)
            case "event" if isinstance(data.get("unpublished", data.get("leaving")), int):
                self.forget(int(data.get("unpublished", data.get("leaving"))))

    def _publishes(self, publisher: Document) -> None:
        feed = int(publisher["id"])
        now = {
            (feed, s["mid"]): Stream(feed, s["mid"], s.get("description", ""), s["type"])
            for s in publisher.get("streams", ())
            if not s.get("disabled") and s["type"] in ("audio", "video")
        }
        before = {key: stream for key, stream in self.streams.items() if key[0] == feed}
        self.streams = {key: s for key, s in self.streams.items() if key[0] != feed} | now
        if now != before:
            self._events.streams_changed()

    def forget(self, feed: int) -> None:
        """Somebody sends nothing any more."""
        if any(key[0] == feed for key in self.streams):
            self.streams = {key: s for key, s in self.streams.items() if key[0] != feed}
            self._events.streams_changed()

    async def silence(self, feed: int, on: bool) -> None:
        """Let nothing of somebody's microphone through, or all of it again. Raises `JanusError`."""
        for key in [key for key, stream in self.streams.items() if key[0] == feed and stream.kind == "microphone"]:
            await self._moderate(feed, key[1], on)

    async def _moderate(self, feed: int, mid: str, on: bool) -> None:
        await self.ask({"request": "moderate", "id": feed, "mid": mid, "mute": on})

    async def record(self, folder: str) -> None:
        """Write every stream to this folder from now on; "" ends that. Raises `JanusError`."""
        # A film changes from one person to another at key frames only, and browsers send one only when they are asked.
        asked = {"new_fir_freq": KEY_FRAME_S, "new_rec_dir": folder} if folder else {"new_fir_freq": 0}
        await self.ask({"request": "edit"} | asked)
        await self.ask({"request": "enable_recording", "record": bool(folder)})

    async def ask(self, request: Document) -> Document:
        """A request of the room's owner. Raises `JanusError`."""
        return await self._observer.ask(request | {"room": self.identity, "secret": self._secret})

    async def close(self) -> None:
        """End the VideoRoom; every connection in it ends."""
        with contextlib.suppress(JanusError):
            await self.ask({"request": "destroy"})
            await self._observer.detach()


@dataclass
class StageEvents:
    """Whom a stage tells what it hears."""

    streams_changed: Callable[[], None]
    speaking: Callable[[int, bool], None] = field(default=lambda _feed, _on: None)


async def open_stage(janus: Janus, publishers: int, events: StageEvents) -> Stage:
    """A fresh VideoRoom with an observer in it. Raises `JanusError`."""
    secret = secrets.token_hex(16)
    observer = await janus.attach(PLUGIN)
    wanted = {
        "request": "create",
        "is_private": True,
        "secret": secret,
        "publishers": publishers + 1,  # the observer is one
        "bitrate": BITRATE,
        "fir_freq": 0,
        "audiocodec": "opus",
        "videocodec": "vp8",
        "opus_fec": True,
        "audiolevel_event": True,
        "audio_active_packets": 25,
        "audio_level_average": 40,
        "transport_wide_cc_ext": True,
        "require_pvtid": False,
        "videoorient_ext": False,  # phones turn their pictures themselves then: a film has no sign for it
    }
    room = int((await observer.ask(wanted))["plugindata"]["data"]["room"])
    stage = Stage(janus, room, secret, observer, events)
    observer.hear = stage.hear
    await observer.ask({"request": "join", "ptype": "publisher", "room": room})
    return stage
