"""A message that was acknowledged is on the disk: the power may go at any moment after."""

import os
import re
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from OpenSSL import SSL

from image.process import start
from tests.box.core_side import as_core
from tests.box.house import ClaimedBox
from tests.box.people import Device, Person, new_person, talk, text_of
from tests.box.scram import Scram
from tests.box.stream import NS, Stream
from tests.box.test_conversations import BOOKMARKS, archived, items, published, word
from tests.box.test_conversations_logins import bind, connected, encrypted, log_in
from tests.box.test_conversations_rooms import found, leave

pytestmark = pytest.mark.timeout(300)

DATABASE = "/data/ejabberd/ejabberd.sqlite"
DROP_IN = Path("/run/systemd/system/ejabberd.service.d/unsafe.conf")
MESSAGES = 20
SYNC = re.compile(r"^\d+ +(?P<at>\d+\.\d+) (?:fsync|fdatasync)\(\d+<[^>]*/ejabberd\.sqlite-wal>")


@dataclass
class Trace:
    """When ejabberd synced the database's log, in seconds since 1970; known once the trace has ended."""

    syncs: list[float] = field(default_factory=list)

    def between(self, first: float, last: float) -> int:
        return sum(first <= at <= last for at in self.syncs)


def ejabberd_pid(box: ClaimedBox) -> int:
    """ejabberd's process id as this program sees it."""
    inside = box.box.run(["systemctl", "show", "--property=MainPID", "--value", "ejabberd"]).stdout.strip()
    namespace = Path(f"/proc/{box.box.leader}/ns/pid").readlink()
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            same = (status.parent / "ns/pid").readlink() == namespace
            if same and re.search(rf"^NSpid:.*\b{inside}$", status.read_text(), re.MULTILINE):
                return int(status.parent.name)
        except OSError:  # it ended meanwhile
            continue
    raise LookupError("ejabberd does not run")


