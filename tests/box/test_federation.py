"""People on different servers chat: two boxes, and a Prosody from Debian as the independent third."""

import asyncio
import re
import secrets
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from slixmpp.exceptions import IqError, IqTimeout

from tests.box.house import ClaimedBox, House, claimed_box
from tests.box.phone import phone, session
from tests.box.prosody import Prosody, prosody

pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Person:
    """Somebody with an account somewhere."""

    jid: str
    password: str
    address: str
    mechanism: str = "SCRAM-SHA-256"


@pytest.fixture(scope="module")
def second_box(house: House) -> Iterator[ClaimedBox]:
    with claimed_box(house, "two.example") as owned:
        yield owned


@pytest.fixture(scope="module")
def third_server(house: House) -> Iterator[Prosody]:
    with prosody(house, "three.example") as server:
        yield server


@pytest.fixture(scope="module")
def ann(box: ClaimedBox) -> Person:
    name, password = box.new_person()
    return Person(f"{name}@{box.domain}", password, box.address)


@pytest.fixture(scope="module", params=["box", "prosody"])
def bob(request: pytest.FixtureRequest) -> Person:
    if request.param == "box":
        other: ClaimedBox = request.getfixturevalue("second_box")
        name, password = other.new_person()
        return Person(f"{name}@{other.domain}", password, other.address)
    server: Prosody = request.getfixturevalue("third_server")
    password = secrets.token_urlsafe(12)
    server.add_person("bob", password)
    return Person(f"bob@{server.domain}", password, server.address, mechanism="SCRAM-SHA-1")


def both(house: House, ann: Person, bob: Person, talk: Any) -> None:
    """Run a conversation between two logged-in phones."""

    async def run() -> None:
        ca = house.authority.path
        async with (
            phone(ann.jid, ann.password, ann.address, ca) as one,
            phone(bob.jid, bob.password, bob.address, ca, mechanism=bob.mechanism) as two,
        ):
            await talk(one, two)

    asyncio.run(run())


def test_messages_cross_both_ways(house: House, ann: Person, bob: Person) -> None:
    async def talk(one: Any, two: Any) -> None:
        one.say(bob.jid, "Grüße aus Haus eins 🏠")
        assert (await two.hear("Grüße aus Haus eins 🏠"))["from"].bare == ann.jid
        two.say(ann.jid, "y de la casa dos")
        assert (await one.hear("y de la casa dos"))["from"].bare == bob.jid

    both(house, ann, bob, talk)


def test_group_chat_crosses(house: House, ann: Person, bob: Person) -> None:
    async def talk(one: Any, two: Any) -> None:
        room = f"r{secrets.token_hex(4)}@groups.{ann.jid.partition('@')[2]}"
        await one.join(room, "ann")
        await one["xep_0045"].set_room_config(room, await one["xep_0045"].get_room_config(room))
        await one["xep_0045"].set_affiliation(room, "member", jid=bob.jid)
        await two.join(room, "bob")
        two.say(room, "hello all", "groupchat")
        assert (await one.hear("hello all"))["from"].resource == "bob"
        one.say(room, "hello bob", "groupchat")
        assert (await two.hear("hello bob"))["from"].resource == "ann"

    both(house, ann, bob, talk)


def test_files_cross(house: House, ann: Person, bob: Person) -> None:
    content = secrets.token_bytes(300_000)

    async def talk(one: Any, two: Any) -> None:
        url = await one.upload(content, "photo.bin", ann.address)
        one.say(bob.jid, url)
        received = (await two.hear(url))["body"]
        async with session(house.authority.path, ann.address) as http:
            answer = await http.get(received)
            assert await answer.read() == content

    both(house, ann, bob, talk)


def test_a_server_without_tls_gets_nothing(house: House, ann: Person, third_server: Prosody) -> None:
    async def run(clear: Prosody) -> None:
        async with phone(ann.jid, ann.password, ann.address, house.authority.path) as one:
            assert await one["xep_0199"].send_ping(third_server.domain, timeout=20)
            with pytest.raises((IqError, IqTimeout)):
                await one["xep_0199"].send_ping(clear.domain, timeout=20)

    with prosody(house, "clear.example", encrypted=False) as server:
        asyncio.run(run(server))


def test_dialback_before_tls_is_refused(box: ClaimedBox) -> None:
    stream = _open_stream(box)
    assert b"<required" in stream.recv(4096)
    stream.sendall(f"<db:result to='{box.domain}' from='three.example'>forged</db:result>".encode())
    answer = stream.recv(4096)
    assert b"type='valid'" not in answer
    assert re.search(rb"policy-violation|not-authorized|stream:error|type='error'", answer)
    stream.close()


def test_a_forged_dialback_key_is_refused(box: ClaimedBox, third_server: Prosody) -> None:
    stream = _open_stream(box)
    assert b"starttls" in stream.recv(4096)
    stream.sendall(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    assert b"proceed" in stream.recv(4096)
    context = ssl.create_default_context(cafile=str(box.house.authority.path))
    secure = context.wrap_socket(stream, server_hostname=box.domain)
    _send_header(secure, box.domain)
    forged = f"<db:result to='{box.domain}' from='{third_server.domain}'>forged</db:result>"
    message = f"<message from='eve@{third_server.domain}' to='ann@{box.domain}'><body>forged</body></message>"
    secure.sendall((forged + message).encode())
    answer = b""
    secure.settimeout(15)
    while b"db:result" not in answer and b"stream:error" not in answer:
        more = secure.recv(4096)
        if not more:
            break
        answer += more
    assert not re.search(rb"type=.valid", answer)
    secure.close()


def _open_stream(box: ClaimedBox) -> socket.socket:
    stream = socket.create_connection((box.address, 5269), 10)
    _send_header(stream, box.domain)
    return stream


def _send_header(stream: socket.socket, domain: str) -> None:
    stream.sendall(
        f"<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'"
        f" xmlns:db='jabber:server:dialback' to='{domain}' from='three.example' version='1.0'>".encode()
    )
    stream.settimeout(10)
    header = b""
    while b">" not in header.partition(b"<stream:stream")[2]:
        header += stream.recv(1)
