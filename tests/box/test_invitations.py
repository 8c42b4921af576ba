"""An account is made by invitation (XEP-0379, XEP-0401, XEP-0445): once, by who holds it, and in no other way."""

import asyncio
import contextlib
import itertools
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree import ElementTree as ET

import pytest
from slixmpp.exceptions import IqError, IqTimeout

from tests.box.core_side import Refused, as_core
from tests.box.house import ClaimedBox
from tests.box.people import Device, Person, new_person, online, talk, text_of
from tests.box.phone import joined
from tests.box.stream import NS, Stream, condition
from tests.box.test_conversations import published

CREATE = "urn:xmpp:invite#create-account"
COMMANDS = "http://jabber.org/protocol/commands"
DATABASE = "/data/ejabberd/ejabberd.sqlite"


def fresh_name() -> str:
    return f"n{secrets.token_hex(4)}"


@contextmanager
def before_login(box: ClaimedBox) -> Iterator[Stream]:
    """An encrypted stream of nobody in particular."""
    with Stream(box.address, 5223, box.domain) as stream:
        stream.secure(box.house.authority.path)
        features = stream.open()
        assert features.find("{urn:xmpp:ibr-token:0}register") is not None
        yield stream


def preauthenticate(stream: Stream, token: str) -> ET.Element:
    return stream.ask("set", f"<preauth xmlns='urn:xmpp:pars:0' token='{token}'/>")


def register(stream: Stream, name: str, password: str) -> ET.Element:
    query = f"<username>{name}</username><password>{password}</password>"
    return stream.ask("set", f"<query xmlns='{NS['register']}'>{query}</query>")


def test_a_phone_makes_its_account_and_is_there(box: ClaimedBox) -> None:
    name = fresh_name()
    invitation = as_core(box, "invite", name)
    assert invitation["uri"] == f"xmpp:{name}@{box.domain}?register;preauth={invitation['token']}"

    async def scene() -> None:
        password = secrets.token_urlsafe(12)
        async with joined(invitation["uri"], password, box.address, box.house.authority.path) as phone:
            assert phone.boundjid.bare == f"{name}@{box.domain}"

    asyncio.run(scene())
    with pytest.raises(Refused, match="Expired"):
        as_core(box, "find_invitation", invitation["token"])


def test_an_invitation_is_good_for_one_account(box: ClaimedBox) -> None:
    token = as_core(box, "invite", fresh_name())["token"]
    with before_login(box) as stream, before_login(box) as again:
        assert preauthenticate(stream, token).get("type") == "result"
        assert preauthenticate(again, token).get("type") == "result"
        assert register(stream, fresh_name(), secrets.token_urlsafe(12)).get("type") == "result"
        assert register(stream, fresh_name(), secrets.token_urlsafe(12)).get("type") == "error"
        assert register(again, fresh_name(), secrets.token_urlsafe(12)).get("type") == "error"
    with before_login(box) as late:
        assert condition(preauthenticate(late, token)) == "item-not-found"