@contextmanager
def traced(box: ClaimedBox, folder: Path) -> Iterator[Trace]:
    """Watch ejabberd's syncs while the body runs."""
    trace, output = Trace(), folder / "strace"
    options = ["-f", "-y", "-ttt", "-e", "trace=fsync,fdatasync", "-o", str(output)]
    strace = start(["strace", *options, "-p", str(ejabberd_pid(box))], output=folder / "strace.log")
    try:
        deadline = time.monotonic() + 20
        while "attached" not in (folder / "strace.log").read_text():
            assert strace.poll() is None, (folder / "strace.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.5)  # until all threads are
        yield trace
    finally:
        strace.send_signal(signal.SIGINT)
        try:
            strace.wait(20)
        except subprocess.TimeoutExpired:
            strace.kill()
    trace.syncs += [float(match["at"]) for line in output.read_text().splitlines() if (match := SYNC.match(line))]


def acknowledged(stream: Stream, to: str, kind: str = "chat") -> tuple[float, float]:
    """Send a message and wait for its acknowledgement (XEP-0198); returns when that began and when it was done."""
    begun = time.time()
    stream.send(f"<message to='{to}' type='{kind}'><body>{word()}</body></message><r xmlns='{NS['sm']}'/>")
    stream.await_tag("sm:a")
    return begun, time.time()


def costs(box: ClaimedBox, folder: Path, *, away: bool = False) -> list[int]:
    """How many syncs lie between sending and acknowledgement, for each of some messages between two people."""
    ann, bob = new_person(box), new_person(box)
    with encrypted(ann) as (sender, _), encrypted(bob) as (receiver, _):
        log_in(sender, Scram(ann.name, ann.password), bind(f"<enable xmlns='{NS['sm']}'/>"))
        if not away:
            log_in(receiver, Scram(bob.name, bob.password), bind())
            receiver.send("<presence/>")
            receiver.await_tag("client:presence")
        acknowledged(sender, bob.jid)
        with traced(box, folder) as trace:
            times = [acknowledged(sender, bob.jid) for _ in range(MESSAGES)]
    return [trace.between(*each) for each in times]


@pytest.mark.parametrize("away", [False, True], ids=["present", "away"])
def test_no_message_is_acknowledged_before_both_archives_are_on_the_disk(
    box: ClaimedBox, tmp_path: Path, away: bool
) -> None:
    assert min(costs(box, tmp_path, away=away)) >= 2


def test_no_message_to_a_group_is_acknowledged_before_its_archive_is_on_the_disk(
    box: ClaimedBox, tmp_path: Path
) -> None:
    ann, room = new_person(box), f"r{word()}@groups.{box.domain}"
    talk(lambda device: found(device, room), ann)
    with encrypted(ann) as (sender, _):
        log_in(sender, Scram(ann.name, ann.password), bind(f"<enable xmlns='{NS['sm']}'/>"))
        sender.send(f"<presence to='{room}/me'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
        while sender.await_tag("client:presence").get("from") != f"{room}/me":
            pass
        acknowledged(sender, room, "groupchat")
        with traced(box, tmp_path) as trace:
            times = [acknowledged(sender, room, "groupchat") for _ in range(MESSAGES)]
    assert min(trace.between(*each) for each in times) >= 1


def test_the_database_writes_ahead(box: ClaimedBox) -> None:
    assert box.box.run(["sqlite3", DATABASE, "pragma journal_mode"]).stdout.strip() == "wal"


@contextmanager
def unsafe(box: ClaimedBox) -> Iterator[None]:
    """ejabberd as it would be with `synchronous=NORMAL`: fast, and lossy when the power goes."""
    unit = box.box.run(["systemctl", "cat", "ejabberd"]).stdout
    command = re.search(r"^ExecStart=((?:.*\\\n)*.*)$", unit, re.MULTILINE)
    assert command
    pragma = f'sqlite3:sql_exec(list_to_atom(\\"ejabberd_sqlite_{box.domain}\\"),\\"pragma synchronous=normal\\")'
    text = f'[Service]\nExecStart=\nExecStart={command[1]} -eval "{pragma}"\n'
    box.box.run(["mkdir", "-p", str(DROP_IN.parent)])
    box.box.run(["tee", str(DROP_IN)], stdin=text)
    restart(box)
    try:
        yield
    finally:
        box.box.run(["rm", str(DROP_IN)])
        restart(box)


def restart(box: ClaimedBox) -> None:
    box.box.run(["systemctl", "daemon-reload"])
    box.box.run(["systemctl", "restart", "ejabberd"])


def test_this_proof_sees_an_unsafe_database(box: ClaimedBox, tmp_path: Path) -> None:
    with unsafe(box):
        assert max(costs(box, tmp_path)) == 0


def test_a_message_survives_the_sudden_death_of_the_server(box: ClaimedBox) -> None:
    ann, bob, said = new_person(box), new_person(box), word()
    with encrypted(ann) as (sender, _):
        log_in(sender, Scram(ann.name, ann.password), bind(f"<enable xmlns='{NS['sm']}'/>"))
        sender.send(f"<message to='{bob.jid}' type='chat'><body>{said}</body></message><r xmlns='{NS['sm']}'/>")
        sender.await_tag("sm:a")
        os.kill(ejabberd_pid(box), signal.SIGKILL)
    await_login(box)

    async def look(device: Device) -> None:
        entries = [entry async for entry in device["xep_0313"].iterate(rsm={"max": 50})]
        assert sum(said in text_of(entry) for entry in entries) == 1  # neither lost nor doubled

    talk(look, bob)
    talk(look, ann)


def await_login(box: ClaimedBox) -> None:
    """Wait until ejabberd takes connections again."""
    deadline = time.monotonic() + 15
    while True:
        try:
            with connected(box):
                return
        except (OSError, EOFError, SSL.Error):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_everything_is_there_after_a_restart(box: ClaimedBox) -> None:
    """What people make lives in SQL; Mnesia, which a restart empties here, has nothing of it."""
    person, room, said = new_person(box), f"r{word()}@groups.{box.domain}", word()
    conference = f"<conference xmlns='{BOOKMARKS}' name='Kept'/>"

    async def make(device: Device) -> None:
        await found(device, room, roomname="Kept")
        device.say(room, said, "groupchat")
        await device.hear(said)
        await leave(device, room, person.name)
        for payload in (
            published(BOOKMARKS, room, conference),
            "<vCard xmlns='vcard-temp'><FN>Kept</FN></vCard>",
            "<query xmlns='jabber:iq:roster'><item jid='friend@other.example' name='Kept'/></query>",
            "<query xmlns='jabber:iq:private'><x xmlns='test:private'>Kept</x></query>",
            "<block xmlns='urn:xmpp:blocking'><item jid='pest@other.example'/></block>",
            "<prefs xmlns='urn:xmpp:mam:2' default='roster'><always/><never/></prefs>",
        ):
            await device.ask("set", payload)

    async def look(device: Device) -> None:
        assert "Kept" in text_of(await device.ask("get", items(BOOKMARKS)))
        assert "Kept" in text_of(await device.ask("get", "<vCard xmlns='vcard-temp'/>"))
        assert "Kept" in text_of(await device.ask("get", "<query xmlns='jabber:iq:roster'/>"))
        private = "<query xmlns='jabber:iq:private'><x xmlns='test:private'/></query>"
        assert "Kept" in text_of(await device.ask("get", private))
        assert "pest@" in text_of(await device.ask("get", "<blocklist xmlns='urn:xmpp:blocking'/>"))
        assert "roster" in text_of(await device.ask("get", "<prefs xmlns='urn:xmpp:mam:2'/>"))
        assert "Kept" in text_of(await device["xep_0030"].get_info(jid=room, cached=False))
        await device.join(room, "me")
        assert await archived(device, said, room)

    talk(make, person)
    restart(box)
    talk(look, person)


def test_invitations_and_tokens_survive_a_restart(box: ClaimedBox) -> None:
    name = f"n{secrets.token_hex(4)}"
    token = as_core(box, "invite", name)["token"]
    restart(box)
    assert as_core(box, "find_invitation", token)["name"] == name
    assert isinstance(new_person(box), Person)


@contextmanager
def small_disk(box: ClaimedBox, folder: str, size: str) -> Iterator[str]:
    """Put a folder of /data onto a small file system of its own; the body gets a file that fills it when it grows."""
    script = (
        "set -e; systemctl stop ejabberd; cp -a {0} /run/kept; mount -t tmpfs -o size={1},mode=0750 tmpfs {0};"
        "chown --reference=/run/kept {0}; chmod --reference=/run/kept {0}; cp -a /run/kept/. {0};"
        "systemctl start ejabberd"
    )
    box.box.run(["sh", "-c", script.format(folder, size)])
    try:
        yield f"{folder}/filler"
    finally:
        undo = "systemctl stop ejabberd; umount {0}; rm -r /run/kept; systemctl start ejabberd"
        box.box.run(["sh", "-c", undo.format(folder)])


def fill(box: ClaimedBox, filler: str) -> None:
    box.box.run(["sh", "-c", f"dd if=/dev/zero of={filler} bs=4k 2>/dev/null"], check=False)


def incarnation(box: ClaimedBox) -> str:
    return box.box.run(["systemctl", "show", "--property=InvocationID", "--value", "ejabberd"]).stdout


def test_a_full_disk_refuses_messages_and_goes_on_when_there_is_room(box: ClaimedBox) -> None:
    ann, bob = new_person(box), new_person(box)
    secret = f"secret{word()}"
    with small_disk(box, "/data/ejabberd", "8m") as filler:
        await_login(box)
        before = incarnation(box)
        with encrypted(ann) as (sender, _):
            log_in(sender, Scram(ann.name, ann.password), bind(f"<enable xmlns='{NS['sm']}'/>"))
            fill(box, filler)
            said = f"<body>{secret}{'x' * 9000}</body>"
            for number in range(40):
                sender.send(f"<message to='{bob.jid}' type='chat' id='{number}'>{said}</message>")
            refusal = sender.await_tag("client:message")
            assert refusal.get("type") == "error"
            assert refusal.find("{jabber:client}error[@type='wait']") is not None
            box.box.run(["rm", filler])
            acknowledged(sender, bob.jid)
        assert incarnation(box) == before
        sane = box.box.run(["sqlite3", DATABASE, "pragma integrity_check"]).stdout.strip()
        assert sane == "ok"
    await_login(box)
    journal = box.box.journal("-u", "ejabberd")
    assert "disk is full" in journal  # the test reached its subject
    assert secret not in journal


def test_a_full_disk_takes_no_file_and_keeps_no_half(box: ClaimedBox) -> None:
    person = new_person(box)

    async def scene(device: Device) -> None:
        with pytest.raises(aiohttp.ClientResponseError) as refused:
            await device.upload(bytes(900_000), "half.bin", box.address)
        assert refused.value.status >= 500

    async def again(device: Device) -> None:
        await device.upload(bytes(900_000), "whole.bin", box.address)

    with small_disk(box, "/data/uploads", "20m") as filler:
        await_login(box)
        fill(box, filler)
        box.box.run(["truncate", "--size=-200k", filler])  # room for a part of it
        talk(scene, person)
        assert "half.bin" not in box.box.run(["find", "/data/uploads", "-type", "f"]).stdout
        box.box.run(["rm", filler])
        talk(again, person)
    await_login(box)
