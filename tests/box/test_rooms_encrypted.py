"""End-to-end encryption in Chromium and Firefox: who has the key sees and hears, and nobody else, not even the box."""

import asyncio
import base64
import secrets
from typing import Any

from tests.box.attendee import Attendee, attendee
from tests.box.chromium import script, wait
from tests.box.engine import join, join_firefox
from tests.box.firefox import Firefox, firefox
from tests.box.house import ClaimedBox
from tests.box.room_page import CALL_S, frames, hears, sees, visitor
from tests.box.test_rooms_socket import token

ROOM = "home"


def new_key() -> str:
    """The key of a room, as it stands in a link."""
    return base64.urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode()


def _is_the_picture(frame: Any) -> bool:
    """Whether it is what Chromium's made-up camera shows, mostly green: a decoder makes pictures of noise as well."""
    small = frame.to_image().resize((16, 12))
    green = sum(g > r + 40 and g > b + 40 for r, g, b in small.getdata())
    return bool(green > 96)


async def _received(somebody: Attendee, person: str) -> tuple[int, int]:
    """How many packets of somebody's camera came, and how often its picture was seen, within ten seconds."""
    track = None
    async with asyncio.timeout(30):
        while track is None:
            track = somebody.tracks.get((person, "camera"))
            await asyncio.sleep(0.1)
    pictures = 0

    async def count() -> None:
        nonlocal pictures
        while True:
            pictures += _is_the_picture(await track.recv())

    counting = asyncio.create_task(count())
    await asyncio.sleep(10)
    counting.cancel()
    assert somebody.receiving
    stats: Any = await somebody.receiving.getStats()
    packets = sum(one.packetsReceived for one in stats.values() if one.type == "inbound-rtp" and one.kind == "video")
    return packets, pictures


def whom_the_box_could_watch(box: ClaimedBox, person: str) -> tuple[int, int]:
    """What a program with the box's own right to every stream gets of somebody's camera: packets and pictures."""

    async def watch() -> tuple[int, int]:
        async with attendee(box, ROOM, token=token(box, role="viewer")) as somebody:
            return await _received(somebody, person)

    return asyncio.run(watch())


def plays(window: Firefox, person: str) -> bool:
    """Whether Firefox decodes somebody's picture and hears a sound of them."""
    stats = window.run(
        f"""(async () => {{
            const {{ peer }} = conference.receiving;
            const found = [...(await peer.getStats()).values()].filter((one) => one.type === "inbound-rtp");
            const element = document.querySelector('.tile[data-person="{person}"] video');
            const track = element?.srcObject?.getVideoTracks()[0]?.id;
            return found.filter((one) => one.kind === "video" && one.trackIdentifier === track)
                .map((one) => one.framesDecoded);
        }})()"""
    )
    return any(count > 10 for count in stats)


def test_with_the_key_one_sees_and_hears_and_without_it_not_also_not_the_box(box: ClaimedBox) -> None:
    key = new_key()
    with visitor(box) as ann, visitor(box) as ben, visitor(box) as eve, firefox(box.address) as fox:
        ids = {
            ann: join(ann, box, token(box), key),
            ben: join(ben, box, token(box), key),
            eve: join(eve, box, token(box), new_key()),
        }
        foxs = join_firefox(fox, box, token(box), key)
        for driver, others in ((ann, (ids[ben], foxs)), (ben, (ids[ann], foxs))):
            for person in others:
                sees(driver, person)
            hears(driver, 2)
        fox.wait(lambda: plays(fox, ids[ann]) and plays(fox, ids[ben]))
        assert frames(eve, ids[ann]) <= 2
        assert frames(ann, ids[eve]) <= 2
        assert ids[eve] in script(ann, "return conference.strangers")
        packets, pictures = whom_the_box_could_watch(box, ids[ann])
        assert packets > 50
        assert pictures == 0
        # Eve leaves; a new key is made, and those who stay go on.
        script(eve, "conference.leave()")
        before = frames(ben, ids[ann])
        wait(ben, lambda: frames(ben, ids[ann]) > before + 30, CALL_S)


def test_without_encryption_the_same_watcher_sees(box: ClaimedBox) -> None:
    """The control: what makes no picture above makes many here."""
    with visitor(box) as ann:
        person = join(ann, box, token(box))
        packets, pictures = whom_the_box_could_watch(box, person)
        assert packets > 50
        assert pictures > 10
