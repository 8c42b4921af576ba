"""All rooms in use: hands each room what browsers say, and does what the room asks for."""

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from appliance.janus import JanusError
from appliance.model import ParlorError
from appliance.rooms import messages as m
from appliance.rooms import words
from appliance.rooms.media import Media, Seat
from appliance.rooms.room import Room, Rules
from appliance.rooms.rules import Refused, Registry
from appliance.rooms.sfu import Sfu
from appliance.rooms.taping import DISK_SHORT, Taping
from appliance.rooms.visitor import Effect, Message, Part, Record, Rise, Silence, Sit, Tell, Visitor
from appliance.rooms.words import Why

log = logging.getLogger(__name__)

TICK_S = 1.0
PLAIN, SEALED = 2000, 8000  # characters of a line of chat: as it is, and as ciphertext
REFUSED, ENDED = 4000, 4001  # WebSocket close codes


class Connection(Protocol):
    """One browser's socket."""

    address: str
    host: str  # the name by which the browser knows the box

    def say(self, message: Message) -> None:
        """Send a message; never waits."""

    def part(self, why: Why, refused: bool) -> None:
        """Say why, and close."""


class Place:
    """A room in use, with its media and its browsers."""

    def __init__(self, room: Room, media: Media) -> None:
        self.room = room
        self.media = media
        self.connections: dict[str, Connection] = {}
        self.speaking: set[str] = set()
        self.used = time.monotonic()


