"""People of other servers are guests: they chat with ours and use nothing of the house."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from xml.etree import ElementTree as ET

import pytest
from slixmpp.exceptions import IqError, IqTimeout

from tests.box.house import ClaimedBox
from tests.box.people import Person, new_person, online
from tests.box.phone import Phone, phone
from tests.box.prosody import prosody
from tests.box.test_conversations import word

pytestmark = pytest.mark.timeout(300)
Scene = Callable[[Phone], Awaitable[None]]


@pytest.fixture(scope="module")
def play(box: ClaimedBox) -> Iterator[Callable[[Scene], None]]:
    """Plays a scene with somebody whose account is on a server of another kind."""
    with prosody(box.house, "elsewhere.example") as server:
        server.add_person("eve", "a good password")

        def run(scene: Scene) -> None:
            async def act() -> None:
                jid = f"eve@{server.domain}"
                ca = box.house.authority.path
                async with phone(jid, "a good password", server.address, ca, mechanism="SCRAM-SHA-1") as eve:
                    await scene(eve)

            asyncio.run(act())

        yield run


async def refusal(guest: Phone, kind: str, payload: str, to: str) -> str:
    """The condition with which an IQ is refused."""
    iq = guest.make_iq(ito=to)
    iq["type"] = kind
    iq.append(ET.fromstring(payload))
    with pytest.raises(IqError) as error:
        await iq.send(timeout=20)
    return str(error.value.condition)


def test_a_guest_makes_no_room(play: Callable[[Scene], None], box: ClaimedBox) -> None:
    async def scene(eve: Phone) -> None:
        with pytest.raises(PermissionError):
            await eve.join(f"r{word()}@groups.{box.domain}", "eve")

    play(scene)


@pytest.mark.parametrize(
    ("service", "payload"),
    [
        ("upload.", "<request xmlns='urn:xmpp:http:upload:0' filename='a.bin' size='3'/>"),
        ("proxy.", "<query xmlns='http://jabber.org/protocol/bytestreams'/>"),
        ("", "<services xmlns='urn:xmpp:extdisco:2'/>"),
        ("", "<credentials xmlns='urn:xmpp:extdisco:2'><service type='turn' host='x'/></credentials>"),
    ],
)
def test_a_guest_uses_no_service(play: Callable[[Scene], None], box: ClaimedBox, service: str, payload: str) -> None:
    async def scene(eve: Phone) -> None:
        condition = await refusal(eve, "get", payload, f"{service}{box.domain}")
        assert condition in ("forbidden", "not-allowed", "not-authorized", "service-unavailable")

    play(scene)


@pytest.mark.parametrize("node", ["urn:xmpp:invite#create-account", "urn:xmpp:invite#invite"])
def test_a_guest_invites_nobody(play: Callable[[Scene], None], box: ClaimedBox, node: str) -> None:
    async def scene(eve: Phone) -> None:
        command = f"<command xmlns='http://jabber.org/protocol/commands' node='{node}' action='execute'/>"
        assert await refusal(eve, "set", command, box.domain)

    play(scene)


def test_a_guest_reads_and_changes_nothing_of_ours(play: Callable[[Scene], None], box: ClaimedBox) -> None:
    ann = new_person(box)

    async def scene(eve: Phone) -> None:
        for kind, payload in (
            ("set", "<query xmlns='urn:xmpp:mam:2'/>"),
            ("get", "<query xmlns='jabber:iq:roster'/>"),
            ("get", "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>"),
            ("set", "<vCard xmlns='vcard-temp'><FN>Eve</FN></vCard>"),
            ("get", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:bookmarks:1'/></pubsub>"),
            ("set", "<query xmlns='jabber:iq:register'><username>eve</username><password>pass word</password></query>"),
        ):
            for target in (ann.jid, box.domain):
                assert await refusal(eve, kind, payload, target), (kind, payload, target)

    play(scene)


@pytest.fixture
def alone(box: ClaimedBox) -> Iterator[None]:
    """A box that does not talk to other servers."""
    box.parlor("settings", "set", "network.federation", "off")
    yield
    box.parlor("settings", "set", "network.federation", "on")


def is_open(box: ClaimedBox, port: int) -> bool:
    try:
        socket.create_connection((box.address, port), 3).close()
    except OSError:
        return False
    return True


@pytest.mark.usefixtures("alone")
def test_a_box_that_wants_to_be_alone_is(play: Callable[[Scene], None], box: ClaimedBox) -> None:
    ann = new_person(box)
    assert [is_open(box, port) for port in (5222, 5223, 5269, 5270)] == [True, True, False, False]

    async def from_outside(eve: Phone) -> None:
        with pytest.raises((IqError, IqTimeout)):
            await eve["xep_0199"].send_ping(box.domain, timeout=15)

    async def from_inside() -> None:
        async with online(ann) as (device,):
            with pytest.raises((IqError, IqTimeout)):
                await device["xep_0199"].send_ping("elsewhere.example", timeout=15)

    play(from_outside)
    asyncio.run(from_inside())


def test_it_opens_again(play: Callable[[Scene], None], box: ClaimedBox) -> None:
    assert [is_open(box, port) for port in (5269, 5270)] == [True, True]

    async def scene(eve: Phone) -> None:
        await eve["xep_0199"].send_ping(box.domain, timeout=20)

    play(scene)
    assert isinstance(new_person(box), Person)
