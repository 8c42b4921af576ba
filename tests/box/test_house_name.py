"""The name in the house, asked by multicast DNS as a laptop or a phone does."""

import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import dns.message
import dns.rdatatype
import pytest

from image.box import Box
from image.network import Network
from tests.box.door import ask
from tests.box.house import ClaimedBox, House, NameServer

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


@pytest.fixture
def street(house: House, tmp_path: Path) -> Iterator[House]:
    """A network where no other box has any name."""
    with Network() as network:
        names = NameServer(network, tmp_path)
        try:
            yield replace(house, network=network, names=names, folder=tmp_path)
        finally:
            names.close()


@contextmanager
def housed(street: House, name: str) -> Iterator[ClaimedBox]:
    """A box without a domain of its own."""
    password = secrets.token_urlsafe(12)
    file = street.folder / "parlor.toml"
    admin = f'[admin]\nname = "ann"\npassword = "{password}"\n'
    file.write_text(f'[box]\nname = "{name}"\n[domain]\nkind = "house"\n{admin}')
    with Box(name, street.tree, street.network, data=street.folder / name, provision=file) as box:
        owned = ClaimedBox(box, f"{name}.local", "ann", password, street)
        owned.wait_until_well()
        yield owned


def test_a_box_in_the_house_answers_by_its_names(street: House) -> None:
    with housed(street, "den") as den:
        for name in ("den.local", "upload-den.local"):
            assert resolve(street, name, "A") == {den.address}
            assert ask(den.address, name).header("strict-transport-security") == ""
        for kind in ("_https._tcp.local", "_xmpp-client._tcp.local"):
            assert any("den" in name for name in resolve(street, kind, "PTR"))
        assert resolve(street, "other.local", "A", timeout_s=2) == set()
        assert ask(den.address, "den.local").status in (200, 302, 303)
        assert ask(den.address, "den.local", "/.well-known/host-meta").status == 200
        assert ask(den.address, "upload-den.local", "/upload/none/none/none.png").status == 404


def test_fresh_boxes_are_found_by_name_even_two_at_once(street: House) -> None:
    one = Box("first", street.tree, street.network, data=street.folder / "first")
    two = Box("second", street.tree, street.network, data=street.folder / "second")
    with one:
        one.wait_until_up()
        assert resolve(street, "parlor.local", "A") == {one.address}
        assert resolve(street, "_xmpp-client._tcp.local", "PTR", timeout_s=2) == set()
        with two:
            two.wait_until_up()
            assert resolve(street, "parlor-2.local", "A") == {two.address}
            assert ask(two.address, "parlor-2.local").status in (200, 302, 303)
            assert resolve(street, "parlor.local", "A") == {one.address}


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
