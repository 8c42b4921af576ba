"""Carries TCP connections from the host's own ports to a box, which only we can reach."""

import asyncio
import errno
import os
import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

CHUNK_BYTES = 64 * 1024
_NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


@dataclass(frozen=True)
class Forward:
    """One port of the box and where the host offers it; `variable` lets a person choose another."""

    label: str
    variable: str
    default: int
    target: int

    @property
    def port(self) -> int:
        """The host's port; raises `PortError` when the variable holds no port."""
        text = os.environ.get(self.variable) or str(self.default)
        if not text.isdecimal() or not 0 < int(text) < 65536:
            raise PortError(f"{self.variable}={text} is no port; it takes a number from 1 to 65535.")
        return int(text)


FORWARDS = (
    Forward("the setup page", "HTTPS_PORT", 8443, 443),
    Forward("plain HTTP", "HTTP_PORT", 8080, 80),
    Forward("chat apps", "XMPP_PORT", 5222, 5222),
    Forward("chat apps over direct TLS", "XMPPS_PORT", 5223, 5223),
    Forward("other servers", "S2S_PORT", 5269, 5269),
    Forward("sound and picture of rooms", "TURN_PORT", 3478, 3478),
)


class PortError(RuntimeError):
    """A port of the host cannot be had; the message says which variable chooses another."""


def listen(host: str) -> Mapping[Forward, list[socket.socket]]:
    """Open every port on all addresses of `host`, before this program leaves the host's network."""
    return {forward: _sockets(forward, host) for forward in FORWARDS}


async def serve(listeners: Mapping[Forward, list[socket.socket]], address: str) -> None:
    """Forward connections to the box at `address` until cancelled."""
    async with AsyncExitStack() as stack:
        for forward, sockets in listeners.items():
            for each in sockets:
                await stack.enter_async_context(await _server(each.dup(), address, forward.target))
        await asyncio.Event().wait()


def _sockets(forward: Forward, host: str) -> list[socket.socket]:
    try:
        found = socket.getaddrinfo(host, forward.port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise PortError(f"LISTEN={host} is no address of this machine: {error.strerror}") from None
    opened = [each for info in found for each in _opened(forward, info[0], info[4])]
    if not opened:
        raise PortError(f"This machine cannot listen on {host}, port {forward.port}.")
    return opened


def _opened(forward: Forward, family: int, address: tuple[object, ...]) -> list[socket.socket]:
    """The listening socket, or none where the host has no such address (IPv6 switched off)."""
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        listener.bind(address)
        listener.listen()
    except OSError as error:
        listener.close()
        if error.errno in _NO_SUCH_ADDRESS:
            return []
        raise PortError(
            f"Port {forward.port}, for {forward.label}, cannot be had: {error.strerror}.\n"
            f"Choose another: make run {forward.variable}={free_port()}"
        ) from None
    return [listener]


def free_port() -> int:
    """A TCP port of the loopback interface that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _server(listener: socket.socket, address: str, port: int) -> asyncio.Server:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            inner_reader, inner_writer = await asyncio.open_connection(address, port)
            await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))
            inner_writer.close()
        writer.close()

    return await asyncio.start_server(accept, sock=listener)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the sender has said all, then tell the receiver so; the other way may go on."""
    with suppress(OSError):
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
