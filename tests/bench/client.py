"""A client with what costs the server something per message on a phone: TLS, SASL, stream management (XEP-0198)."""

import ssl
from typing import Self
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

from tests.bench.stream import Stream, StreamError
from tests.box.scram import Scram

CLIENT = "{jabber:client}"
SASL = "{urn:ietf:params:xml:ns:xmpp-sasl}"
MANAGEMENT = "{urn:xmpp:sm:3}"
# The best first; every server and the box alike are logged in to without channel binding.
ALGORITHMS = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-1": "sha1"}
ASK = b"<r xmlns='urn:xmpp:sm:3'/>"


class Refused(PermissionError):
    """The server does not take this account or password."""


class Client:
    """One device of one person, logged in and available once `log_in` returned."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._handled = 0

    @classmethod
    async def connect(cls, address: str, domain: str, context: ssl.SSLContext) -> Self:
        """Connect over TLS. Raises `OSError`, `TimeoutError`."""
        return cls(await Stream.encrypted(address, domain, context))

    async def register(self, name: str, password: str) -> None:
        """Make the account in the band (XEP-0077); one that exists already is fine. Raises `Refused`."""
        await self.stream.open()
        form = f"<username>{escape(name)}</username><password>{escape(password)}</password>"
        answer = await self._ask("r", f"<query xmlns='jabber:iq:register'>{form}</query>")
        error = answer.find(CLIENT + "error")
        if error is not None and error.find("{urn:ietf:params:xml:ns:xmpp-stanzas}conflict") is None:
            raise Refused(" ".join(child.tag for child in error))

    async def log_in(self, name: str, password: str) -> None:
        """Authenticate, bind a resource, turn on stream management, become available. Raises `Refused`."""
        await self._authenticate(await self.stream.open(), name, password)
        await self.stream.open()
        bound = await self._ask("b", "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>")
        if bound.get("type") != "result":
            raise Refused("no resource was bound")
        self.stream.write(b"<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
        await self.stream.expect(MANAGEMENT + "enabled")
        self._handled = 0
        self.stream.write(b"<presence/>")

    async def message(self) -> Element:
        """The next message; acknowledgements are asked for and given on the way."""
        while True:
            element = await self.stream.element()
            if element.tag == MANAGEMENT + "r":
                self.stream.write(f"<a xmlns='urn:xmpp:sm:3' h='{self._handled}'/>".encode())
            elif element.tag.startswith(CLIENT):
                self._handled += 1
                if element.tag == CLIENT + "message":
                    return element

    async def _authenticate(self, features: Element, name: str, password: str) -> None:
        offered = {each.text for each in features.iter(SASL + "mechanism")}
        mechanism = next((each for each in ALGORITHMS if each in offered), None)
        if mechanism is None:
            raise StreamError(f"only {', '.join(sorted(filter(None, offered)))} is offered")
        exchange = Scram(name, password, ALGORITHMS[mechanism])
        self._say("auth", exchange.first(), f" mechanism={quoteattr(mechanism)}")
        challenge = await self._outcome("challenge")
        self._say("response", exchange.final(challenge))
        exchange.verify(await self._outcome("success"))

    def _say(self, tag: str, data: str, attributes: str = "") -> None:
        self.stream.write(f"<{tag} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'{attributes}>{data}</{tag}>".encode())

    async def _outcome(self, tag: str) -> str:
        element = await self.stream.expect(SASL + tag, SASL + "failure")
        if element.tag == SASL + "failure":
            raise Refused(" ".join(child.tag for child in element))
        return element.text or ""

    async def _ask(self, number: str, query: str) -> Element:
        self.stream.write(f"<iq type='set' id='{number}'>{query}</iq>".encode())
        return await self.stream.expect(CLIENT + "iq")
