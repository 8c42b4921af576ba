"""The main job, from a fresh box to people who chat: wizard, invitations scanned, chat, group, file, federation."""

import asyncio
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from image.box import Box
from image.process import run
from tests.box.chromium import Driver, browser
from tests.box.house import ClaimedBox, House
from tests.box.phone import joined, phone, session
from tests.box.wizard import LOCAL, Answers, run_wizard

pytestmark = pytest.mark.timeout(300)

DOMAIN = "home.example"
ANSWERS = Answers(people=("bob", "carol"), domain=DOMAIN)


@pytest.fixture
def fresh(house: House, tmp_path: Path) -> Iterator[Box]:
    """A box from the factory, whose domain's DNS entry already points to it."""
    with Box("fresh", house.tree, house.network, data=tmp_path / "data", ca=house.authority.path) as box:
        house.names.add(DOMAIN, box.address)
        box.wait_until_up()
        yield box


def scanned(driver: Driver, folder: Path) -> list[str]:
    """What a phone's camera reads off the QR codes on the screen."""
    uris = []
    for index, code in enumerate(driver.find_elements(By.CSS_SELECTOR, ".invitation .qr")):
        picture = folder / f"qr{index}.png"
        code.screenshot(str(picture))
        uris.append(run(["zbarimg", "--quiet", "--raw", picture]).stdout.strip())
    return uris


def certify(box: Box, house: House) -> None:
    """Give the box a certificate that phones trust, as its owner would with one of an authority."""
    names = [DOMAIN, *(f"{part}.{DOMAIN}" for part in ("groups", "upload", "proxy"))]
    for source, name in zip(house.authority.sign(*names), ("chain.pem", "key.pem"), strict=True):
        shutil.copy(source, box.data / name)
    box.run(["parlor", "certificate", "import", "/data/chain.pem", "/data/key.pem"])


def test_from_a_fresh_box_to_people_who_chat(fresh: Box, house: House, box: ClaimedBox, tmp_path: Path) -> None:
    with browser({LOCAL: fresh.address}) as driver:
        cards = run_wizard(driver, fresh, ANSWERS)
        uris = scanned(driver, tmp_path)
    assert [card.jid for card in cards] == [f"bob@{DOMAIN}", f"carol@{DOMAIN}"]
    assert [uri.partition("?")[0] for uri in uris] == [f"xmpp:bob@{DOMAIN}", f"xmpp:carol@{DOMAIN}"]
    certify(fresh, house)
    friend, secret = box.new_person()
    asyncio.run(chat(fresh, house, uris, (f"{friend}@{box.domain}", secret, box.address)))


async def chat(fresh: Box, house: House, uris: list[str], friend: tuple[str, str, str]) -> None:
    """Two phones join by the scanned codes; they and a friend on another server talk."""
    ca = house.authority.path
    jid, secret, address = friend
    async with (
        joined(uris[0], "bob's password", fresh.address, ca) as bob,
        joined(uris[1], "carol's password", fresh.address, ca) as carol,
        phone(jid, secret, address, ca) as afar,
    ):
        bob.say(carol.boundjid.bare, "hello carol")
        assert (await carol.hear("hello carol"))["from"].bare == f"bob@{DOMAIN}"

        room = f"family@groups.{DOMAIN}"
        await bob.join(room, "bob")
        await bob["xep_0045"].set_room_config(room, await bob["xep_0045"].get_room_config(room))
        for member in (carol.boundjid.bare, jid):
            await bob["xep_0045"].set_affiliation(room, "member", jid=member)
        await carol.join(room, "carol")
        await afar.join(room, "friend")
        carol.say(room, "dinner at eight", "groupchat")
        await bob.hear("dinner at eight")
        await afar.hear("dinner at eight")

        photo = secrets.token_bytes(200_000)
        url = await bob.upload(photo, "photo.jpg", fresh.address)
        bob.say(jid, url)
        assert (await afar.hear(url))["from"].bare == f"bob@{DOMAIN}"
        async with session(ca, fresh.address) as http:
            assert await (await http.get(url)).read() == photo

        afar.say(f"carol@{DOMAIN}", "greetings from the other server")
        assert (await carol.hear("greetings from the other server"))["from"].bare == jid
