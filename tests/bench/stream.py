"""An XMPP stream (RFC 6120) over TLS, as lean as can be: what it costs would be counted as the server's latency."""

import asyncio
import ssl
from collections import deque
from typing import Self
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

CONNECT_S = 0.2  # a firewall that still drops everything lets a connection wait for a second
PORT = 5222
TLS = "{urn:ietf:params:xml:ns:xmpp-tls}"
_CHUNK = 65_536


class StreamError(ConnectionError):
    """The server ended the stream, or said what this client does not expect (yet)."""


def tls_context() -> ssl.SSLContext:
    """TLS 1.2 or newer with whatever certificate: a box on its first start has only its own."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Stream:
    """Elements in, bytes out. `close` it, or `abort` it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, domain: str) -> None:
        self.domain = domain
        self.writer = writer
        self._reader = reader
        self._ready: deque[Element] = deque()
        self._forget()

    @classmethod
    async def encrypted(cls, address: str, domain: str, context: ssl.SSLContext) -> Self:
        """Connect, and turn TLS on. Raises `OSError` or `TimeoutError` when nobody answers."""
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(address, PORT)
        stream = cls(reader, writer, domain)
        try:
            await stream.open()
            stream.write(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            await stream.expect(TLS + "proceed")
            await writer.start_tls(context, server_hostname=domain)
        except BaseException:
            stream.abort()
            raise
        return stream

    @property
    def cipher(self) -> str:
        """TLS version and cipher that both sides agreed on."""
        name, version, _bits = self.writer.get_extra_info("cipher")
        return f"{version} {name}"

    async def open(self) -> Element:
        """Begin the stream, or begin anew after TLS or authentication; the server's features."""
        self._forget()
        header = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' to='{}' xmlns:stream='{}'>"
        self.write(header.format(self.domain, "http://etherx.jabber.org/streams").encode())
        return await self.expect("{http://etherx.jabber.org/streams}features")

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)

    async def element(self) -> Element:
        """The next whole child of the stream."""
        while not self._ready:
            data = await self._reader.read(_CHUNK)
            if not data:
                raise StreamError("the server hung up")
            self._feed(data)
        return self._ready.popleft()

    async def expect(self, *tags: str) -> Element:
        """The next child, which has one of these tags. Raises `StreamError`."""
        element = await self.element()
        if element.tag not in tags:
            inner = " ".join(child.tag for child in element)
            raise StreamError(f"{element.tag} ({inner}), not {' or '.join(tags)}")
        return element

    async def close(self) -> None:
        """End the stream in order; a server that does not answer within a second is left alone."""
        try:
            async with asyncio.timeout(1):
                self.write(b"</stream:stream>")
                await self.writer.drain()
                while await self._reader.read(_CHUNK):
                    pass
        except (OSError, TimeoutError):
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        """Hang up."""
        self.writer.transport.abort()

    def _forget(self) -> None:
        """What comes next is a new document."""
        self._parser = XMLPullParser(("start", "end"))
        self._root: Element | None = None
        self._depth = 0
        self._ready.clear()

    def _feed(self, data: bytes) -> None:
        try:
            self._parser.feed(data)
        except ParseError as error:
            raise StreamError(str(error)) from error
        for event, element in self._parser.read_events():
            if event == "start":
                self._root = element if self._root is None else self._root
                self._depth += 1
            else:
                self._depth -= 1
                if self._depth == 1 and self._root is not None:
                    self._root.clear()  # else the stream's root would keep every message
                    self._ready.append(element)
