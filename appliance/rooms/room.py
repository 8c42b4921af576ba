"""A room: who may do what in it. No I/O: every call returns what is to be done (`visitor.Effect`)."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from appliance.rooms import words
from appliance.rooms.door import PLACES, to_turn_away
from appliance.rooms.visitor import Effect, Message, Newcomer, Part, Record, Rise, Role, Silence, Sit, Tell, Visitor
from appliance.rooms.words import Why
from appliance.settings import Guests

CHAT_KEPT = 100
COME_BACK_S = 45.0  # how long a visitor whose socket is gone keeps its place


@dataclass(frozen=True)
class Rules:
    """What the settings or the meeting say of a room."""

    name: str
    title: str
    guests: Guests = Guests.WAIT
    members_wait: bool = False
    members_are_hosts: bool = False
    owner: str = ""
    application: str = ""
    encrypted: bool = False
    may_record: bool = False
    max_people: int = 16
    max_viewers: int = 100


class Room:
    """One room while somebody is in it, at its door, or was removed from it."""

    def __init__(
        self,
        rules: Rules,
        new_id: Callable[[], str],
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.rules = rules
        self.inside: dict[str, Visitor] = {}
        self.waiting: dict[str, Visitor] = {}
        self.locked = False
        self.recording = False
        self.check = ""
        self.chat: deque[Message] = deque(maxlen=CHAT_KEPT)
        self.removed: set[str] = set()  # browsers, persons and tokens that a host sent away
        self._suspects: set[str] = set()  # addresses of guests that a host sent away: from there one waits at the door
        self._new_id = new_id
        self._clock = clock
        self._now = now

    # Coming and going

    def enter(self, who: Newcomer) -> tuple[Visitor | None, Why | None, list[Effect]]:
        """Somebody new: inside, at the door, or refused with the reason."""
        if (why := self._refusal(who)) is not None:
            return None, why, []
        visitor = Visitor(self._new_id(), who, who.name)
        if self._must_wait(who):
            return self._to_the_door(visitor)
        if (why := self._no_place(who)) is not None:
            return None, why, []
        return visitor, None, self._let_in(visitor)

    def back(self, resume: str) -> Visitor | None:
        """The visitor that comes back with its secret, inside or at the door."""
        for visitor in (*self.inside.values(), *self.waiting.values()):
            if visitor.resume == resume:
                visitor.away_since = None
                return visitor
        return None

    def away(self, identity: str) -> None:
        """A socket is gone; its visitor may come back for a while."""
        if (visitor := self._find(identity)) is not None:
            visitor.away_since = self._clock()

    def expire(self) -> list[Effect]:
        """Take leave of whoever has not come back in time."""
        late = self._clock() - COME_BACK_S
        gone = [v.id for v in self._everybody() if v.away_since is not None and v.away_since <= late]
        return [effect for identity in gone for effect in self.leave(identity)]

    def leave(self, identity: str) -> list[Effect]:
        """Somebody goes for good."""
        if self.waiting.pop(identity, None) is not None:
            return self._door_changed()
        if self.inside.pop(identity, None) is None:
            return []
        effects: list[Effect] = [Rise(identity), *self._to_all({"is": "left", "id": identity})]
        if not self.inside:
            effects += self._empty()
        return effects

    def _refusal(self, who: Newcomer) -> Why | None:
        if self.removed & {who.browser, f"person {who.person}", f"token {who.token}"}:
            return Why.REMOVED
        if who.role is Role.GUEST and self.rules.guests is Guests.STAY_OUT:
            return Why.GUESTS
        if self.rules.encrypted:
            if not who.check or not who.public:
                return Why.NEEDS_KEY
            if self.check and who.check != self.check:
                return Why.WRONG_KEY
        if self.locked and who.role is not Role.HOST:
            return Why.LOCKED
        return None

    def _must_wait(self, who: Newcomer) -> bool:
        if who.role is Role.HOST:
            return False
        if self.rules.encrypted and not self.check:
            return True  # whose key is the room's is for a host to say
        if who.role is Role.GUEST and (self.rules.guests is Guests.WAIT or who.address in self._suspects):
            return True
        return self.rules.members_wait

    def _no_place(self, who: Newcomer) -> Why | None:
        viewers = sum(visitor.is_viewer for visitor in self.inside.values())
        if who.role is Role.VIEWER:
            return Why.FULL if viewers >= self.rules.max_viewers else None
        return Why.FULL if len(self.inside) - viewers >= self.rules.max_people else None

    def _to_the_door(self, visitor: Visitor) -> tuple[Visitor | None, Why | None, list[Effect]]:
        effects: list[Effect] = []
        if len(self.waiting) >= PLACES:
            other = to_turn_away(self.waiting.values(), visitor.who.address)
            if other is None:
                return None, Why.CROWDED, []
            del self.waiting[other.id]
            effects.append(Part(other.id, Why.CROWDED, refused=True))
        self.waiting[visitor.id] = visitor
        return visitor, None, [*effects, Tell(visitor.id, self.waits()), *self._door_changed()]

    def waits(self) -> Message:
        """What somebody at the door is told."""
        return {"is": "waiting", "title": self.rules.title, "for": "admission" if self._hosts() else "host"}

    def _let_in(self, visitor: Visitor) -> list[Effect]:
        first_host = visitor.is_host and not self._hosts()
        self.inside[visitor.id] = visitor
        effects: list[Effect] = []
        if self.rules.encrypted and visitor.is_host and not self.check:
            self.check = visitor.who.check
            wrong = [v.id for v in self.waiting.values() if v.who.check != self.check]
            for identity in wrong:
                del self.waiting[identity]
                effects.append(Part(identity, Why.WRONG_KEY, refused=True))
        effects += [Sit(visitor.id), *self._to_others(visitor.id, {"is": "joined", "person": visitor.document()})]
        if first_host:
            effects += [Tell(v.id, self.waits()) for v in self.waiting.values()]
        return effects

    def _empty(self) -> list[Effect]:
        self.chat.clear()
        self.locked = False
        self.check = ""
        stopped = [Record(on=False, by="")] if self.recording else []
        self.recording = False
        return [*stopped, *(Tell(v.id, self.waits()) for v in self.waiting.values())]

    # What everybody may do

    def state(self, identity: str, changes: Message) -> list[Effect]:
        """Microphone, camera or hand went on or off."""
        visitor = self.inside[identity]
        effects: list[Effect] = []
        for name in ("microphone", "camera", "screen", "hand"):
            if name in changes and not (visitor.is_viewer and name != "hand"):
                setattr(visitor, name, bool(changes[name]))
        if changes.get("microphone") and visitor.muted:
            visitor.muted = False
            effects.append(Silence(identity, on=False))
        return [*effects, *self._changed(visitor)]

    def say(self, identity: str, text: str) -> list[Effect]:
        """A line of chat."""
        visitor = self.inside[identity]
        line = {"is": "chat", "from": identity, "name": visitor.name, "text": text, "at": int(self._now() * 1000)}
        self.chat.append(line)
        return self._to_all(line)

    def react(self, identity: str, emoji: str) -> list[Effect]:
        """A reaction."""
        return self._to_all({"is": "react", "from": identity, "emoji": emoji})

    def rename(self, identity: str, name: str) -> list[Effect]:
        """A guest's other name."""
        visitor = self.inside[identity]
        if visitor.who.role is Role.GUEST:
            visitor.name = name
        return self._changed(visitor)

    def tell(self, identity: str, to: str, data: str) -> list[Effect]:
        """Something for one other browser, which this program does not read."""
        return [Tell(to, {"is": "told", "from": identity, "data": data})] if to in self.inside else []

    # What hosts may do

    def admit(self, identity: str, whom: str) -> list[Effect]:
        """Let one (or `all`) in from the door."""
        if (refused := self._not_host(identity, "admit")) is not None:
            return refused
        effects: list[Effect] = []
        for visitor in self._at_the_door(whom):
            if self._no_place(visitor.who) is not None:
                effects.append(Tell(identity, _sorry("admit", words.WORDS[Why.FULL])))
                break
            del self.waiting[visitor.id]
            effects += self._let_in(visitor)
        return [*effects, *self._door_changed()]

    def reject(self, identity: str, whom: str) -> list[Effect]:
        """Send one (or `all`) away from the door."""
        if (refused := self._not_host(identity, "reject")) is not None:
            return refused
        gone = self._at_the_door(whom)
        for visitor in gone:
            del self.waiting[visitor.id]
        return [*(Part(visitor.id, Why.REJECTED) for visitor in gone), *self._door_changed()]

    def mute(self, identity: str, whom: str) -> list[Effect]:
        """Silence one (or `all` others); they can speak again when they switch their microphone on."""
        if (refused := self._not_host(identity, "mute")) is not None:
            return refused
        effects: list[Effect] = []
        for visitor in [v for v in self.inside.values() if whom in (v.id, "all") and v.id != identity]:
            visitor.microphone, visitor.muted = False, True
            by = {"is": "muted", "by": self.inside[identity].name}
            effects += [Silence(visitor.id, on=True), Tell(visitor.id, by), *self._changed(visitor)]
        return effects

    def remove(self, identity: str, whom: str) -> list[Effect]:
        """Send somebody away, with every tab, and keep them out."""
        if (refused := self._not_host(identity, "remove")) is not None:
            return refused
        found = self.inside.get(whom)
        if found is None or found.id == identity:
            return []
        marks = _marks(found.who)
        self.removed |= marks
        if found.who.role is Role.GUEST:
            self._suspects.add(found.who.address)
        effects: list[Effect] = []
        for visitor in [v for v in self._everybody() if marks & _marks(v.who) and v.id != identity]:
            effects += [*self.leave(visitor.id), Part(visitor.id, Why.REMOVED)]
        return effects

    def lock(self, identity: str, on: bool) -> list[Effect]:
        """Let nobody new in, or again."""
        if (refused := self._not_host(identity, "lock")) is not None:
            return refused
        self.locked = on
        return self.changed()

    def record(self, identity: str, on: bool) -> list[Effect]:
        """Begin or end a recording."""
        if (refused := self._not_host(identity, "record")) is not None:
            return refused
        if on and not self.may_record:
            why = words.NO_RECORDING_ENCRYPTED if self.rules.encrypted else words.NO_RECORDING
            return [Tell(identity, _sorry("record", why))]
        return [Record(on, self.inside[identity].who.person)] if on != self.recording else []

    def end(self, identity: str) -> list[Effect]:
        """Send everybody home."""
        refused = self._not_host(identity, "end")
        return refused if refused is not None else self.close(Why.HOST)

    # For the hall

    def close(self, why: Why) -> list[Effect]:
        """Everybody out, also from the door."""
        parting = [Part(visitor.id, why) for visitor in self._everybody()]
        rising = [Rise(identity) for identity in self.inside]
        self.inside.clear()
        self.waiting.clear()
        return [*rising, *self._empty(), *parting]

    def recorded(self, on: bool) -> list[Effect]:
        """A recording runs now, or no more."""
        self.recording = on
        return self.changed()

    def changed(self) -> list[Effect]:
        """Tell everybody what the room is now."""
        return self._to_all({"is": "room", "room": self.document()})

    @property
    def may_record(self) -> bool:
        """Whether hosts may record."""
        return self.rules.may_record and not self.rules.encrypted

    @property
    def is_forgettable(self) -> bool:
        """Whether nothing would be lost with it."""
        return not (self.inside or self.waiting or self.removed)

    def document(self) -> Message:
        """ROOM of `docs/rooms.md`."""
        return {
            "name": self.rules.name,
            "title": self.rules.title,
            "locked": self.locked,
            "recording": self.recording,
            "may_record": self.may_record,
            "encrypted": self.rules.encrypted,
            "check": self.check,
        }

    def welcome(self, identity: str) -> Message:
        """What a visitor needs to know of the room once it is in."""
        visitor = self.inside[identity]
        door = [_at_door(v) for v in self.waiting.values()] if visitor.is_host else []
        people = [v.document() for v in self.inside.values() if v.id != identity and not v.is_viewer]
        return {
            "is": "welcome",
            "you": visitor.document(),
            "room": self.document(),
            "people": people,
            "door": door,
            "chat": list(self.chat),
            "resume": visitor.resume,
        }

    # Parts of the above

    def _everybody(self) -> list[Visitor]:
        return [*self.inside.values(), *self.waiting.values()]

    def _find(self, identity: str) -> Visitor | None:
        return self.inside.get(identity) or self.waiting.get(identity)

    def _hosts(self) -> list[Visitor]:
        return [visitor for visitor in self.inside.values() if visitor.is_host]

    def _at_the_door(self, whom: str) -> list[Visitor]:
        return [visitor for visitor in self.waiting.values() if whom in (visitor.id, "all")]

    def _not_host(self, identity: str, what: str) -> list[Effect] | None:
        return None if self.inside[identity].is_host else [Tell(identity, _sorry(what, words.NOT_ALLOWED))]

    def _to_all(self, message: Message) -> list[Effect]:
        return [Tell(identity, message) for identity in self.inside]

    def _to_others(self, identity: str, message: Message) -> list[Effect]:
        if self.inside[identity].is_viewer:
            return []  # an audience is not announced: a hundred viewers would be ten thousand messages
        return [Tell(other, message) for other in self.inside if other != identity]

    def _changed(self, visitor: Visitor) -> list[Effect]:
        return self._to_all({"is": "changed", "person": visitor.document()})

    def _door_changed(self) -> list[Effect]:
        people = [_at_door(visitor) for visitor in self.waiting.values()]
        return [Tell(host.id, {"is": "door", "people": people}) for host in self._hosts()]

    def __iter__(self) -> Iterator[Visitor]:
        return iter(self.inside.values())


def _at_door(visitor: Visitor) -> Message:
    return {"id": visitor.id, "name": visitor.name}


def _marks(who: Newcomer) -> set[str]:
    named = {f"person {who.person}"} if who.person else set()
    return {who.browser} | named | ({f"token {who.token}"} if who.token and not who.person else set())


def _sorry(to: str, message: str) -> Message:
    return {"is": "sorry", "to": to, "message": message}
