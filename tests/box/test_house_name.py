"""The name in the house, asked by multicast DNS as a laptop or a phone does."""

import secrets
import socket
import time
from collections.abc import Iterator

import dns.message
import dns.rdatatype
import pytest

from image.box import Box
from tests.box.door import ask
from tests.box.house import ClaimedBox, House

MULTICAST = ("224.0.0.251", 5353)
WAIT_S = 20.0


def resolve(house: House, name: str, kind: str, timeout_s: float = WAIT_S) -> set[str]:
    """What answers to a one-shot question (RFC 6762, section 5.1); empty when nobody does."""
    question = dns.message.make_query(name, kind)
    deadline = time.monotonic() + timeout_s
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(house.network.address))
        asker.settimeout(0.5)
        while time.monotonic() < deadline:
            asker.sendto(question.to_wire(), MULTICAST)
            try:
                answer = dns.message.from_wire(asker.recv(9000))
            except TimeoutError:
                continue
            return {str(item) for rrset in answer.answer for item in rrset}
    return set()


@pytest.fixture(scope="module")
def home(house: House) -> Iterator[ClaimedBox]:
    """A box without a domain of its own."""
    folder = house.folder / "home"
    folder.mkdir()
    password = secrets.token_urlsafe(12)
    file = folder / "parlor.toml"
    file.write_text(f'[box]\nname = "den"\n[domain]\nkind = "house"\n[admin]\nname = "ann"\npassword = "{password}"\n')
    with Box("home", house.tree, house.network, data=folder / "data", provision=file) as box:
        owned = ClaimedBox(box, "den.local", "ann", password, house)
        owned.wait_until_well()
        yield owned


def test_the_box_and_its_host_of_uploads_resolve(home: ClaimedBox) -> None:
    for name in ("den.local", "upload-den.local"):
        assert resolve(home.house, name, "A") == {home.address}


def test_web_and_chat_are_advertised(home: ClaimedBox) -> None:
    for kind in ("_https._tcp.local", "_xmpp-client._tcp.local"):
        assert any("den" in name for name in resolve(home.house, kind, "PTR"))


def test_nobody_elses_name_is_answered(home: ClaimedBox) -> None:
    assert resolve(home.house, "other.local", "A", timeout_s=2) == set()


def test_pages_chat_and_files_answer_by_those_names(home: ClaimedBox) -> None:
    assert ask(home.address, "den.local").status in (200, 302, 303)
    assert ask(home.address, "den.local", "/.well-known/host-meta").status == 200
    assert ask(home.address, "upload-den.local", "/upload/none/none/none.png").status == 404
    for host in ("den.local", "upload-den.local"):
        assert ask(home.address, host).header("strict-transport-security") == ""


def test_a_fresh_box_is_found_by_its_name(unclaimed_box: Box, house: House) -> None:
    assert resolve(house, "parlor.local", "A") == {unclaimed_box.address}


def test_a_renamed_box_is_found_by_its_new_name(box: ClaimedBox) -> None:
    before = box.box.run(["hostname"]).stdout.strip()
    box.parlor("settings", "set", "box.name", "attic")
    try:
        box.wait_until_well()
        assert resolve(box.house, "attic.local", "A") == {box.address}
        assert ask(box.address, "attic.local").status != 421
        assert ask(box.address, f"{before}.local").status == 421
        assert box.box.run(["hostname"]).stdout.strip() == "attic"
    finally:
        box.parlor("settings", "set", "box.name", before)
        box.wait_until_well()
