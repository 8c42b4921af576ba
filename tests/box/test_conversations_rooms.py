"""What Conversations needs of the server: group chats."""

import base64
import hashlib
from typing import Any

import pytest
from slixmpp.exceptions import IqError

from tests.box.house import ClaimedBox
from tests.box.people import Device, Person, new_person, talk, text_of
from tests.box.test_conversations import archived, picture, word

OWNER = "http://jabber.org/protocol/muc#owner"
MUC = "http://jabber.org/protocol/muc"


@pytest.fixture(scope="module")
def ann(box: ClaimedBox) -> Person:
    return new_person(box)


@pytest.fixture(scope="module")
def bob(box: ClaimedBox) -> Person:
    return new_person(box)


def room_in(box: ClaimedBox) -> str:
    return f"r{word()}@groups.{box.domain}"


async def found(device: Device, room: str, **wishes: str) -> None:
    """Make a group chat; without wishes it is what the server makes of itself."""
    await device.join(room, device.person.name)
    fields = "".join(
        f"<field var='muc#roomconfig_{name}'><value>{value}</value></field>" for name, value in wishes.items()
    )
    form = f"<x xmlns='jabber:x:data' type='submit'>{fields}</x>"
    await device.ask("set", f"<query xmlns='{OWNER}'>{form}</query>", room)


async def admit(device: Device, room: str, person: Person) -> None:
    """Make somebody a member and send an invitation, as Conversations does."""
    await device["xep_0045"].set_affiliation(room, "member", jid=person.jid)
    invite = f"<invite to='{person.jid}'><reason>come in</reason></invite>"
    device.send_raw(f"<message to='{room}'><x xmlns='{MUC}#user'>{invite}</x></message>")


async def leave(device: Device, room: str, nick: str) -> None:
    """Go out, and wait until the room knows."""
    device.send_presence(pto=f"{room}/{nick}", ptype="unavailable")
    await device.see("presence", lambda p: p["type"] == "unavailable" and p["from"].full == f"{room}/{nick}")


async def features(device: Device, room: str) -> set[str]:
    info = await device["xep_0030"].get_info(jid=room, cached=False)
    return set(info["disco_info"]["features"])


def test_a_private_group_is_for_its_members_and_fit_for_encryption(ann: Person, bob: Person, box: ClaimedBox) -> None:
    room, said = room_in(box), word()
    # what Conversations asks for when somebody makes a private group
    wishes = {
        "persistentroom": "1",
        "membersonly": "1",
        "publicroom": "0",
        "whois": "anyone",
        "changesubject": "0",
        "allowinvites": "0",
        "mam": "1",
    }

    async def scene(owner: Device, member: Device, stranger: Device) -> None:
        await found(owner, room, **wishes)
        with pytest.raises(PermissionError):
            await stranger.join(room, "stranger")
        await admit(owner, room, bob)
        await member.see("message", lambda m: room in text_of(m) and "come in" in text_of(m))
        await member.join(room, "bob")
        assert {"muc_membersonly", "muc_nonanonymous", "muc_persistent", "muc_hidden"} <= await features(owner, room)
        seen = await owner.see("presence", lambda p: p["from"].resource == "bob")
        assert bob.jid in text_of(seen)  # every member knows the others' addresses, which OMEMO needs
        member.say(room, said, "groupchat")
        assert (await owner.hear(said))["from"].resource == "bob"

    talk(scene, ann, bob, new_person(box))


def test_a_room_made_without_wishes_is_a_private_group(ann: Person, box: ClaimedBox) -> None:
    room = room_in(box)

    async def scene(owner: Device, stranger: Device) -> None:
        await found(owner, room)
        expected = {"muc_membersonly", "muc_nonanonymous", "muc_persistent", "muc_hidden", "urn:xmpp:mam:2"}
        assert expected <= await features(owner, room)
        with pytest.raises(PermissionError):
            await stranger.join(room, "stranger")

    talk(scene, ann, new_person(box))


def test_a_public_channel_lets_everybody_in(ann: Person, box: ClaimedBox) -> None:
    room, said = room_in(box), word()
    wishes = {"persistentroom": "1", "membersonly": "0", "publicroom": "1", "whois": "moderators", "mam": "1"}

    async def scene(owner: Device, guest: Device) -> None:
        await found(owner, room, **wishes)
        await guest.join(room, "guest")
        guest.say(room, said, "groupchat")
        await owner.hear(said)

    talk(scene, ann, new_person(box))


