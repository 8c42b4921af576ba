"""The rules of a room, without a browser and without Janus."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from appliance.rooms.door import PLACES
from appliance.rooms.room import COME_BACK_S, Room, Rules
from appliance.rooms.visitor import Effect, Newcomer, Part, Record, Rise, Role, Silence, Sit, Tell
from appliance.rooms.words import Why
from appliance.settings import Guests

RULES = Rules("kitchen", "Kitchen", guests=Guests.WALK_IN, may_record=True)
HOST_ONLY = ("admit", "reject", "mute", "remove", "lock", "record")


class Clock:
    """Time that the test makes pass."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def new_room(rules: Rules = RULES, clock: Clock | None = None, **changes: Any) -> Room:
    count = itertools.count(1)
    return Room(replace(rules, **changes), lambda: str(next(count)), clock or Clock(), now=lambda: 1.0)


def newcomer(name: str, role: Role = Role.GUEST, **more: str) -> Newcomer:
    values = {"browser": f"browser-of-{name}", "address": f"address-of-{name}"} | more
    return Newcomer(name=name, role=role, **values)


def enter(room: Room, name: str, role: Role = Role.GUEST, **more: str) -> str:
    visitor, why, _ = room.enter(newcomer(name, role, **more))
    assert visitor is not None, why
    return visitor.id


def refusal(room: Room, name: str, role: Role = Role.GUEST, **more: str) -> Why | None:
    return room.enter(newcomer(name, role, **more))[1]


def told(effects: list[Effect], to: str) -> list[str]:
    return [effect.message["is"] for effect in effects if isinstance(effect, Tell) and effect.to == to]


def parted(effects: list[Effect]) -> dict[str, Why]:
    return {effect.to: effect.why for effect in effects if isinstance(effect, Part)}


def test_who_comes_is_told_to_the_others() -> None:
    room = new_room()
    ann = enter(room, "Ann")
    _, _, effects = room.enter(newcomer("Ben"))
    assert effects[0] == Sit("2")
    assert told(effects, ann) == ["joined"]
    assert [person["name"] for person in room.welcome("2")["people"]] == ["Ann"]


def test_a_guest_waits_until_a_host_lets_it_in() -> None:
    room = new_room(guests=Guests.WAIT)
    visitor, why, effects = room.enter(newcomer("Gus"))
    assert (visitor and visitor.id, why) == ("1", None)
    assert effects[0] == Tell("1", {"is": "waiting", "title": "Kitchen", "for": "host"})
    _, _, effects = room.enter(newcomer("Hana", Role.HOST))
    assert Tell("1", {"is": "waiting", "title": "Kitchen", "for": "admission"}) in effects
    assert room.welcome("2")["door"] == [{"id": "1", "name": "Gus"}]
    effects = room.admit("2", "1")
    assert Sit("1") in effects
    assert told(effects, "2") == ["joined", "door"]
    assert not room.waiting


def test_all_are_let_in_at_once_or_sent_away() -> None:
    room = new_room(guests=Guests.WAIT)
    host = enter(room, "Hana", Role.HOST)
    first = [enter(room, f"G{number}") for number in range(3)]
    assert [effect.id for effect in room.admit(host, "all") if isinstance(effect, Sit)] == first
    second = [enter(room, f"X{number}") for number in range(3)]
    assert parted(room.reject(host, "all")) == dict.fromkeys(second, Why.REJECTED)


def test_guests_stay_out_where_the_owner_wants_it() -> None:
    room = new_room(guests=Guests.STAY_OUT)
    assert refusal(room, "Gus") is Why.GUESTS
    assert refusal(room, "Mia", Role.MEMBER) is None


@pytest.mark.parametrize("what", HOST_ONLY)
def test_only_a_host_rules(what: str) -> None:
    room = new_room()
    enter(room, "Hana", Role.HOST)
    guest, other = enter(room, "Gus"), enter(room, "Olga")
    effects = getattr(room, what)(guest, True if what in ("lock", "record") else other)
    assert told(effects, guest) == ["sorry"]
    assert len(effects) == 1
    assert (room.locked, set(room.inside)) == (False, {"1", guest, other})


