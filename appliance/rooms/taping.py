"""Records rooms: has Janus write what it forwards, and ends it when the disk gets short."""

import asyncio
import logging
from dataclasses import dataclass, field

from appliance.janus import JanusError
from appliance.model import Unavailable
from appliance.rooms.media import Media
from appliance.rooms.recordings import Recording, RecordingStore
from appliance.rooms.room import Room
from appliance.settings import N_

log = logging.getLogger(__name__)

DISK_SHORT = N_("The recording has ended, because the disk is nearly full. What was recorded is kept.")
NO_JANUS = N_("The recording could not begin. Try again in a moment.")


@dataclass
class Tape:
    """A recording that runs."""

    recording: Recording
    people: set[str] = field(default_factory=set)


class Taping:
    """Every recording that runs, by room; implements `hall.Recorder`."""

    def __init__(self, store: RecordingStore) -> None:
        self._store = store
        self._tapes: dict[str, Tape] = {}

    async def begin(self, room: Room, media: Media, by: str) -> None:
        """Begin. Raises `ParlorError`."""
        recording = await asyncio.to_thread(self._store.begin, room.rules.name, room.rules.title)
        try:
            if media.stage is None:
                raise JanusError("there is no stage")
            await media.stage.record(str(self._store.raw(recording.id)))
        except JanusError as error:
            self._store.delete(recording)
            raise Unavailable(NO_JANUS) from error
        self._tapes[room.rules.name] = Tape(recording, {by} - {""})
        self.note(room)

    def note(self, room: Room) -> None:
        """Remember which people of the box were hosts while it ran: they may see it."""
        if (tape := self._tapes.get(room.rules.name)) is not None:
            tape.people |= {visitor.who.person for visitor in room if visitor.is_host and visitor.who.person}

    async def end(self, room: Room, media: Media, why: str = "") -> None:
        """End."""
        tape = self._tapes.pop(room.rules.name, None)
        if tape is None:
            return
        if media.stage is not None:
            try:
                await media.stage.record("")
            except JanusError as error:
                log.warning("the recording's end: %s", error)
        await asyncio.to_thread(self._store.end, tape.recording, tape.people, why)

    def runs(self, room: Room) -> bool:
        """Whether a room is being recorded."""
        return room.rules.name in self._tapes

    def has_room(self) -> bool:
        """Whether recordings can go on."""
        return self._store.has_room()
