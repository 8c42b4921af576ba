"""The rooms' WebSocket against the booted box: who gets in, who rules, and media through the real Janus."""

import asyncio
import json
import secrets
import time

import aiohttp
import pytest

from appliance.rooms.tokens import Token, sign
from tests.box.attendee import Attendee, attendee, insecure
from tests.box.house import ClaimedBox

ROOM = "home"


def key(box: ClaimedBox) -> bytes:
    """The key with which this box signs."""
    document = json.loads(box.box.run(["cat", "/run/parlor/rooms/rooms.json"]).stdout)
    return bytes.fromhex(document["key"])


def token(box: ClaimedBox, room: str = ROOM, role: str = "host", **more: str) -> str:
    """A token as the box makes them."""
    return sign(Token(room, role, "Hana", expires=int(time.time()) + 600, **more), key(box))


async def refusal(box: ClaimedBox, room: str = ROOM, **hello: str) -> str:
    """Why somebody is refused."""
    async with attendee(box, room, **hello) as somebody:
        refused = await somebody.wait("refused")
        assert len(refused["message"]) > 20
        await somebody.wait_until_closed()
        assert somebody.socket.close_code == 4000
        return str(refused["why"])


def test_a_forged_token_opens_nothing(box: ClaimedBox) -> None:
    forged = sign(Token(ROOM, "host", "Eve", expires=int(time.time()) + 600), secrets.token_bytes(32))
    expired = sign(Token(ROOM, "host", "Eve", expires=int(time.time()) - 1), key(box))
    elsewhere = token(box, room="kitchen")

    async def ask() -> list[str]:
        return [await refusal(box, token=text) for text in (forged, "x", expired, elsewhere)]

    assert asyncio.run(ask()) == ["token", "token", "expired", "other-room"]


def test_a_room_that_is_not_there_and_names_that_are_none(box: ClaimedBox) -> None:
    async def ask() -> list[str]:
        return [
            await refusal(box, room="cellar"),
            await refusal(box, name="x" * 60_000),
            await refusal(box, name="\u202eevil"),
            await refusal(box, browser="short"),
        ]

    assert asyncio.run(ask()) == ["no-room", "name", "name", "invalid"]


def test_a_page_elsewhere_cannot_open_the_socket(box: ClaimedBox) -> None:
    async def ask() -> None:
        async with attendee(box, ROOM, origin="https://evil.example"):
            pass

    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        asyncio.run(ask())


def test_a_guest_waits_and_a_host_lets_it_in_and_both_see_and_hear_each_other(box: ClaimedBox) -> None:
    async def meet() -> None:
        async with attendee(box, ROOM, token=token(box)) as host:
            mine = (await host.wait("welcome"))["you"]["id"]
            async with attendee(box, ROOM, name="Gus") as guest:
                assert (await guest.wait("waiting"))["for"] == "admission"
                (waiting,) = (await host.wait("door"))["people"]
                assert waiting["name"] == "Gus"
                await host.say("admit", id=waiting["id"])
                theirs = (await guest.wait("welcome"))["you"]["id"]
                await asyncio.gather(host.publish(), guest.publish())
                for kind in ("microphone", "camera"):
                    await guest.frames(mine, kind)
                    await host.frames(theirs, kind)
            await host.wait("left", id=theirs, timeout_s=60)

    asyncio.run(meet())


def test_mute_holds_in_the_sfu(box: ClaimedBox) -> None:
    async def meet() -> None:
        async with attendee(box, ROOM, token=token(box)) as host, attendee(box, ROOM, token=token(box)) as other:
            mine = (await host.wait("welcome"))["you"]["id"]
            theirs = (await other.wait("welcome"))["you"]["id"]
            await other.publish()
            await host.frames(theirs, "microphone")
            await host.say("mute", id=theirs)
            assert (await other.wait("muted"))["by"] == "Hana"
            assert mine != theirs
            # The other goes on sending, as a page that does not obey would.
            await _silence(host, theirs)
            await other.say("state", microphone=True)
            await host.frames(theirs, "microphone")

    asyncio.run(meet())


async def _silence(somebody: Attendee, person: str) -> None:
    """Wait until nothing of a microphone arrives for a second."""
    track = somebody.tracks[person, "microphone"]
    async with asyncio.timeout(15):
        while True:
            try:
                await asyncio.wait_for(track.recv(), 1.0)
            except TimeoutError:
                return


def test_who_is_removed_stays_out_with_every_tab(box: ClaimedBox) -> None:
    async def meet() -> None:
        browser, other = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        guest = {"token": token(box, role="guest"), "browser": browser}
        async with (
            attendee(box, ROOM, token=token(box), browser=other) as host,
            attendee(box, ROOM, **guest) as first,
            attendee(box, ROOM, **guest) as second,
        ):
            for tab in (first, second):
                (waiting,) = (await host.wait("door", skip=0 if tab is first else 2))["people"]
                await host.say("admit", id=waiting["id"])
                await tab.wait("welcome")
            await host.say("remove", id=(await first.wait("welcome"))["you"]["id"])
            for tab in (first, second):
                assert (await tab.wait("ended"))["why"] == "removed"
            assert await refusal(box, **guest) == "removed"
            assert await refusal(box, name="Somebody else", browser=browser) == "removed"
            await host.say("end")

    asyncio.run(meet())


def test_janus_killed_in_the_middle_is_back_within_10_s(box: ClaimedBox) -> None:
    async def meet() -> None:
        async with attendee(box, ROOM, token=token(box)) as host, attendee(box, ROOM, token=token(box)) as other:
            theirs = (await other.wait("welcome"))["you"]["id"]
            await host.wait("welcome")
            await other.publish()
            await host.frames(theirs, "camera")
            box.box.run(["systemctl", "kill", "--signal=KILL", "janus.service"])
            killed = time.monotonic()
            await other.wait("media", state="lost")
            await other.wait("media", state="back")
            other.received = [message for message in other.received if message["is"] != "published"]
            await other.publish()
            await host.frames(theirs, "camera")
            assert time.monotonic() - killed < 10

    asyncio.run(meet())


def test_nonsense_is_answered_and_disturbs_nobody(box: ClaimedBox) -> None:
    async def meet() -> None:
        async with attendee(box, ROOM, token=token(box)) as host:
            await host.wait("welcome")
            for text in ("", "[", '{"do": "fly"}', '{"do": "publish"}', "\ud800".encode(errors="replace").decode()):
                await host.socket.send_str(text)
            await host.wait("sorry", skip=4)
            await host.say("chat", text="still here <b>")
            assert (await host.wait("chat"))["text"] == "still here <b>"

    asyncio.run(meet())


def test_a_sockets_first_word_must_come_soon(box: ClaimedBox) -> None:
    async def wait() -> int | None:
        async with aiohttp.ClientSession() as session:
            url = f"https://{box.address}/rooms/socket"
            headers = {"Host": box.domain}
            async with session.ws_connect(url, ssl=insecure(), headers=headers, server_hostname=box.domain) as socket:
                await socket.receive(timeout=30)
                return socket.close_code

    assert asyncio.run(wait()) == 1008
