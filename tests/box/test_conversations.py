"""What Conversations needs of the server: messages, archives, presence, and what people keep there."""

import asyncio
import base64
import hashlib
import io
import secrets
from typing import Any

import pytest
from PIL import Image
from slixmpp.exceptions import IqError

from tests.box.house import ClaimedBox
from tests.box.people import Device, Person, become_contacts, new_person, online, talk, text_of

PUSH = "urn:xmpp:push:0"
BOOKMARKS = "urn:xmpp:bookmarks:1"
OMEMO_DEVICES = "eu.siacs.conversations.axolotl.devicelist"
OMEMO_BUNDLE = "eu.siacs.conversations.axolotl.bundles:7"


@pytest.fixture(scope="module")
def ann(box: ClaimedBox) -> Person:
    return new_person(box)


@pytest.fixture(scope="module")
def bob(box: ClaimedBox) -> Person:
    return new_person(box)


def word() -> str:
    """A text that nobody else says."""
    return secrets.token_hex(8)


def test_every_device_sees_what_the_others_receive_and_send(ann: Person, bob: Person) -> None:
    async def scene(phone: Device, tablet: Device, other: Device) -> None:
        await phone["xep_0280"].enable()
        await tablet["xep_0280"].enable()
        received, sent = word(), word()
        other.say(str(phone.boundjid), received)
        await phone.hear(received)
        carbon = await tablet.see("message", lambda m: received in text_of(m))
        assert carbon["carbon_received"]["body"] == received
        phone.say(bob.jid, sent)
        carbon = await tablet.see("message", lambda m: sent in text_of(m))
        assert carbon["carbon_sent"]["body"] == sent

    talk(scene, ann, ann, bob)


def test_nobody_can_forge_a_carbon(ann: Person, bob: Person) -> None:
    async def scene(phone: Device, other: Device) -> None:
        await phone["xep_0280"].enable()
        forged = word()
        other.send_raw(
            f"<message to='{phone.boundjid}' type='chat'><received xmlns='urn:xmpp:carbons:2'><forwarded"
            f" xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='{ann.jid}/x' to='{bob.jid}'>"
            f"<body>{forged}</body></message></forwarded></received></message>"
        )
        other.say(str(phone.boundjid), "after")
        message = await phone.see("message", lambda m: forged in text_of(m) or m["body"] == "after")
        assert message["body"] == "after" or message["from"].bare == bob.jid

    talk(scene, ann, bob)


async def archived(device: Device, text: str, to: str | None = None) -> Any:
    """The archive's entry of a message with this text; None without one."""
    entries = [entry async for entry in device["xep_0313"].iterate(jid=to, rsm={"max": 50}, total=500)]
    return next((entry["mam_result"] for entry in entries if text in text_of(entry)), None)


def test_both_archives_have_the_message_under_the_id_it_came_with(ann: Person, bob: Person) -> None:
    said = word()

    async def scene(sender: Device, receiver: Device) -> None:
        sender.say(bob.jid, said)
        message = await receiver.hear(said)
        assert str(message["stanza_id"]["by"]) == bob.jid
        mine = await archived(receiver, said)
        assert mine["id"] == message["stanza_id"]["id"]
        assert await archived(sender, said)

    talk(scene, ann, bob)


def test_a_message_waits_for_who_is_away(ann: Person, bob: Person) -> None:
    said = word()

    async def send(sender: Device) -> None:
        sender.say(bob.jid, said)
        await sender["xep_0199"].send_ping(sender.boundjid.domain)

    async def receive(receiver: Device) -> None:
        message = await receiver.see("message", lambda m: m["body"] == said)
        assert message["delay"]["stamp"]

    talk(send, ann)
    talk(receive, bob)


def test_who_is_blocked_is_not_heard(ann: Person, box: ClaimedBox) -> None:
    async def scene(phone: Device, pest: Device) -> None:
        await phone["xep_0191"].block(pest.person.jid)
        said = word()
        pest.say(ann.jid, said)
        assert (await pest.see("message", lambda m: m["type"] == "error"))["error"]["type"] == "cancel"
        assert await phone.sees_no("message", lambda m: said in text_of(m))
        assert await archived(phone, said) is None
        await phone["xep_0191"].unblock(pest.person.jid)
        pest.say(ann.jid, said)
        await phone.hear(said)

    talk(scene, ann, new_person(box))


