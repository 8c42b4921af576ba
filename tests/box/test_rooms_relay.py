"""The relay of visitors: through the web's port too, to the media of rooms and nowhere else."""

import asyncio
import ssl
from contextlib import ExitStack

from aioice import turn

from tests.box.attendee import Attendee, attendee
from tests.box.house import ClaimedBox
from tests.box.test_conversations_calls import RESERVED4
from tests.box.test_rooms_socket import ROOM, token
from tests.box.turn import Client, Credentials


async def given(somebody: Attendee) -> Credentials:
    """The credentials that a visitor gets with its welcome."""
    (server,) = (await somebody.wait("welcome"))["ice"]
    return Credentials(server["username"], server["credential"])


def test_a_visitor_relays_to_the_media_of_rooms_and_nowhere_else(box: ClaimedBox) -> None:
    async def scene() -> None:
        async with attendee(box, ROOM, token=token(box)) as somebody:
            with await Client(await given(somebody)).connect(box.address) as client:
                assert await client.allocate() == 0
                assert await client.permit(box.address) == 0
                for target in RESERVED4:
                    assert await client.permit(target) == 403, target
                await client.release()

    asyncio.run(scene())


def test_of_the_box_itself_the_relay_reaches_media_and_no_service(box: ClaimedBox) -> None:
    """Two relays meet at the box's address; its name server's port, for one, gets nothing."""
    listener = (
        "import socket, sys\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', int(sys.argv[1]))); s.settimeout(3)\n"
        "print(s.recv(100).decode())"
    )

    async def arrives(client: Client, port: int) -> bool:
        waiting = asyncio.create_task(
            asyncio.to_thread(box.box.run, ["python3", "-c", listener, str(port)], check=False)
        )
        while not waiting.done():
            client.send(box.address, port, b"hello")
            await asyncio.sleep(0.1)
        return "hello" in (await waiting).stdout

    async def scene() -> None:
        async with attendee(box, ROOM, token=token(box)) as somebody:
            with await Client(await given(somebody)).connect(box.address) as client:
                assert await client.allocate() == 0
                assert await client.permit(box.address) == 0
                assert await arrives(client, 20998)
                for port in (53, 5353, 21000, 40000):
                    assert not await arrives(client, port), port
                await client.release()

    asyncio.run(scene())


def test_where_only_the_web_comes_through_the_relay_is_on_its_port(box: ClaimedBox) -> None:
    async def scene() -> None:
        async with attendee(box, ROOM, token=token(box)) as somebody:
            (server,) = (await somebody.wait("welcome"))["ice"]
            assert f"turns:proxy.{box.domain}:443?transport=tcp" in server["urls"]
            mine = await given(somebody)
            context = ssl.create_default_context(cafile=str(box.house.authority.path))
            await _relay_by_name(box, mine, context)

    asyncio.run(scene())


async def _relay_by_name(box: ClaimedBox, mine: Credentials, context: ssl.SSLContext) -> None:
    """Allocate over TLS on port 443, with the relay's name in the handshake and its certificate checked."""
    loop = asyncio.get_running_loop()
    protocol = turn.TurnClientTcpProtocol((box.address, 443), mine.username, mine.password, 600, 500)
    await loop.create_connection(lambda: protocol, box.address, 443, ssl=context, server_hostname=f"proxy.{box.domain}")
    relayed = await protocol.connect()
    assert relayed[0] == box.address
    await protocol.delete()


def test_one_visitor_has_ten_relays_at_most_and_all_visitors_leave_some_to_phones(box: ClaimedBox) -> None:
    async def scene() -> None:
        async with attendee(box, ROOM, token=token(box)) as somebody:
            mine = await given(somebody)
            with ExitStack() as sockets:
                clients = [sockets.enter_context(await Client(mine).connect(box.address)) for _ in range(12)]
                answers = [await client.allocate() for client in clients]
                assert sorted(answers) == [0] * 10 + [486] * 2
                for client, answer in zip(clients, answers, strict=True):
                    if not answer:
                        await client.release()

    asyncio.run(scene())
