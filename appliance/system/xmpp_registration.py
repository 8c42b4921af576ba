"""Use an invitation as a phone does: pre-authenticated in-band registration (XEP-0445, XEP-0077).

ejabberd checks the token and makes the account, or sets the new password, in one SQL transaction: of
any number of tries with one token at most one succeeds. It runs over XMPP's WebSocket (RFC 7395) on
the Unix socket that nginx uses too, so the password never leaves the machine.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import aiohttp

from appliance.model import XMPP_HTTP_SOCKET, Unavailable
from appliance.settings import N_

FRAMING = "urn:ietf:params:xml:ns:xmpp-framing"
CLIENT = "jabber:client"
PREAUTH = "urn:xmpp:pars:0"
REGISTER = "jabber:iq:register"
STANZAS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"
TIMEOUT_S = 30.0


class RegistrationRefused(Exception):
    """The server said no; `condition` is the stanza error's name (RFC 6120, 8.3.3), `step` where."""

    def __init__(self, step: str, condition: str) -> None:
        super().__init__(f"{step}: {condition}")
        self.step = step
        self.condition = condition


async def register(domain: str, token: str, name: str, password: str, socket: Path = XMPP_HTTP_SOCKET) -> None:
    """Redeem `token` for `name`. Raises `RegistrationRefused`, or `Unavailable` when the server does not answer."""
    try:
        async with _stream(domain, socket) as stream:
            await _ask(stream, "preauth", ET.Element("preauth", xmlns=PREAUTH, token=token))
            query = ET.Element("query", xmlns=REGISTER)
            ET.SubElement(query, "username").text = name
            ET.SubElement(query, "password").text = password
            await _ask(stream, "register", query)
    except (aiohttp.ClientError, OSError, TimeoutError, ET.ParseError) as error:
        raise Unavailable(N_("The chat server does not answer. Try again in a moment.")) from error


@asynccontextmanager
async def _stream(domain: str, socket: Path) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """An XMPP stream whose features have been read."""
    connector = aiohttp.UnixConnector(path=str(socket))
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    headers = {"Host": domain, "X-Forwarded-For": "127.0.0.1"}  # ejabberd wants an address for its limits
    async with (
        aiohttp.ClientSession(connector=connector, timeout=timeout, headers=headers) as session,
        session.ws_connect("http://localhost/xmpp-websocket", protocols=["xmpp"]) as stream,
    ):
        await stream.send_str(_text(ET.Element("open", xmlns=FRAMING, to=domain, version="1.0")))
        while not (await _receive(stream)).tag.endswith("}features"):
            pass
        yield stream
        await stream.send_str(_text(ET.Element("close", xmlns=FRAMING)))


async def _ask(stream: aiohttp.ClientWebSocketResponse, step: str, payload: ET.Element) -> None:
    """Send an IQ of type set and wait for its result."""
    iq = ET.Element("iq", xmlns=CLIENT, type="set", id=step)
    iq.append(payload)
    await stream.send_str(_text(iq))
    while (answer := await _receive(stream)).get("id") != step:
        pass
    if answer.get("type") != "result":
        conditions = [part.tag.removeprefix(STANZAS) for part in answer.iter() if part.tag.startswith(STANZAS)]
        raise RegistrationRefused(step, conditions[0] if conditions else "undefined-condition")


async def _receive(stream: aiohttp.ClientWebSocketResponse) -> ET.Element:
    """The next frame: RFC 7395 puts exactly one element into each."""
    message = await stream.receive(TIMEOUT_S)
    if message.type is not aiohttp.WSMsgType.TEXT:
        raise ConnectionResetError(f"the stream ended with {message.type.name}")
    return ET.fromstring(message.data)  # noqa: S314 (from our own server)


def _text(element: ET.Element) -> str:
    """Namespaces stand in plain `xmlns` attributes: RFC 7395 servers may not know prefixes."""
    return ET.tostring(element, encoding="unicode")