def test_of_fifty_phones_at_once_one_gets_in(box: ClaimedBox) -> None:
    token = as_core(box, "invite", fresh_name())["token"]
    before = len(as_core(box, "accounts"))
    ready = threading.Barrier(50)
    answers: list[str] = []

    def run() -> None:
        with before_login(box) as stream:
            preauthenticate(stream, token)
            ready.wait(30)
            answers.append(register(stream, fresh_name(), secrets.token_urlsafe(12)).get("type", ""))

    threads = [threading.Thread(target=run) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == ["error"] * 49 + ["result"]
    assert len(as_core(box, "accounts")) == before + 1


@pytest.mark.parametrize("token", ["", "x", "a" * 24, "' or 1=1 --", "%", "*", "\N{CYRILLIC SMALL LETTER A}" * 24])
def test_a_made_up_token_is_worth_nothing(box: ClaimedBox, token: str) -> None:
    with before_login(box) as stream:
        assert preauthenticate(stream, token.replace("'", "&apos;")).get("type") == "error"
        assert register(stream, fresh_name(), secrets.token_urlsafe(12)).get("type") == "error"


@pytest.mark.parametrize("end", ["revoked", "too old"])
def test_an_invitation_that_has_ended_is_worth_nothing(box: ClaimedBox, end: str) -> None:
    token = as_core(box, "invite", fresh_name())["token"]
    if end == "revoked":
        as_core(box, "revoke", token)
    else:
        yesterday = f"update invite_token set expires=datetime('now', '-1 minute') where token='{token}'"
        box.box.run(["sqlite3", DATABASE, yesterday])
    with before_login(box) as stream:
        assert condition(preauthenticate(stream, token)) == "item-not-found"
        assert register(stream, fresh_name(), secrets.token_urlsafe(12)).get("type") == "error"
    with pytest.raises(Refused, match="Missing" if end == "revoked" else "Expired"):
        as_core(box, "redeem", token, secrets.token_urlsafe(12))


def test_an_invitation_lasts_as_long_as_the_settings_say(box: ClaimedBox) -> None:
    invitation = as_core(box, "invite", fresh_name())
    now = int(box.box.run(["date", "+%s"]).stdout)
    assert abs(invitation["expires"] - now - 5 * 86_400) < 60


def test_somebody_elses_promised_name_cannot_be_taken(box: ClaimedBox) -> None:
    promised, token = fresh_name(), as_core(box, "invite", fresh_name())["token"]
    as_core(box, "invite", promised)
    with before_login(box) as stream:
        preauthenticate(stream, token)
        assert register(stream, promised, secrets.token_urlsafe(12)).get("type") == "error"


def test_an_invitation_does_not_set_a_password(box: ClaimedBox) -> None:
    victim, token = new_person(box), as_core(box, "invite", fresh_name())["token"]
    with before_login(box) as stream:
        preauthenticate(stream, token)
        assert register(stream, victim.name, "a new password").get("type") == "error"
    assert as_core(box, "check_password", victim.name, victim.password)


def test_a_reset_sets_the_password_of_its_own_account_only(box: ClaimedBox) -> None:
    victim, owner = new_person(box), new_person(box)
    token = as_core(box, "reset", owner.name)["token"]
    assert not as_core(box, "check_password", owner.name, owner.password)  # the old one ends at once
    with before_login(box) as stream:
        preauthenticate(stream, token)
        assert register(stream, victim.name, "a new password").get("type") == "error"
        assert register(stream, fresh_name(), "a new password").get("type") == "error"
        assert register(stream, owner.name, "a new password").get("type") == "result"
    assert as_core(box, "check_password", owner.name, "a new password")
    assert as_core(box, "check_password", victim.name, victim.password)


async def ask_for_invitation(device: Device) -> str:
    """What “invite a friend” in Conversations does; returns the answer's XML."""
    server = device.boundjid.domain
    first = await device.ask("set", f"<command xmlns='{COMMANDS}' node='{CREATE}' action='execute'/>", server)
    session = next(first.xml.iter(f"{{{COMMANDS}}}command")).get("sessionid")
    form = "<x xmlns='jabber:x:data' type='submit'/>"
    command = f"<command xmlns='{COMMANDS}' node='{CREATE}' sessionid='{session}' action='complete'>{form}</command>"
    return text_of(await device.ask("set", command, server))


def test_an_admin_invites_from_the_app(box: ClaimedBox) -> None:
    async def scene(phone: Device) -> None:
        answer = await ask_for_invitation(phone)
        token = answer.partition("preauth=")[2][:24]
        assert f"https://{box.domain}/invite/{token}" in answer
        name = fresh_name()
        with before_login(box) as stream:
            assert preauthenticate(stream, token).get("type") == "result"
            assert register(stream, name, secrets.token_urlsafe(12)).get("type") == "result"

    talk(scene, Person(box.admin, box.password, box))


def test_others_invite_only_when_the_settings_let_them(box: ClaimedBox) -> None:
    person = new_person(box)

    async def refused(phone: Device) -> None:
        with pytest.raises(IqError) as error:
            await ask_for_invitation(phone)
        assert error.value.condition == "forbidden"

    async def welcome(phone: Device) -> None:
        assert "preauth=" in await ask_for_invitation(phone)

    talk(refused, person)
    box.parlor("settings", "set", "people.inviters", "everyone")
    try:
        talk(welcome, person)
    finally:
        box.parlor("settings", "set", "people.inviters", "admins")
    talk(refused, person)


def test_a_contacts_invitation_makes_no_account_for_a_stranger(box: ClaimedBox) -> None:
    """`Share` in the app gives a token for the roster (XEP-0379); only who may invite can make it more than that."""
    person = new_person(box)

    async def scene(phone: Device) -> None:
        command = f"<command xmlns='{COMMANDS}' node='urn:xmpp:invite#invite' action='execute'/>"
        answer = text_of(await phone.ask("set", command, box.domain))
        token = answer.partition("preauth=")[2][:24]
        with before_login(box) as stream:
            preauthenticate(stream, token)
            assert register(stream, fresh_name(), secrets.token_urlsafe(12)).get("type") == "error"

    talk(scene, person)


def test_five_hundred_ways_to_register_without_an_invitation(box: ClaimedBox) -> None:
    before = {account["name"] for account in as_core(box, "accounts")}
    name = fresh_name()
    wish = f"<username>{name}</username><password>pass word 1</password>"
    fields = {"FORM_TYPE": NS["register"], "username": name, "password": "pass word 1"}
    form_fields = "".join(f"<field var='{var}'><value>{value}</value></field>" for var, value in fields.items())
    contents = (
        wish,
        f"<x xmlns='jabber:x:data' type='submit'>{form_fields}</x>",
        f"{wish}<key>x</key>",
        f"<remove/>{wish}",
    )
    forms = [f"<query xmlns='{NS['register']}'>{content}</query>" for content in contents]
    forms.append("<preauth xmlns='urn:xmpp:pars:0'/>")
    targets = ("", box.domain, f"groups.{box.domain}", f"{box.admin}@{box.domain}", "other.example")
    for form, kind, to in itertools.product(forms, ("set", "get"), targets):
        with before_login(box) as stream, contextlib.suppress(EOFError):
            address = f" to='{to}'" if to else ""
            stream.send("".join(f"<iq type='{kind}' id='{number}'{address}>{form}</iq>" for number in range(10)))
            stream.send("</stream:stream>")
            while True:
                assert stream.read().get("type") != "result" or kind == "get"
    assert {account["name"] for account in as_core(box, "accounts")} == before


def test_a_deleted_person_leaves_nothing(box: ClaimedBox) -> None:
    """Neither account nor archive, cards, keys, rosters, tokens, files; what others received stays theirs."""
    person = new_person(box)

    async def live() -> None:
        async with online(person) as (phone,):
            phone.say(person.jid, "a note to myself")
            await phone.hear("a note to myself")
            for payload in (
                "<vCard xmlns='vcard-temp'><FN>Somebody</FN></vCard>",
                "<query xmlns='jabber:iq:roster'><item jid='friend@other.example' name='Friend'/></query>",
                "<query xmlns='jabber:iq:private'><x xmlns='test:private'>kept</x></query>",
                published("test:node", "1", "<x xmlns='test:item'/>"),
                "<block xmlns='urn:xmpp:blocking'><item jid='pest@other.example'/></block>",
                "<prefs xmlns='urn:xmpp:mam:2' default='always'><always/><never/></prefs>",
            ):
                await phone.ask("set", payload)
            await phone.ask("set", f"<enable xmlns='urn:xmpp:push:0' jid='{box.domain}' node='x'/>")
            invite = f"<command xmlns='{COMMANDS}' node='urn:xmpp:invite#invite' action='execute'/>"
            await phone.ask("set", invite, box.domain)
            await phone.upload(b"abc", "a.bin", box.address)

    asyncio.run(live())
    as_core(box, "reset", person.name)
    assert person.name in box.box.run(["sqlite3", DATABASE, ".dump"]).stdout
    as_core(box, "delete", person.name)
    left = box.box.run(["sqlite3", DATABASE, ".dump"]).stdout
    assert [line for line in left.splitlines() if person.name in line] == []


def test_a_name_can_be_used_again_without_the_past(box: ClaimedBox) -> None:
    person = new_person(box)

    async def speak(phone: Device) -> None:
        phone.say(person.jid, "of the first")
        await phone.hear("of the first")

    async def listen(phone: Device) -> None:
        found = [entry async for entry in phone["xep_0313"].iterate(rsm={"max": 50})]
        assert found == []

    talk(speak, person)
    as_core(box, "delete", person.name)
    as_core(box, "register", person.name, person.password)
    talk(listen, person)


def test_who_leaves_takes_everything_along_but_the_owners_stay(box: ClaimedBox) -> None:
    """`Delete account` in the app (XEP-0077): a box whose last admin left that way would be nobody's."""
    leaver, leave = new_person(box), f"<query xmlns='{NS['register']}'><remove/></query>"

    async def go(device: Device) -> None:
        with contextlib.suppress(IqError, IqTimeout):
            await device.ask("set", leave)

    async def stay(device: Device) -> None:
        with pytest.raises(IqError) as refused:
            await device.ask("set", leave)
        assert refused.value.condition == "forbidden"

    talk(go, leaver)
    assert not as_core(box, "exists", leaver.name)
    talk(stay, Person(box.admin, box.password, box))
    assert as_core(box, "exists", box.admin)


def test_a_new_password_from_the_app_ends_the_old_one(box: ClaimedBox) -> None:
    person = new_person(box)

    async def change(device: Device) -> None:
        query = f"<username>{person.name}</username><password>another one</password>"
        await device.ask("set", f"<query xmlns='{NS['register']}'>{query}</query>", box.domain)

    talk(change, person)
    assert as_core(box, "check_password", person.name, "another one")
    assert not as_core(box, "check_password", person.name, person.password)


def test_a_name_is_given_once(box: ClaimedBox) -> None:
    with pytest.raises(Refused, match="Conflict"):
        as_core(box, "register", box.admin, "another password")
    with pytest.raises(Refused, match="Conflict"):
        as_core(box, "invite", box.admin)