def test_only_a_host_ends_it() -> None:
    room = new_room()
    host, guest = enter(room, "Hana", Role.HOST), enter(room, "Gus")
    assert told(room.end(guest), guest) == ["sorry"]
    effects = room.end(host)
    assert parted(effects) == {host: Why.HOST, guest: Why.HOST}
    assert Rise(guest) in effects
    assert not room.inside


def test_mute_holds_in_the_sfu_until_its_owner_speaks_again() -> None:
    room = new_room()
    host, guest = enter(room, "Hana", Role.HOST), enter(room, "Gus")
    room.state(guest, {"microphone": True})
    effects = room.mute(host, "all")
    assert Silence(guest, on=True) in effects
    assert Silence(host, on=True) not in effects
    assert told(effects, guest) == ["muted", "changed"]
    assert room.inside[guest].muted
    assert Silence(guest, on=False) not in room.state(guest, {"camera": True})
    assert room.state(guest, {"microphone": True})[0] == Silence(guest, on=False)


def test_who_is_removed_goes_with_every_tab_and_stays_out() -> None:
    room = new_room()
    host = enter(room, "Hana", Role.HOST)
    first, second = enter(room, "Gus"), enter(room, "Gus")
    other = enter(room, "Olga")
    assert parted(room.remove(host, first)) == {first: Why.REMOVED, second: Why.REMOVED}
    assert set(room.inside) == {host, other}
    assert refusal(room, "Gus", address="elsewhere") is Why.REMOVED
    # A new browser from the same place waits at the door, where the host sees it; its neighbours elsewhere do not.
    again = enter(room, "Gus", browser="another", address="address-of-Gus")
    assert again in room.waiting
    assert enter(room, "Nora") in room.inside


@pytest.mark.parametrize("mark", [{"person": "gus"}, {"token": "t1"}])
def test_a_removed_person_or_token_stays_out_on_other_browsers_too(mark: dict[str, str]) -> None:
    room = new_room()
    host = enter(room, "Hana", Role.HOST)
    room.remove(host, enter(room, "Gus", Role.MEMBER, **mark))
    assert refusal(room, "Gus", Role.MEMBER, browser="another", **mark) is Why.REMOVED
    assert refusal(room, "Mia", Role.MEMBER, person="mia", token="t2") is None


def test_nobody_without_an_account_is_taken_for_another() -> None:
    room = new_room()
    host = enter(room, "Hana", Role.HOST)
    room.remove(host, enter(room, "Gus"))
    assert refusal(room, "Olga") is None


def test_a_host_does_not_remove_itself() -> None:
    room = new_room()
    host = enter(room, "Hana", Role.HOST)
    assert room.remove(host, host) == []
    assert host in room.inside


def test_a_locked_room_lets_nobody_new_in_but_hosts() -> None:
    room = new_room()
    host = enter(room, "Hana", Role.HOST)
    room.lock(host, on=True)
    assert refusal(room, "Gus") is Why.LOCKED
    assert refusal(room, "Mia", Role.MEMBER) is Why.LOCKED
    assert refusal(room, "Hugo", Role.HOST) is None
    room.lock(host, on=False)
    assert refusal(room, "Gus") is None


def test_a_full_room_says_so_also_to_the_host_who_admits() -> None:
    room = new_room(max_people=2, guests=Guests.WAIT)
    host = enter(room, "Hana", Role.HOST)
    enter(room, "Gus")
    enter(room, "Olga")
    effects = room.admit(host, "all")
    assert len(room.inside) == 2
    assert "sorry" in told(effects, host)
    assert [visitor.name for visitor in room.waiting.values()] == ["Olga"]
    assert refusal(room, "Hugo", Role.HOST) is Why.FULL


def test_viewers_have_places_of_their_own_and_are_not_announced() -> None:
    room = new_room(max_people=2, max_viewers=2)
    host = enter(room, "Hana", Role.HOST)
    _, _, effects = room.enter(newcomer("V1", Role.VIEWER))
    assert told(effects, host) == []
    enter(room, "V2", Role.VIEWER)
    assert refusal(room, "V3", Role.VIEWER) is Why.FULL
    assert refusal(room, "Gus") is None
    assert [person["name"] for person in room.welcome(host)["people"]] == ["Gus"]


def test_a_viewer_says_that_it_speaks_and_nobody_believes_it() -> None:
    room = new_room()
    viewer = enter(room, "V", Role.VIEWER)
    room.state(viewer, {"microphone": True, "hand": True})
    assert (room.inside[viewer].microphone, room.inside[viewer].hand) == (False, True)


