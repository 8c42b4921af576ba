"""An XMPP stream by hand, for what a library would hide: features, SASL2, channel binding, resumption."""

import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from xml.etree import ElementTree as ET

from cryptography import x509
from OpenSSL import SSL

WAIT_S = 15
NS = {
    "stream": "http://etherx.jabber.org/streams",
    "client": "jabber:client",
    "tls": "urn:ietf:params:xml:ns:xmpp-tls",
    "sasl": "urn:ietf:params:xml:ns:xmpp-sasl",
    "sasl2": "urn:xmpp:sasl:2",
    "cb": "urn:xmpp:sasl-cb:0",
    "bind2": "urn:xmpp:bind:0",
    "fast": "urn:xmpp:fast:0",
    "sm": "urn:xmpp:sm:3",
    "caps": "http://jabber.org/protocol/caps",
    "carbons": "urn:xmpp:carbons:2",
    "csi": "urn:xmpp:csi:0",
    "upgrade": "urn:xmpp:sasl:upgrade:0",
    "scram-upgrade": "urn:xmpp:scram-upgrade:0",
    "stanzas": "urn:ietf:params:xml:ns:xmpp-stanzas",
    "register": "jabber:iq:register",
    "ibr-token": "urn:xmpp:ibr-token:0",
    "bidi": "urn:xmpp:features:bidi",
    "server": "jabber:server",
}


class Stream:
    """One stream, whose element tree is read as it comes. `secure` encrypts it and verifies the server's certificate.

    Raises `TimeoutError` when the server says nothing for `WAIT_S`, `EOFError` when it ends the stream.
    """

    def __init__(self, address: str, port: int, domain: str, namespace: str = "jabber:client") -> None:
        self.domain = domain
        self.namespace = namespace
        self.tls: SSL.Connection | None = None
        self._socket = socket.create_connection((address, port), WAIT_S)
        self._socket.settimeout(None)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", WAIT_S, 0))
        self._parser = ET.XMLPullParser(("start", "end"))
        self._depth = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()

    def secure(self, ca: Path, alpn: str = "", newest: int = SSL.TLS1_3_VERSION) -> x509.Certificate:
        """Do the TLS handshake; returns the server's certificate once its chain and name have been verified."""
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        if newest < SSL.TLS1_2_VERSION:
            context.set_cipher_list(b"ALL:@SECLEVEL=0")  # or our own library would refuse, and not the server
        context.set_max_proto_version(newest)
        context.load_verify_locations(str(ca))
        context.set_verify(SSL.VERIFY_PEER, lambda _tls, _cert, _error, _depth, fine: bool(fine))
        self.tls = SSL.Connection(context, self._socket)
        self.tls.set_tlsext_host_name(self.domain.encode())
        if alpn:
            self.tls.set_alpn_protos([alpn.encode()])
        self.tls.set_connect_state()
        self.tls.do_handshake()
        certificate: x509.Certificate = self.tls.get_peer_certificate(as_cryptography=True)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert self.domain in names.get_values_for_type(x509.DNSName)
        return certificate

    def start_tls(self, ca: Path) -> None:
        """Ask for encryption and start it (RFC 6120, 5.4)."""
        self.send(f"<starttls xmlns='{NS['tls']}'/>")
        assert self.read().tag == tag("tls:proceed")
        self.secure(ca)

    def open(self, jid: str = "") -> ET.Element:
        """Start the stream, or start it again; returns its features. SASL2 is offered to those who say who they are."""
        self._parser = ET.XMLPullParser(("start", "end"))
        self._depth = 0
        self.send(
            f"<?xml version='1.0'?><stream:stream xmlns='{self.namespace}' xmlns:stream='{NS['stream']}'"
            f" to='{self.domain}' version='1.0'{f" from='{jid}'" if jid else ''}>"
        )
        features = self.read()
        assert features.tag == tag("stream:features"), ET.tostring(features)
        return features

    def send(self, text: str) -> None:
        """Send XML as it is."""
        try:
            (self.tls or self._socket).sendall(text.encode())
        except (SSL.SysCallError, SSL.ZeroReturnError, BrokenPipeError, ConnectionResetError) as error:
            raise EOFError("the server hung up") from error

    def read(self) -> ET.Element:
        """The next element of the stream."""
        deadline = time.monotonic() + WAIT_S
        while True:
            events: Iterator[tuple[str, ET.Element]] = self._parser.read_events()
            for event, element in events:
                self._depth += 1 if event == "start" else -1
                if self._depth == 1 and event == "end":
                    return element
                if self._depth == 0:
                    raise EOFError("the server ended the stream")
            if time.monotonic() > deadline:
                raise TimeoutError("the server says nothing")
            self._parser.feed(self._receive())

    def await_tag(self, *names: str) -> ET.Element:
        """The next element with one of these names (`prefix:name`); others are passed over."""
        tags = {tag(name) for name in names}
        while (element := self.read()).tag not in tags:
            pass
        return element

    def ask(self, kind: str, payload: str, to: str = "") -> ET.Element:
        """Send an IQ and wait for its answer, be it a result or an error."""
        ident = f"q{time.monotonic_ns()}"
        target = f" to='{to}'" if to else ""
        self.send(f"<iq type='{kind}' id='{ident}'{target}>{payload}</iq>")
        while True:
            answer = self.await_tag("client:iq")
            if answer.get("id") == ident:
                return answer

    def cut(self) -> None:
        """Drop the connection as a lost network would: without a word of farewell."""
        self._socket.close()

    def _receive(self) -> bytes:
        try:
            data = self.tls.recv(65536) if self.tls else self._socket.recv(65536)
        except (SSL.WantReadError, BlockingIOError) as error:
            raise TimeoutError("the server says nothing") from error
        except (SSL.ZeroReturnError, SSL.SysCallError, ConnectionResetError) as error:
            raise EOFError("the server hung up") from error
        if not data:
            raise EOFError("the server hung up")
        return data


def tag(name: str) -> str:
    """`prefix:name` as ElementTree writes it."""
    prefix, _, local = name.partition(":")
    return f"{{{NS[prefix]}}}{local}"


def texts(element: ET.Element, name: str) -> list[str]:
    """The text of every element with this name inside."""
    return [found.text or "" for found in element.iter(tag(name))]


def condition(answer: ET.Element) -> str:
    """The defined condition of a stanza error (RFC 6120, 8.3.3), "" without one."""
    prefix = f"{{{NS['stanzas']}}}"
    return next((part.tag.removeprefix(prefix) for part in answer.iter() if part.tag.startswith(prefix)), "")