def test_a_resting_phone_is_left_in_peace(box: ClaimedBox) -> None:
    """XEP-0352: presence waits until the phone wakes, a message wakes it at once."""

    async def scene(phone: Device, other: Device) -> None:
        await become_contacts(phone, other)
        phone["xep_0352"].send_inactive()
        await phone["xep_0199"].send_ping(phone.boundjid.domain)
        status = word()
        other.send_presence(pstatus=status)
        assert await phone.sees_no("presence", lambda p: p["status"] == status)
        phone["xep_0352"].send_active()
        await phone.see("presence", lambda p: p["status"] == status)
        phone["xep_0352"].send_inactive()
        said = word()
        other.say(phone.person.jid, said)
        await phone.hear(said)

    talk(scene, new_person(box), new_person(box))


def test_a_phone_that_is_away_is_told_by_push_without_the_text(bob: Person, box: ClaimedBox) -> None:
    """The push service may be any entity (XEP-0357); here it is somebody's device that publishes nothing."""
    ann, service, said = new_person(box), new_person(box), word()

    async def play() -> None:
        async with online(service, bob) as (push, other):
            async with online(ann) as (phone,):
                await phone.ask("set", f"<enable xmlns='{PUSH}' jid='{push.boundjid}' node='me'/>")
            other.say(ann.jid, said)
            request = await push.see("iq", lambda iq: iq["type"] == "set" and PUSH in text_of(iq))
            assert request["from"].domain == box.domain
            assert 'node="me"' in text_of(request)
            assert said not in text_of(request)

    asyncio.run(play())


def test_strangers_get_the_keys_for_a_first_encrypted_message(ann: Person, box: ClaimedBox) -> None:
    async def scene(phone: Device, stranger: Device) -> None:
        for node in (OMEMO_DEVICES, OMEMO_BUNDLE):
            payload = f"<item id='current'><key xmlns='test'>{node}</key></item>"
            publish = f"<publish node='{node}'>{payload}</publish>"
            await phone.ask("set", f"<pubsub xmlns='http://jabber.org/protocol/pubsub'>{publish}</pubsub>")
            found = await stranger.ask("get", items(node), ann.jid)
            assert node in text_of(found)

    talk(scene, ann, new_person(box))


def items(node: str) -> str:
    return f"<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='{node}'/></pubsub>"


def published(node: str, item: str, payload: str) -> str:
    """Publish as Conversations does, with its wishes for the node (XEP-0223)."""
    wishes = {"persist_items": "true", "max_items": "max", "send_last_published_item": "never"}
    wishes |= {"access_model": "whitelist"}
    fields = "".join(f"<field var='pubsub#{name}'><value>{value}</value></field>" for name, value in wishes.items())
    kind = "<field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#publish-options</value></field>"
    options = f"<publish-options><x xmlns='jabber:x:data' type='submit'>{kind}{fields}</x></publish-options>"
    publish = f"<publish node='{node}'><item id='{item}'>{payload}</item></publish>"
    return f"<pubsub xmlns='http://jabber.org/protocol/pubsub'>{publish}{options}</pubsub>"


def test_the_list_of_rooms_is_the_same_for_new_and_old_apps(box: ClaimedBox) -> None:
    """XEP-0402, XEP-0048 in PEP and in private storage (XEP-0049), converted by the server (XEP-0411)."""
    first, second = f"{word()}@groups.{box.domain}", f"{word()}@groups.{box.domain}"

    async def scene(phone: Device, old: Device) -> None:
        conference = f"<conference xmlns='{BOOKMARKS}' name='Family' autojoin='true'><nick>Ann</nick></conference>"
        await phone.ask("set", published(BOOKMARKS, first, conference))
        await phone.ask("set", published(BOOKMARKS, second, conference))
        private = await old.ask("get", "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>")
        assert first in text_of(private)
        assert second in text_of(private)
        kept = f"<conference jid='{first}' name='Family' autojoin='true'><nick>Ann</nick></conference>"
        storage = f"<storage xmlns='storage:bookmarks'>{kept}</storage>"
        await old.ask("set", f"<query xmlns='jabber:iq:private'>{storage}</query>")
        now = text_of(await phone.ask("get", items(BOOKMARKS)))
        assert first in now
        assert second not in now
        assert first in text_of(await old.ask("get", items("storage:bookmarks")))

    person = new_person(box)
    talk(scene, person, person)