class Hall:
    """Every place, by the name of its room."""

    def __init__(self, registry: Registry, sfu_path: str, taping: Taping) -> None:
        self.registry = registry
        self.places: dict[str, Place] = {}
        self.sfu = Sfu(sfu_path, self._sfu_changed)
        self._taping = taping
        # Unique over restarts too, so that nobody comes back as somebody else; below 2^53 for browsers.
        self._ids = itertools.count(time.time_ns() // 1_000_000)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Keep the SFU and the time, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.sfu.run())
            tasks.create_task(self._keep_time())

    # Browsers

    def hello(self, connection: Connection, hello: m.Hello) -> tuple[Place, str]:
        """Somebody comes, or comes back; returns where, and who. Raises `Refused`."""
        rules = self.registry.rules(hello.room)
        if rules is None:
            raise Refused(Why.NO_ROOM)
        place = self.places.get(rules.name) or self._open(rules)
        visitor = place.room.back(hello.resume) if hello.resume else None
        if visitor is not None:
            return self._back(place, visitor, connection)
        who = self.registry.newcomer(hello, rules, connection.address, time.time())
        visitor, why, effects = place.room.enter(who)
        if visitor is None:
            self._do(place, effects)
            raise Refused(why or Why.BUSY)
        place.connections[visitor.id] = connection
        self._do(place, effects)
        return place, visitor.id

    def _open(self, rules: Rules) -> Place:
        room = Room(rules, lambda: str(next(self._ids)))

        def speaking(identity: str, on: bool) -> None:
            self._speaking(self.places[rules.name], identity, on)

        media = Media(rules.max_people, speaking, lambda: [v.id for v in room if v.muted])
        self.places[rules.name] = Place(room, media)
        return self.places[rules.name]

    def _back(self, place: Place, visitor: Visitor, connection: Connection) -> tuple[Place, str]:
        before = place.connections.get(visitor.id)
        place.connections[visitor.id] = connection
        if before is not None:
            before.part(Why.REPLACED, refused=False)
        if visitor.id in place.room.inside:
            self._welcome(place, visitor.id, resumed=True)
        else:
            connection.say(place.room.waits())
        return place, visitor.id

    def gone(self, place: Place, identity: str, connection: Connection) -> None:
        """A socket is closed."""
        if place.connections.get(identity) is connection:
            del place.connections[identity]
            place.room.away(identity)

    def leave(self, place: Place, identity: str) -> None:
        """Somebody says goodbye."""
        self._do(place, place.room.leave(identity))
        place.connections.pop(identity, None)

    async def hear(self, place: Place, identity: str, message: m.Message) -> None:
        """What a browser says once it is inside; at the door nothing is heard."""
        if identity not in place.room.inside:
            return
        match message:
            case m.State() | m.Chat() | m.React() | m.Rename() | m.Told():
                self._do(place, _said(place.room, identity, message))
            case m.OfHost():
                self._do(place, getattr(place.room, message.do)(identity, message.whom))
            case m.Switch():
                self._do(place, getattr(place.room, message.do)(identity, message.on))
            case m.Simple(do="end"):
                self._do(place, place.room.end(identity))
            case _:
                await self._hear_media(place, identity, message)
        if isinstance(message, m.State) and message.microphone is False:
            self._speaking(place, identity, on=False)

    async def _hear_media(self, place: Place, identity: str, message: m.Message) -> None:
        try:
            seat = await place.media.seat(identity)
            match message:
                case m.Publish():
                    await self._publish(place, identity, seat, message)
                case m.Answer():
                    await seat.receiving.answer(message.jsep.model_dump())
                case m.Candidate(side="send"):
                    await seat.sending.candidate(message.candidate)
                case m.Candidate():
                    await seat.receiving.candidate(message.candidate)
                case m.Watch():
                    await seat.receiving.watch(dict(message.layers))
                case m.Simple(do="restart"):
                    await seat.receiving.restart()
        except (JanusError, KeyError) as error:
            log.info("%s was refused: %s", message.do, error)
            if isinstance(message, m.Publish):
                self._tell(place, identity, _sorry("publish", words.NO_MEDIA))

    async def _publish(self, place: Place, identity: str, seat: Seat, message: m.Publish) -> None:
        if place.room.inside[identity].is_viewer:
            self._tell(place, identity, _sorry("publish", words.VIEWERS_WATCH))
            return
        await seat.sending.publish(message.jsep.model_dump(), dict(message.tracks))
        visitor, shares = place.room.inside.get(identity), "screen" in message.tracks.values()
        if visitor is not None and shares != visitor.screen:
            self._do(place, place.room.state(identity, {"screen": shares}))

    # For the API

    def people(self, name: str) -> list[dict[str, Any]]:
        """Who is in a room: PERSON of `docs/rooms.md`."""
        place = self.places.get(name)
        return [visitor.document() for visitor in place.room] if place else []

    async def end(self, name: str, why: str = Why.MEETING) -> None:
        """Send everybody in a room home."""
        if (place := self.places.get(name)) is not None:
            self._do(place, place.room.close(Why(why)))

    async def changed(self, name: str) -> None:
        """A room's rules are others now."""
        place, rules = self.places.get(name), self.registry.rules(name)
        if place is None:
            return
        if rules is None:
            await self.end(name)
        else:
            place.room.rules = rules
            self._do(place, place.room.changed())

    # What rooms ask for

    def _do(self, place: Place, effects: Iterable[Effect]) -> None:
        place.used = time.monotonic()
        for effect in effects:
            match effect:
                case Tell(to, message):
                    self._tell(place, to, message)
                case Part(to, why, refused):
                    if (connection := place.connections.pop(to, None)) is not None:
                        connection.part(why, refused)
                case Sit(identity):
                    self._welcome(place, identity)
                    place.media.sit(identity, self._say_to(place, identity), self.sfu.janus)
                case Rise(identity):
                    place.speaking.discard(identity)
                    place.media.rise(identity)
                case Silence(identity, on):
                    place.media.silence(identity, on)
                case Record(on, by):
                    self._later(self._record(place, on, by))

    async def _record(self, place: Place, on: bool, by: str) -> None:
        try:
            if not on:
                await self._taping.end(place.room, place.media)
            elif not self._taping.runs(place.room):
                await self._taping.begin(place.room, place.media, by)
        except ParlorError as error:
            self._tell_hosts(place, _sorry("record", error.template))
        self._do(place, place.room.recorded(self._taping.runs(place.room)))

    def _tell_hosts(self, place: Place, message: Message) -> None:
        for visitor in place.room:
            if visitor.is_host:
                self._tell(place, visitor.id, message)

    async def _look_at_recordings(self) -> None:
        """Note who is there, and end what the disk has no room for."""
        running = [place for place in self.places.values() if self._taping.runs(place.room)]
        for place in running:
            self._taping.note(place.room)
        if running and not await asyncio.to_thread(self._taping.has_room):
            for place in running:
                await self._taping.end(place.room, place.media, DISK_SHORT)
                self._tell_hosts(place, _sorry("record", DISK_SHORT))
                self._do(place, place.room.recorded(False))

    def _welcome(self, place: Place, identity: str, resumed: bool = False) -> None:
        connection = place.connections.get(identity)
        if connection is None:
            return
        relay = self.registry.config.relay
        ice = relay.ice_servers(identity, connection.host, time.time())
        connection.say(place.room.welcome(identity) | {"ice": ice, "resumed": resumed})
        for speaker in place.speaking:
            connection.say({"is": "speaking", "id": speaker, "on": True})

    def _say_to(self, place: Place, identity: str) -> Callable[[Message], None]:
        return lambda message: self._tell(place, identity, message)

    def _tell(self, place: Place, to: str, message: Message) -> None:
        if (connection := place.connections.get(to)) is not None:
            connection.say(message)

    def _speaking(self, place: Place, identity: str, on: bool) -> None:
        if identity not in place.room.inside or on == (identity in place.speaking):
            return
        (place.speaking.add if on else place.speaking.discard)(identity)
        for connection in place.connections.values():
            connection.say({"is": "speaking", "id": identity, "on": on})

    # Time and the SFU

    async def _keep_time(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            for name, place in list(self.places.items()):
                self._do_late(name, place)
            await self._look_at_recordings()

    def _do_late(self, name: str, place: Place) -> None:
        used = place.used
        effects = place.room.expire()
        self._do(place, effects)
        place.used = place.used if effects else used
        if place.room.is_forgettable or self._is_stale(place):
            del self.places[name]
        elif self.registry.rules(name) is None:
            self._do(place, place.room.close(Why.MEETING))

    def _is_stale(self, place: Place) -> bool:
        """Whether an empty room that remembers whom it sent away has done so long enough."""
        empty = not (place.room.inside or place.room.waiting)
        return empty and time.monotonic() - place.used > 12 * 3600

    async def _sfu_changed(self, there: bool) -> None:
        for place in list(self.places.values()):
            if not there:
                place.media.lose()
                place.speaking.clear()
                if place.room.recording:
                    await self._record(place, on=False, by="")
            elif self.sfu.janus is not None:
                await place.media.begin(self.sfu.janus)
            for identity in list(place.room.inside):
                self._tell(place, identity, {"is": "media", "state": "back" if there else "lost"})

    def _later(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _said(room: Room, identity: str, message: m.State | m.Chat | m.React | m.Rename | m.Told) -> list[Effect]:
    """What everybody may do in a room."""
    match message:
        case m.State():
            return room.state(identity, message.model_dump(exclude_none=True, exclude={"do"}))
        case m.Chat():
            return room.say(identity, message.text[: SEALED if room.rules.encrypted else PLAIN])
        case m.React():
            return room.react(identity, message.emoji)
        case m.Rename():
            return room.rename(identity, message.name)
        case m.Told():
            return room.tell(identity, message.to, message.data)


def _sorry(to: str, message: str) -> Message:
    return {"is": "sorry", "to": to, "message": message}
