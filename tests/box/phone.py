"""A phone for the tests: slixmpp with TLS verified against the tests' authority."""

import asyncio
import contextlib
import secrets
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

import aiohttp
from slixmpp import ClientXMPP
from slixmpp.exceptions import IqError
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatcherId

WAIT_S = 15.0
PLUGINS = ("xep_0030", "xep_0045", "xep_0077", "xep_0184", "xep_0199", "xep_0280", "xep_0313", "xep_0363")


class Phone(ClientXMPP):  # type: ignore[misc]
    """A client whose messages wait in `inbox`. `resource` tells several devices of a person apart."""

    def __init__(self, jid: str, password: str, ca: Path, resource: str = "", mechanism: str = "SCRAM-SHA-256") -> None:
        resource = resource or f"t{secrets.token_hex(4)}"
        # One without channel binding: slixmpp's is not for TLS 1.3, and the server counts its failures.
        super().__init__(f"{jid}/{resource}", password, sasl_mech=mechanism)
        self.inbox: asyncio.Queue[Any] = asyncio.Queue()
        self.ca = ca
        self.ssl_context = ssl.create_default_context(cafile=str(ca))
        self.enable_direct_tls = False
        for plugin in PLUGINS:
            self.register_plugin(plugin)
        self.add_event_handler("message", self._arrived)
        self.add_event_handler("groupchat_message", self._arrived)

    def _arrived(self, message: Any) -> None:
        if message["body"]:
            self.inbox.put_nowait(message)

    async def log_in(self, address: str, port: int = 5222) -> None:
        """Connect, authenticate, bind. Raises `PermissionError` when the server refuses."""
        started: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def settle(error: Exception | None) -> Callable[[Any], None]:
            def handler(event: Any) -> None:
                if not started.done():
                    if error:
                        started.set_exception(type(error)(f"{error} {event}"))
                    else:
                        started.set_result(None)

            return handler

        self.add_event_handler("session_start", settle(None))
        self.add_event_handler("failed_all_auth", settle(PermissionError("refused")))
        self.add_event_handler("bind_fail", settle(PermissionError("not bound")))
        self.add_event_handler("connection_failed", settle(ConnectionError("not connected")))
        self.connect(address, port)
        await asyncio.wait_for(started, WAIT_S)

    async def online(self) -> None:
        """Become available."""
        self.send_presence()
        await self.get_roster()

    def say(self, to: str, body: str, kind: str = "chat") -> None:
        """Send a text."""
        self.send_message(mto=to, mbody=body, mtype=kind)

    async def hear(self, body: str, timeout_s: float = WAIT_S) -> Any:
        """Wait for the message with this text; others are passed over."""
        async with asyncio.timeout(timeout_s):
            while True:
                message = await self.inbox.get()
                if message["body"] == body:
                    return message

    async def join(self, room: str, nick: str) -> None:
        """Enter a group chat; make it when it is new. Raises `PermissionError` when it is closed to us."""
        entered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def settle(presence: Any) -> None:
            if presence["from"].bare == room and not entered.done():
                if presence["type"] == "error":
                    entered.set_exception(PermissionError(presence["error"]["condition"]))
                elif 110 in presence["muc"]["status_codes"]:
                    entered.set_result(None)

        events = ("groupchat_presence", "presence_error")
        for event in events:
            self.add_event_handler(event, settle)
        presence = self.make_presence(pto=f"{room}/{nick}")
        presence["muc_join"]["history"]["maxstanzas"] = "0"
        presence.send()
        try:
            await asyncio.wait_for(entered, WAIT_S)
        finally:
            for event in events:
                self.del_event_handler(event, settle)

    async def upload(self, content: bytes, name: str, address: str) -> str:
        """Upload a file (XEP-0363) to the box at `address`; returns its URL."""
        slot = await self["xep_0363"].request_slot(
            await self._upload_service(), name, len(content), content_type="application/octet-stream"
        )
        async with session(self.ca, address) as http:
            put = await http.put(slot["http_upload_slot"]["put"]["url"], data=content, headers=_headers(slot))
            put.raise_for_status()
        return str(slot["http_upload_slot"]["get"]["url"])

    async def _upload_service(self) -> Any:
        found = await self["xep_0363"].find_upload_service(timeout=WAIT_S)
        return found["from"]

    async def close(self) -> None:
        """Log out."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.disconnect(wait=2.0), 5)


def _headers(slot: Any) -> dict[str, str]:
    return {header["name"]: header["value"] for header in slot["http_upload_slot"]["put"]["headers"]}


@asynccontextmanager
async def phone(jid: str, password: str, address: str, ca: Path, **options: str) -> AsyncIterator[Phone]:
    """A phone that is logged in and available; `options` are those of `Phone`."""
    client = Phone(jid, password, ca, **options)
    try:
        await client.log_in(address)
        await client.online()
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def session(ca: Path, address: str, source: str = "") -> AsyncIterator[aiohttp.ClientSession]:
    """A web client for which every name is at `address`; it comes from the address `source` if one is given."""
    context = ssl.create_default_context(cafile=str(ca))
    here = (source, 0) if source else None
    connector = aiohttp.TCPConnector(ssl=context, resolver=_Everywhere(address), local_addr=here)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=WAIT_S)) as http:
        yield http
    await asyncio.sleep(0.1)  # aiohttp ends its TLS connections a moment later


class _Everywhere(aiohttp.abc.AbstractResolver):
    def __init__(self, address: str) -> None:
        self._address = address

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[Any]:
        return [{"hostname": host, "host": self._address, "port": port, "family": 2, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        return None


class Joiner(Phone):
    """A phone that makes its account from an invitation (XEP-0445), then is logged in with it."""

    def __init__(self, uri: str, password: str, ca: Path) -> None:
        parts = urlsplit(uri)
        super().__init__(unquote(parts.path), password, ca)
        self._token = parse_qs(parts.query.replace(";", "&"))["preauth"][0]
        self.refusal = ""
        self["xep_0077"].force_registration = True
        self.add_event_handler("register", self._register)

    async def _register(self, _form: Any) -> None:
        try:
            await self._preauthenticate()
            iq = self.Iq()
            iq["type"], iq["to"] = "set", self.boundjid.domain
            iq["register"]["username"] = self.boundjid.user
            iq["register"]["password"] = self.password
            await iq.send(timeout=WAIT_S)
        except IqError as error:
            self.refusal = f"{error.condition} {error.text}"
            self.event("connection_failed", self.refusal)
            self.abort()

    async def _preauthenticate(self) -> None:
        iq = self.Iq()
        iq["type"], iq["to"] = "set", self.boundjid.domain
        iq.xml.append(ElementTree.Element("{urn:xmpp:pars:0}preauth", token=self._token))
        answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.register_handler(Callback("preauth", MatcherId(iq["id"]), answered.set_result))
        self.send_raw(str(iq))  # `send` keeps everything but a registration back until the login
        if (answer := await asyncio.wait_for(answered, WAIT_S))["type"] == "error":
            raise IqError(answer)


@asynccontextmanager
async def joined(uri: str, password: str, address: str, ca: Path) -> AsyncIterator[Phone]:
    """Scan an invitation, make the account, and be there."""
    client = Joiner(uri, password, ca)
    try:
        await client.log_in(address)
        await client.online()
        yield client
    finally:
        await client.close()
