"""Which room a name stands for, who somebody is, and where the relay is."""

import base64
import hashlib
import hmac
import re
import time

import pytest

from appliance.rooms.config import Config
from appliance.rooms.messages import Hello
from appliance.rooms.relay import Relay
from appliance.rooms.room import Rules
from appliance.rooms.rules import Refused, Registry
from appliance.rooms.socket import BURST, Pace, neighbourhood
from appliance.rooms.tokens import Token, sign
from appliance.rooms.visitor import Role
from appliance.rooms.words import Why
from appliance.settings import Rooms

KEY = b"k" * 32
RELAY = Relay("s3cret", 3478, "example.org", "proxy.example.org")
CONFIG = Config(KEY, "example.org", "en", "/janus", RELAY, Rooms(always="kitchen, home"), ("ann",), "UTC")
MEETING = Rules("abcd-efgh-jkmn", "Doctor", owner="ann", members_wait=True)
REGISTRY = Registry(CONFIG, {MEETING.name: MEETING}.get)
NOW = time.time()


def hello(token: Token | None = None, room: str = "kitchen", name: str = "Gus", key: bytes = KEY) -> Hello:
    text = sign(token, key) if token else ""
    return Hello(do="hello", room=room, browser="b" * 22, name=name, token=text)


def token(room: str = "kitchen", role: str = "member", person: str = "", expires: float = NOW + 60) -> Token:
    return Token(room, role, "Ann", person=person, expires=int(expires))


def role(said: Hello) -> Role:
    rules = REGISTRY.rules(said.room)
    assert rules
    return REGISTRY.newcomer(said, rules, "192.0.2.1", NOW).role


def why(said: Hello, room: str = "kitchen") -> Why:
    rules = REGISTRY.rules(room)
    assert rules
    with pytest.raises(Refused) as refused:
        REGISTRY.newcomer(said, rules, "192.0.2.1", NOW)
    return refused.value.why


def test_rooms_that_are_always_there_and_meetings() -> None:
    kitchen = REGISTRY.rules("kitchen")
    assert kitchen
    assert (kitchen.title, kitchen.members_are_hosts) == ("Kitchen", True)
    assert REGISTRY.rules(MEETING.name) is MEETING
    assert REGISTRY.rules("cellar") is None


def test_people_of_the_box_are_hosts_in_its_rooms_and_in_their_own_meetings() -> None:
    assert role(hello(token(person="ben"))) is Role.HOST
    assert role(hello(token(MEETING.name, person="ann"), MEETING.name)) is Role.HOST
    assert role(hello(token(MEETING.name, person="ben"), MEETING.name)) is Role.MEMBER


def test_an_application_says_the_role() -> None:
    for each in Role:
        assert role(hello(token(MEETING.name, each.value), MEETING.name)) is each


def test_without_a_token_one_is_a_guest_whatever_one_says() -> None:
    assert role(hello()) is Role.GUEST


def test_tokens_that_are_not_for_this_door() -> None:
    assert why(hello(token(person="ann"), key=b"x" * 32)) is Why.TOKEN
    assert why(hello(token(person="ann", expires=NOW - 1))) is Why.EXPIRED
    assert why(hello(token(MEETING.name, "host"))) is Why.OTHER_ROOM


def test_names_that_are_none() -> None:
    assert why(hello(name="x" * 65536)) is Why.NAME
    assert why(hello(name=" ")) is Why.NAME


def test_the_relay_has_the_credentials_that_ejabberd_checks() -> None:
    (server,) = RELAY.ice_servers("17", "example.org", now=1000.5)
    host = hashlib.sha1(b"example.org", usedforsecurity=False).hexdigest()[:8]  # as mod_stun_disco knows its host
    assert re.fullmatch(f"44200:v[0-9a-f]{{7}}{host}", server["username"])
    digest = hmac.digest(b"s3cret", server["username"].encode(), "sha1")
    assert server["credential"] == base64.b64encode(digest).decode()
    assert server["urls"] == [
        "turn:example.org:3478?transport=udp",
        "turn:example.org:3478?transport=tcp",
        "turns:proxy.example.org:443?transport=tcp",
    ]


def test_a_browser_that_knows_the_box_otherwise_is_not_sent_to_a_name_it_may_not_resolve() -> None:
    (server,) = RELAY.ice_servers("17", "parlor.local", now=0)
    assert server["urls"] == ["turn:parlor.local:3478?transport=udp", "turn:parlor.local:3478?transport=tcp"]


@pytest.mark.parametrize(
    ("address", "house"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2ff::7", "2001:db8:1:200::/56"),
        ("unknown", ""),
    ],
)
def test_a_house_is_one_neighbour(address: str, house: str) -> None:
    assert neighbourhood(address) == house


def test_a_flood_of_messages_is_slowed_down_and_pardoned() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    assert sum(pace.take() for _ in range(1000)) == int(BURST)
    now[0] = 1.0
    assert sum(pace.take() for _ in range(1000)) == 30