def test_nobody_else_sees_the_list_of_rooms(ann: Person, bob: Person, box: ClaimedBox) -> None:
    async def scene(phone: Device, other: Device) -> None:
        await become_contacts(phone, other)
        room = f"{word()}@groups.{box.domain}"
        payload = f"<conference xmlns='{BOOKMARKS}'/>"
        public = f"<publish node='{BOOKMARKS}'><item id='{room}'>{payload}</item></publish>"  # a careless client
        await phone.ask("set", f"<pubsub xmlns='http://jabber.org/protocol/pubsub'>{public}</pubsub>")
        with pytest.raises(IqError) as refused:
            await other.ask("get", items(BOOKMARKS), ann.jid)
        assert refused.value.condition in ("not-allowed", "forbidden", "item-not-found")

    talk(scene, ann, bob)


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 30, 90)).save(buffer, "PNG")
    return buffer.getvalue()


def test_one_picture_is_seen_by_new_and_old_apps(box: ClaimedBox) -> None:
    """XEP-0084 in PEP becomes the vCard's photo (XEP-0398), whose hash stands in every presence (XEP-0153)."""
    content = picture()
    digest = hashlib.sha1(content).hexdigest()

    async def scene(phone: Device, other: Device) -> None:
        await become_contacts(phone, other)
        await phone["xep_0084"].publish_avatar(content)
        await phone["xep_0084"].publish_avatar_metadata(
            [{"id": digest, "type": "image/png", "bytes": str(len(content)), "height": "64", "width": "64"}]
        )
        vcard = await other["xep_0054"].get_vcard(phone.person.jid, cached=False)
        assert hashlib.sha1(vcard["vcard_temp"]["PHOTO"]["BINVAL"]).hexdigest() == digest
        phone.send_presence(pstatus=word())
        await other.see("presence", lambda p: digest in text_of(p))

    talk(scene, new_person(box), new_person(box))


def test_an_old_apps_picture_is_seen_by_new_ones(box: ClaimedBox) -> None:
    content = picture()

    async def scene(phone: Device, other: Device) -> None:
        await become_contacts(phone, other)
        photo = f"<PHOTO><TYPE>image/png</TYPE><BINVAL>{base64.b64encode(content).decode()}</BINVAL></PHOTO>"
        await phone.ask("set", f"<vCard xmlns='vcard-temp'><FN>Ann</FN>{photo}</vCard>")
        digest = hashlib.sha1(content).hexdigest()
        assert digest in text_of(await other.ask("get", items("urn:xmpp:avatar:metadata"), phone.person.jid))

    talk(scene, new_person(box), new_person(box))


def test_a_card_with_name_and_birthday_is_kept(ann: Person, bob: Person) -> None:
    async def scene(phone: Device, other: Device) -> None:
        await phone.ask("set", "<vCard xmlns='vcard-temp'><FN>Ann Ümläut 🏠</FN><BDAY>1980-02-29</BDAY></vCard>")
        card = text_of(await other.ask("get", "<vCard xmlns='vcard-temp'/>", ann.jid))
        assert "Ann Ümläut 🏠" in card
        assert "1980-02-29" in card

    talk(scene, ann, bob)


def test_the_server_says_who_answers_for_it(ann: Person, box: ClaimedBox) -> None:
    async def scene(phone: Device) -> None:
        info = text_of(await phone["xep_0030"].get_info(jid=box.domain, cached=False))
        for kind in ("abuse-addresses", "admin-addresses", "security-addresses", "support-addresses"):
            assert kind in info
        assert f"xmpp:{box.admin}@{box.domain}" in info

    talk(scene, ann)


def test_the_services_are_found_by_asking(ann: Person, box: ClaimedBox) -> None:
    async def scene(phone: Device) -> None:
        found = await phone["xep_0030"].get_items(jid=box.domain)
        names = {item[0] for item in found["disco_items"]["items"]}
        assert {f"groups.{box.domain}", f"upload.{box.domain}", f"proxy.{box.domain}"} <= names

    talk(scene, ann)