def test_a_group_has_an_archive_for_who_comes_later(ann: Person, bob: Person, box: ClaimedBox) -> None:
    room, said = room_in(box), word()

    async def scene(owner: Device, member: Device) -> None:
        await found(owner, room)
        owner.say(room, said, "groupchat")
        live = await owner.hear(said)
        await admit(owner, room, bob)
        await member.join(room, "bob")
        kept = await archived(member, said, room)
        assert kept["id"] == live["stanza_id"]["id"]
        assert str(live["stanza_id"]["by"]) == room

    talk(scene, ann, bob)


def test_strangers_do_not_read_a_groups_archive(ann: Person, box: ClaimedBox) -> None:
    room, said = room_in(box), word()

    async def scene(owner: Device, stranger: Device) -> None:
        await found(owner, room)
        owner.say(room, said, "groupchat")
        await owner.hear(said)
        with pytest.raises(IqError) as refused:
            await stranger.ask("set", "<query xmlns='urn:xmpp:mam:2'/>", room)
        assert refused.value.condition == "forbidden"

    talk(scene, ann, new_person(box))


def test_a_group_outlives_the_visit_of_its_members(ann: Person, box: ClaimedBox) -> None:
    room = room_in(box)

    async def make(owner: Device) -> None:
        await found(owner, room, roomname="Family")
        await leave(owner, room, ann.name)

    async def look(owner: Device) -> None:
        info = await owner["xep_0030"].get_info(jid=room, cached=False)
        assert {identity[3] for identity in info["disco_info"]["identities"]} == {"Family"}
        await owner.join(room, "ann")
        affiliations = await owner["xep_0045"].get_affiliation_list(room, "owner")
        assert ann.jid in affiliations

    talk(make, ann)
    talk(look, ann)


def test_a_group_has_a_picture(ann: Person, bob: Person, box: ClaimedBox) -> None:
    """XEP-0486: the picture is the room's vCard, its hash in the room's own presence and information."""
    room, content = room_in(box), picture()
    digest = hashlib.sha1(content).hexdigest()

    async def scene(owner: Device, member: Device) -> None:
        await found(owner, room)
        photo = f"<PHOTO><TYPE>image/png</TYPE><BINVAL>{base64.b64encode(content).decode()}</BINVAL></PHOTO>"
        await owner.ask("set", f"<vCard xmlns='vcard-temp'>{photo}</vCard>", room)
        await admit(owner, room, bob)
        await member.join(room, "bob")
        await member.see("presence", lambda p: p["from"].full == room and digest in text_of(p))
        card = await member.ask("get", "<vCard xmlns='vcard-temp'/>", room)
        assert base64.b64encode(content).decode() in text_of(card).replace("\n", "")
        info = await member["xep_0030"].get_info(jid=room, cached=False)
        assert digest in text_of(info)
        with pytest.raises(IqError):
            await member.ask("set", "<vCard xmlns='vcard-temp'/>", room)

    talk(scene, ann, bob)


def test_a_phone_can_ask_whether_it_is_still_in_the_group(ann: Person, box: ClaimedBox) -> None:
    """XEP-0410: the server answers for the phone itself."""
    room = room_in(box)

    async def scene(phone: Device) -> None:
        await found(phone, room)
        me = f"{room}/{ann.name}"
        await phone["xep_0199"].send_ping(me)
        await leave(phone, room, ann.name)
        with pytest.raises(IqError) as refused:
            await phone["xep_0199"].send_ping(me)
        assert refused.value.condition == "not-acceptable"

    talk(scene, ann)


def test_a_member_is_known_again_by_an_id_that_tells_nothing(ann: Person, bob: Person, box: ClaimedBox) -> None:
    """XEP-0421."""
    room = room_in(box)

    async def scene(owner: Device, member: Device) -> None:
        await found(owner, room, membersonly="0", whois="moderators")
        ids = []
        for nick in ("one", "two"):
            await member.join(room, nick)
            presence = await owner.see("presence", lambda p, nick=nick: p["from"].resource == nick)  # type: ignore[misc]
            ids.append(occupant_id(presence))
            await leave(member, room, nick)
        assert ids[0] == ids[1]
        assert bob.name not in ids[0]

    talk(scene, ann, bob)


def occupant_id(presence: Any) -> str:
    (found_id,) = (each.get("id") for each in presence.xml.iter("{urn:xmpp:occupant-id:0}occupant-id"))
    return str(found_id)
