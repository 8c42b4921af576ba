"""What web clients need of the server: where it is (XEP-0156), WebSocket (RFC 7395) and BOSH (XEP-0206)."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import aiohttp
import pytest

from appliance.model import XMPP_API_SOCKET, XMPP_HTTP_SOCKET
from image.process import run
from tests.box.house import ClaimedBox
from tests.box.people import Person, browser, new_person
from tests.box.scram import Scram
from tests.box.stream import NS, tag

WEBSOCKET, BOSH = "urn:xmpp:alt-connections:websocket", "urn:xmpp:alt-connections:xbosh"
WAIT_S = 15


@pytest.fixture(scope="module")
def ann(box: ClaimedBox) -> Person:
    return new_person(box)


def addresses(box: ClaimedBox) -> dict[str, str]:
    return {WEBSOCKET: f"wss://{box.domain}/xmpp-websocket", BOSH: f"https://{box.domain}/bosh"}


def test_a_page_finds_the_server_in_xml_and_in_json(box: ClaimedBox) -> None:
    async def look() -> None:
        async with browser(box) as http:
            async with http.get(f"https://{box.domain}/.well-known/host-meta") as answer:
                assert answer.headers["Access-Control-Allow-Origin"] == "*"
                links = ET.fromstring(await answer.text()).iter("{http://docs.oasis-open.org/ns/xri/xrd-1.0}Link")
                found = {link.get("rel"): link.get("href") for link in links}
                assert found == addresses(box)
            async with http.get(f"https://{box.domain}/.well-known/host-meta.json") as answer:
                assert answer.headers["Access-Control-Allow-Origin"] == "*"
                found = {link["rel"]: link["href"] for link in (await answer.json())["links"]}
                assert found == addresses(box)

    asyncio.run(look())


@dataclass
class WebSocket:
    """An XMPP stream over WebSocket."""

    frames: aiohttp.ClientWebSocketResponse
    domain: str

    async def open(self) -> ET.Element:
        await self.send(f"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='{self.domain}' version='1.0'/>")
        assert (await self.read()).tag.endswith("}open")
        return await self.read()

    async def send(self, text: str) -> None:
        await self.frames.send_str(text)

    async def read(self) -> ET.Element:
        message = await self.frames.receive(WAIT_S)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return ET.fromstring(message.data)


@dataclass
class Bosh:
    """An XMPP stream over BOSH, one request after another."""

    http: aiohttp.ClientSession
    domain: str
    sid: str = ""
    rid: int = 0

    def __post_init__(self) -> None:
        self.rid = secrets.randbelow(1 << 30)
        self._waiting: list[ET.Element] = []

    async def open(self) -> ET.Element:
        new = "" if self.sid else "wait='5' hold='1' ver='1.6' "
        again = "xmpp:restart='true' " if self.sid else "xmpp:version='1.0' "
        await self._post(f"{new}{again}to='{self.domain}' xmlns:xmpp='urn:xmpp:xbosh'", "")
        return await self.read()

    async def send(self, text: str) -> None:
        await self._post("", text)

    async def read(self) -> ET.Element:
        while not self._waiting:
            await self._post("", "")
        return self._waiting.pop(0)

    async def _post(self, attributes: str, content: str) -> None:
        self.rid += 1
        sid = f" sid='{self.sid}'" if self.sid else ""
        body = f"<body xmlns='http://jabber.org/protocol/httpbind' rid='{self.rid}'{sid} {attributes}>{content}</body>"
        async with self.http.post(f"https://{self.domain}/bosh", data=body.encode()) as answer:
            assert answer.status == 200
            reply = ET.fromstring(await answer.text())
        assert reply.get("type") != "terminate", ET.tostring(reply)
        self.sid = self.sid or reply.get("sid", "")
        self._waiting.extend(reply)


@asynccontextmanager
async def websocket(box: ClaimedBox, source: str = "", **headers: str) -> AsyncIterator[WebSocket]:
    address = f"https://{box.domain}/xmpp-websocket"
    async with browser(box, source) as http, http.ws_connect(address, protocols=["xmpp"], headers=headers) as frames:
        assert frames.protocol == "xmpp"
        yield WebSocket(frames, box.domain)


@asynccontextmanager
async def bosh(box: ClaimedBox) -> AsyncIterator[Bosh]:
    async with browser(box) as http:
        yield Bosh(http, box.domain)


WAYS: dict[str, Any] = {"websocket": websocket, "bosh": bosh}


async def log_in(stream: WebSocket | Bosh, person: Person) -> str:
    """Log in and bind; returns the full JID."""
    features = await stream.open()
    mechanisms = [each.text for each in features.iter(tag("sasl:mechanism"))]
    assert "SCRAM-SHA-256" in mechanisms
    assert "PLAIN" not in mechanisms
    scram = Scram(person.name, person.password)
    await stream.send(f"<auth xmlns='{NS['sasl']}' mechanism='SCRAM-SHA-256'>{scram.first()}</auth>")
    challenge = await stream.read()
    assert challenge.tag == tag("sasl:challenge")
    await stream.send(f"<response xmlns='{NS['sasl']}'>{scram.final(challenge.text or '')}</response>")
    success = await stream.read()
    assert success.tag == tag("sasl:success"), ET.tostring(success)
    scram.verify(success.text or "")
    await stream.open()
    bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
    await stream.send(f"<iq xmlns='jabber:client' type='set' id='bind'>{bind}</iq>")
    answer = await stream.read()
    return next(each.text or "" for each in answer.iter() if each.tag.endswith("}jid"))


@pytest.mark.parametrize("way", WAYS)
def test_a_page_logs_in_and_chats(ann: Person, box: ClaimedBox, way: str) -> None:
    said = secrets.token_hex(8)

    async def scene() -> None:
        async with WAYS[way](box) as stream:
            jid = await log_in(stream, ann)
            assert jid.startswith(f"{ann.jid}/")
            await stream.send(f"<message xmlns='jabber:client' to='{jid}' type='chat'><body>{said}</body></message>")
            while said not in ET.tostring(await stream.read(), encoding="unicode"):
                pass

    asyncio.run(scene())


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_password_opens_no_page(ann: Person, box: ClaimedBox, way: str) -> None:
    async def scene() -> None:
        async with WAYS[way](box) as stream:
            with pytest.raises(AssertionError):
                await log_in(stream, Person(ann.name, "not the password", box))

    asyncio.run(scene())


def test_a_page_may_log_in_the_new_way_too(ann: Person, box: ClaimedBox) -> None:
    """SASL2 counts this side of the proxy as encrypted, which it is."""

    async def scene() -> None:
        async with websocket(box) as stream:
            start = f"to='{box.domain}' from='{ann.jid}' version='1.0'"
            await stream.send(f"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' {start}/>")
            await stream.read()
            features = await stream.read()
            assert features.find(tag("sasl2:authentication")) is not None

    asyncio.run(scene())


@pytest.mark.parametrize("host", ["", "upload."])
@pytest.mark.parametrize(
    "path",
    ["api/status", "api/register", "admin", "admin/", "register", "oauth/token", "invites", "captcha", "mqtt", "ws"],
)
def test_strangers_find_no_other_door(box: ClaimedBox, host: str, path: str) -> None:
    async def look() -> None:
        spoofed = {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1", "X-Real-IP": "127.0.0.1"}
        async with browser(box) as http:
            for method in ("GET", "POST"):
                address = f"https://{host}{box.domain}/{path}"
                async with http.request(method, address, json={}, headers=spoofed, allow_redirects=False) as answer:
                    assert answer.status in (303, 302, 400, 403, 404, 405), (method, address, answer.status)
                    assert "ejabberd" not in (await answer.text()).lower()

    asyncio.run(look())


def answer_inside(box: ClaimedBox, user: str, path: Path, request: str) -> str:
    """What a socket in the box answers a request by one of its users; or the name of the error."""
    program = (
        "import socket, sys\n"
        "s = socket.socket(socket.AF_UNIX)\n"
        "try:\n"
        "    s.connect(sys.argv[1])\n"
        "except OSError as error:\n"
        "    sys.exit(print(type(error).__name__))\n"
        "s.sendall(sys.argv[2].encode())\n"
        "print(s.recv(4096).decode(errors='replace'))\n"
    )
    return box.box.run(["python3", "-I", "-c", program, path, request], user=user).stdout


@pytest.mark.parametrize("user", ["www-data", "parlor-portal", "janus", "avahi"])
def test_only_the_core_runs_commands(box: ClaimedBox, user: str) -> None:
    status = f"GET /api/status/v3 HTTP/1.1\r\nHost: {box.domain}\r\nConnection: close\r\n\r\n"
    assert answer_inside(box, user, XMPP_API_SOCKET, status).strip() in ("PermissionError", "FileNotFoundError")
    through_the_other = answer_inside(box, user, XMPP_HTTP_SOCKET, status)
    if user == "www-data":
        assert through_the_other.startswith("HTTP/1.1 404")
    else:
        assert through_the_other.strip() in ("PermissionError", "FileNotFoundError")
    assert "200 OK" in answer_inside(box, "root", XMPP_API_SOCKET, status)


def test_even_the_core_runs_only_what_it_needs(box: ClaimedBox) -> None:
    for command in ("stop", "dump_config", "list_certificates", "set_loglevel", "send_message", "connected_users"):
        request = f"POST /api/{command}/v3 HTTP/1.1\r\nHost: {box.domain}\r\nContent-Length: 2\r\n\r\n{{}}"
        assert "200 OK" not in answer_inside(box, "root", XMPP_API_SOCKET, request), command


@pytest.fixture
def other_address(box: ClaimedBox) -> Iterator[str]:
    """A second address of this machine in the box's network."""
    network = box.house.network
    address = f"{network.address.rpartition('.')[0]}.250"
    run(["ip", "address", "add", f"{address}/32", "dev", network.bridge])
    yield address
    run(["ip", "address", "delete", f"{address}/32", "dev", network.bridge])


def test_who_guesses_is_shut_out_and_cannot_blame_others(ann: Person, box: ClaimedBox, other_address: str) -> None:
    """The web server tells ejabberd who is there; what the stranger says of it counts for nothing."""
    blamed = {"X-Forwarded-For": box.house.network.address}

    async def scene() -> None:
        for _ in range(21):
            async with websocket(box, other_address, **blamed) as stream:
                with pytest.raises(AssertionError):
                    await log_in(stream, Person(ann.name, "a guess", box))
        async with websocket(box, other_address, **blamed) as stream:
            with pytest.raises(AssertionError):
                await log_in(stream, ann)
        async with websocket(box) as stream:
            await log_in(stream, ann)

    asyncio.run(scene())
