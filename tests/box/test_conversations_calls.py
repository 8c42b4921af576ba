"""What Conversations needs of the server: STUN and TURN with credentials (XEP-0215), and a relay that stays outside."""

import asyncio
import secrets
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from aioice import stun, turn

from image.process import run
from tests.box.house import ClaimedBox
from tests.box.people import Device, Person, new_person, online
from tests.box.turn import Client, Credentials

OUTSIDE = "11.77.99.1"  # an address that is in no reserved range; nothing leaves the tests' own network
DISCO = "urn:xmpp:extdisco:2"
WAIT_S = 10


@pytest.fixture(scope="module")
def ann(box: ClaimedBox) -> Person:
    return new_person(box)


@pytest.fixture(scope="module")
def outside(box: ClaimedBox) -> Iterator[str]:
    """Somebody on the internet: this machine has that address, and the box's way out leads here."""
    bridge = box.house.network.bridge
    run(["ip", "address", "add", f"{OUTSIDE}/32", "dev", bridge])
    yield OUTSIDE
    run(["ip", "address", "delete", f"{OUTSIDE}/32", "dev", bridge])


async def offers(device: Device, kind: str = "") -> list[dict[str, str]]:
    """The services that the server offers a phone."""
    wish = f" type='{kind}'" if kind else ""
    answer = await device.ask("get", f"<services xmlns='{DISCO}'{wish}/>", device.boundjid.domain)
    return [dict(each.attrib) for each in answer.xml.iter(f"{{{DISCO}}}service")]


async def credentials(device: Device) -> Credentials:
    offer = (await offers(device, "turn"))[0]
    return Credentials(offer["username"], offer["password"])


def test_a_phone_is_told_of_every_way_to_call(ann: Person, box: ClaimedBox) -> None:
    async def scene() -> None:
        async with online(ann) as (phone,):
            found = await offers(phone)
        ways = {(each["type"], each["transport"], each["host"], each["port"]) for each in found}
        assert ways == {
            ("stun", "udp", box.domain, "3478"),
            ("turn", "udp", box.domain, "3478"),
            ("turn", "tcp", box.domain, "3478"),
            ("turns", "tcp", box.domain, "5349"),
        }
        assert all(("password" in each) == (each["type"] != "stun") for each in found)

    asyncio.run(scene())


def test_stun_tells_a_phone_its_address(box: ClaimedBox) -> None:
    async def scene() -> None:
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Any] = loop.create_future()

        class Asking(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, _addr: object) -> None:
                answered.set_result(stun.parse_message(data))

        transport, _ = await loop.create_datagram_endpoint(Asking, remote_addr=(box.address, 3478))
        request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        transport.sendto(bytes(request))
        answer = await asyncio.wait_for(answered, WAIT_S)
        assert answer.attributes["XOR-MAPPED-ADDRESS"] == transport.get_extra_info("sockname")
        transport.close()

    asyncio.run(scene())