def test_who_was_cut_off_comes_back_as_the_same_person() -> None:
    clock = Clock()
    room = new_room(clock=clock)
    ann = enter(room, "Ann")
    enter(room, "Ben")
    room.away(ann)
    clock.now += COME_BACK_S - 0.1
    assert room.expire() == []
    back = room.back(room.inside[ann].resume)
    assert back is room.inside[ann]
    clock.now += 1000
    assert room.expire() == []
    assert room.back("x") is None


def test_who_does_not_come_back_has_left() -> None:
    clock = Clock()
    room = new_room(clock=clock)
    ann, ben = enter(room, "Ann"), enter(room, "Ben")
    room.away(ann)
    clock.now += COME_BACK_S
    effects = room.expire()
    assert Rise(ann) in effects
    assert told(effects, ben) == ["left"]
    assert set(room.inside) == {ben}


def test_a_full_door_turns_away_the_address_that_has_most() -> None:
    room = new_room(guests=Guests.WAIT)
    for number in range(PLACES):
        enter(room, f"Flood {number}", address="flood")
    visitor, _, effects = room.enter(newcomer("Gus"))
    assert visitor is not None
    assert parted(effects) == {str(PLACES): Why.CROWDED}
    assert refusal(room, "Flood again", address="flood") is Why.CROWDED
    assert len(room.waiting) == PLACES


def test_an_encrypted_room_takes_only_who_has_its_key() -> None:
    room = new_room(encrypted=True)
    key: dict[str, Any] = {"check": "c", "public": "p"}
    early, wrong = enter(room, "Gus", **key), enter(room, "Eve", check="other", public="p")
    assert {early, wrong} == set(room.waiting)  # before a host nobody says whose key is the room's
    _, _, effects = room.enter(newcomer("Hana", Role.HOST, **key))
    assert parted(effects) == {wrong: Why.WRONG_KEY}
    assert refusal(room, "Eve", check="other", public="p") is Why.WRONG_KEY
    assert refusal(room, "Eve") is Why.NEEDS_KEY
    assert refusal(room, "Hugo", Role.HOST, check="other", public="p") is Why.WRONG_KEY
    assert refusal(room, "Olga", **key) is None


def test_a_room_that_empties_forgets_what_was_said_but_not_whom_it_removed() -> None:
    room = new_room(encrypted=True)
    host = enter(room, "Hana", Role.HOST, check="c", public="p")
    room.say(host, "secret")
    room.lock(host, on=True)
    room.remove(host, enter(room, "Hugo", Role.HOST, check="c", public="p"))
    room.leave(host)
    assert (list(room.chat), room.locked, room.check) == ([], False, "")
    assert not room.is_forgettable
    assert refusal(room, "Hugo", Role.HOST, check="c", public="p") is Why.REMOVED


def test_recording_is_for_the_admin_to_allow_and_never_in_an_encrypted_room() -> None:
    room = new_room()
    host = enter(room, "Hana", Role.HOST, person="hana")
    assert room.record(host, on=True) == [Record(on=True, by="hana")]
    room.recorded(on=True)
    assert room.document()["recording"]
    assert room.record(host, on=True) == []
    assert Record(on=False, by="") in room.leave(host)
    for rules in (replace(RULES, may_record=False), replace(RULES, encrypted=True)):
        other = new_room(rules)
        host = enter(other, "Hana", Role.HOST, check="c", public="p")
        assert told(other.record(host, on=True), host) == ["sorry"]
        assert not other.document()["may_record"]


def test_what_is_for_one_reaches_only_that_one() -> None:
    room = new_room()
    ann, ben = enter(room, "Ann"), enter(room, "Ben")
    enter(room, "Cleo")
    assert room.tell(ann, ben, "x") == [Tell(ben, {"is": "told", "from": ann, "data": "x"})]
    assert room.tell(ann, "99", "x") == []


def test_chat_is_kept_for_who_comes_later() -> None:
    room = new_room()
    ann = enter(room, "Ann")
    for number in range(150):
        room.say(ann, str(number))
    assert [line["text"] for line in room.welcome(enter(room, "Ben"))["chat"]] == [str(n) for n in range(50, 150)]
