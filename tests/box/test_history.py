"""What is kept, for how long, and what never gets into the journal."""

import secrets
import uuid

from tests.box.core_side import as_core
from tests.box.house import ClaimedBox
from tests.box.people import Device, new_person, talk
from tests.box.scram import Scram
from tests.box.test_conversations import archived, word
from tests.box.test_conversations_logins import bind, encrypted, get_token, log_in

DATABASE = "/data/ejabberd/ejabberd.sqlite"
DAY_US = 86_400_000_000


def test_old_messages_go_and_new_ones_stay(box: ClaimedBox) -> None:
    ann, bob = new_person(box), new_person(box)
    old, new = word(), word()

    async def write(device: Device) -> None:
        for said in (old, new):
            device.say(bob.jid, said)
        await device["xep_0199"].send_ping(box.domain)

    async def read(device: Device) -> None:
        assert await archived(device, old) is None
        assert await archived(device, new)

    talk(write, ann)
    age = f"update archive set timestamp = timestamp - {31 * DAY_US} where xml like '%{old}%'"
    box.box.run(["sqlite3", DATABASE, age])
    as_core(box, "delete_old_messages", 30)
    talk(read, ann)
    talk(read, bob)


def test_invitations_that_have_ended_are_forgotten(box: ClaimedBox) -> None:
    name = f"n{secrets.token_hex(4)}"
    kept = as_core(box, "invite", f"n{secrets.token_hex(4)}")["token"]
    token = as_core(box, "invite", name)["token"]
    box.box.run(["sqlite3", DATABASE, f"update invite_token set expires='1970-01-01 00:00:01' where token='{token}'"])
    as_core(box, "forget_old_invitations")
    count = f"select count(*) from invite_token where token in ('{token}', '{kept}')"
    assert box.box.run(["sqlite3", DATABASE, count]).stdout.strip() == "1"
    as_core(box, "revoke", kept)


def test_no_secret_is_in_the_journal_or_on_a_command_line(box: ClaimedBox) -> None:
    person, wrong = new_person(box), f"wrong{secrets.token_hex(8)}"
    second, third = f"second{secrets.token_hex(8)}", f"third{secrets.token_hex(8)}"
    token = get_token(person, str(uuid.uuid4()))
    with encrypted(person) as (stream, _):
        log_in(stream, Scram(person.name, wrong), bind())
    as_core(box, "check_password", person.name, wrong)
    as_core(box, "set_password", person.name, second)
    invitation = as_core(box, "reset", person.name)
    as_core(box, "redeem", invitation["token"], third)
    turn = box.box.run(["grep", "-o", '"secret": "[^"]*"', "/run/parlor/ejabberd/ejabberd.yml"]).stdout.split('"')[3]
    written = box.box.journal() + box.box.run(["sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"]).stdout
    assert "ejabberd" in written
    for secret in (person.password, wrong, second, third, token, invitation["token"], turn):
        assert secret not in written