class Peer(asyncio.DatagramProtocol):
    """Somebody who is called: what comes waits in `heard`."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.heard.put_nowait((data, addr[:2]))


async def peer_at(address: str) -> Peer:
    loop = asyncio.get_running_loop()
    _, peer = await loop.create_datagram_endpoint(Peer, local_addr=(address, 0))
    return peer


def trusting(box: ClaimedBox) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(box.house.authority.path))
    context.check_hostname = False  # aioice knows the address only; the name is the next test's
    return context


@pytest.mark.parametrize("way", ["udp", "tcp", "tls"])
def test_a_call_is_relayed(ann: Person, box: ClaimedBox, outside: str, way: str) -> None:
    async def scene() -> None:
        async with online(ann) as (phone,):
            mine = await credentials(phone)
            peer = await peer_at(outside)
            transport, caller = await turn.create_turn_endpoint(
                Peer,
                server_addr=(box.address, 5349 if way == "tls" else 3478),
                username=mine.username,
                password=mine.password,
                ssl=trusting(box) if way == "tls" else False,
                transport="udp" if way == "udp" else "tcp",
            )
            relayed = transport.get_extra_info("sockname")
            assert relayed[0] == box.address
            transport.sendto(b"can you hear me?", peer.transport.get_extra_info("sockname"))
            data, source = await asyncio.wait_for(peer.heard.get(), WAIT_S)
            assert (data, source) == (b"can you hear me?", relayed)
            peer.transport.sendto(b"loud and clear", source)
            data, _ = await asyncio.wait_for(caller.heard.get(), WAIT_S)
            assert data == b"loud and clear"
            transport.close()
            peer.transport.close()
            await asyncio.sleep(0.1)

    asyncio.run(scene())


def test_the_relay_has_the_boxs_certificate(box: ClaimedBox) -> None:
    context = ssl.create_default_context(cafile=str(box.house.authority.path))
    with (
        socket.create_connection((box.address, 5349), WAIT_S) as plain,
        context.wrap_socket(plain, server_hostname=box.domain) as secure,
    ):
        assert secure.version() in ("TLSv1.2", "TLSv1.3")


def test_strangers_get_no_relay(box: ClaimedBox) -> None:
    async def scene() -> None:
        tomorrow = "4000000000"
        for made_up in (Credentials("ann", "x"), Credentials(f"{tomorrow}:{'0' * 16}", "x"), Credentials("", "")):
            with await Client(made_up).connect(box.address) as client:
                assert await client.allocate() == 401

    asyncio.run(scene())


RESERVED4 = (
    *("0.0.0.0", "0.0.0.1", "10.0.0.1", "10.77.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255"),
    *("127.0.0.1", "127.255.255.255", "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255"),
    *("192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255", "198.18.0.1", "198.51.100.1"),
    *("203.0.113.1", "224.0.0.1", "224.0.0.251", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
)
RESERVED6 = (
    *("::", "::1", "::ffff:127.0.0.1", "::ffff:10.77.0.1", "::ffff:8.8.8.8", "::10.77.0.1", "64:ff9b::a4d:1"),
    *("64:ff9b:1::a4d:1", "100::1", "2001::1", "2001:db8::1", "2002:a4d:1::1", "fc00::1", "fd77::1", "fd77:0:0:1::1"),
    *("fe80::1", "fec0::1", "ff02::1", "ff02::fb", "ff05::2"),
)


@pytest.mark.parametrize(("family", "targets"), [(4, RESERVED4), (6, RESERVED6)])
def test_the_relay_reaches_nobody_inside(ann: Person, box: ClaimedBox, family: int, targets: tuple[str, ...]) -> None:
    async def scene() -> None:
        async with online(ann) as (phone,):
            with await Client(await credentials(phone)).connect(box.address) as client:
                assert await client.allocate(family) == 0
                for target in targets:
                    assert await client.permit(target) == 403, target
                    assert await client.bind(target, 53) == 403, target
                await client.release()

    asyncio.run(scene())


def test_a_peer_of_the_other_family_is_no_way_around(ann: Person, box: ClaimedBox) -> None:
    async def scene() -> None:
        async with online(ann) as (phone,):
            with await Client(await credentials(phone)).connect(box.address) as client:
                assert await client.allocate() == 0
                for target in ("::ffff:10.77.0.1", "::1", "fe80::1"):
                    assert await client.permit(target) in (403, 443), target
                await client.release()

    asyncio.run(scene())


def test_no_packet_goes_where_there_is_no_permission(ann: Person, box: ClaimedBox) -> None:
    inside = box.house.network.address

    async def scene() -> None:
        async with online(ann) as (phone,):
            victim = await peer_at(inside)
            port = victim.transport.get_extra_info("sockname")[1]
            with await Client(await credentials(phone)).connect(box.address) as client:
                assert await client.allocate() == 0
                assert await client.permit(inside) == 403
                assert await client.bind(inside, port) == 403
                client.send(inside, port, b"let me in")
                client.send_by_channel(b"let me in")
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(victim.heard.get(), 1)
                await client.release()
            victim.transport.close()

    asyncio.run(scene())


def test_one_account_has_ten_relays_at_most(ann: Person, box: ClaimedBox) -> None:
    """However many devices, credentials and tries: the eleventh is answered 486 (Allocation Quota Reached)."""

    async def scene() -> None:
        with ExitStack() as sockets:
            async with online(ann, ann, new_person(box)) as (phone, tablet, other):
                mine = [await credentials(phone), await credentials(tablet)]
                clients = [
                    sockets.enter_context(await Client(mine[number % 2]).connect(box.address)) for number in range(200)
                ]
                answers = [await client.allocate() for client in clients]
                assert answers.count(0) == 10
                assert set(answers) == {0, 486}
                theirs = sockets.enter_context(await Client(await credentials(other)).connect(box.address))
                assert await theirs.allocate() == 0  # others are not locked out
                first = clients[answers.index(0)]
                assert await first.request(0x004, {}) == 0  # what is live can be kept alive
                assert await first.release() == 0
                late = sockets.enter_context(await Client(mine[0]).connect(box.address))
                assert await late.allocate() == 0
                for client in (*clients, late):
                    if client.relayed[1]:
                        await client.release()

    asyncio.run(scene())


def test_credentials_end_with_their_session(ann: Person, box: ClaimedBox) -> None:
    async def scene() -> None:
        async with online(ann) as (phone,):
            mine = await credentials(phone)
        await asyncio.sleep(0.5)
        with await Client(mine).connect(box.address) as client:
            assert await client.allocate() == 486

    asyncio.run(scene())


def test_a_phone_that_vanishes_leaves_no_relay_behind(ann: Person, box: ClaimedBox) -> None:
    """Over TCP the relay ends with its connection."""

    async def scene() -> None:
        async with online(ann) as (phone,):
            mine = await credentials(phone)
            for _ in range(3):
                for _ in range(10):
                    transport, _ = await turn.create_turn_endpoint(
                        Peer,
                        server_addr=(box.address, 3478),
                        username=mine.username,
                        password=mine.password,
                        transport="tcp",
                    )
                    vars(transport)["_TurnTransport__inner_protocol"].transport.abort()
                await asyncio.sleep(0.3)

    asyncio.run(scene())


def test_a_relay_cannot_be_had_with_credentials_of_yesterday(ann: Person, box: ClaimedBox) -> None:
    async def scene() -> None:
        async with online(ann) as (phone,):
            mine = await credentials(phone)
            expiry, _, who = mine.username.partition(":")
            older = Credentials(f"{int(expiry) - 200_000}:{who}", mine.password)
            newer = Credentials(f"{int(expiry) + 200_000}:{who}", mine.password)
            for forged in (older, newer, Credentials(mine.username, secrets.token_urlsafe(20))):
                with await Client(forged).connect(box.address) as client:
                    assert await client.allocate() == 401

    asyncio.run(scene())
