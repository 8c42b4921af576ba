"""The media of one room: a stage in the SFU, and a seat on it for everybody inside."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from appliance.janus import Janus, JanusError
from appliance.rooms.receiving import Receiving
from appliance.rooms.sending import Sending
from appliance.rooms.sfu import Stage, StageEvents, open_stage
from appliance.rooms.visitor import Say

log = logging.getLogger(__name__)

READY_S = 5.0  # how long a browser's wish waits for the SFU


@dataclass(frozen=True)
class Seat:
    """Both sides of one visitor's media."""

    sending: Sending
    receiving: Receiving


class Media:
    """One room's media. Whoever sits keeps its place while the SFU is away; its seat is made anew when it is back."""

    def __init__(self, publishers: int, speaking: Callable[[str, bool], None], silent: Callable[[], list[str]]) -> None:
        self._publishers = publishers
        self._speaking = speaking
        self._silent = silent
        self._people: dict[str, Say] = {}
        self._seats: dict[str, Seat] = {}
        self._stage: Stage | None = None
        self._open = asyncio.Event()
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def stage(self) -> Stage | None:
        """The stage, while there is one."""
        return self._stage

    def sit(self, identity: str, say: Say, janus: Janus | None) -> None:
        """Somebody is in the room now."""
        self._people[identity] = say
        if self._stage is not None:
            self._seat(self._stage, identity)
            self._later(self._seats[identity].receiving.sync())
        elif janus is not None:
            self._later(self.begin(janus))

    def rise(self, identity: str) -> None:
        """Somebody has left."""
        self._people.pop(identity, None)
        seat = self._seats.pop(identity, None)
        if seat is not None:
            self._later(seat.sending.close())
            self._later(seat.receiving.close())
        if not self._people and self._stage is not None:
            stage, self._stage = self._stage, None
            self._open.clear()
            self._later(stage.close())

    async def begin(self, janus: Janus) -> None:
        """Open the stage, if there is somebody and none yet; also after the SFU was lost. Raises `JanusError`."""
        async with self._lock:
            if self._stage is not None or not self._people:
                return
            events = StageEvents(self._streams_changed, lambda feed, on: self._speaking(str(feed), on))
            stage = await open_stage(janus, self._publishers, events)
            if not self._people:
                await stage.close()
                return
            self._stage = stage
            for identity in self._people:
                self._seat(self._stage, identity)
            self._open.set()

    def lose(self) -> None:
        """The SFU is gone, with everything in it."""
        self._stage = None
        self._seats.clear()
        self._open.clear()

    async def seat(self, identity: str) -> Seat:
        """The seat of somebody inside. Raises `JanusError` if there is none in time."""
        try:
            await asyncio.wait_for(self._open.wait(), READY_S)
            return self._seats[identity]
        except (TimeoutError, KeyError) as error:
            raise JanusError("there is no seat") from error

    def silence(self, identity: str, on: bool) -> None:
        """Let nothing of somebody's microphone through, or all of it again."""
        if self._stage is not None:
            self._later(self._stage.silence(int(identity), on))

    def _seat(self, stage: Stage, identity: str) -> None:
        say, feed = self._people[identity], int(identity)
        self._seats[identity] = Seat(Sending(stage, feed, say), Receiving(stage, feed, say))

    def _streams_changed(self) -> None:
        for identity in self._silent():
            self.silence(identity, True)
        for seat in self._seats.values():
            self._later(seat.receiving.sync())

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    """What nobody waits for may meet an SFU that has just gone."""
    try:
        await work
    except JanusError as error:
        log.warning("%s", error)
