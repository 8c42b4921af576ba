"""Asks the services themselves whether they work: a unit's state, a TCP connection, an HTTP answer, Janus's API."""

import asyncio
import contextlib
import json
import secrets
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from appliance.model import Check, Probe
from appliance.settings import N_
from appliance.system import units
from appliance.system.process import ProgramFailed

_LARGEST_ANSWER = 64 * 1024


async def ask(check: Check) -> str:
    """The empty text when all is well, else the reason in words; never raises for what a service does."""
    try:
        async with asyncio.timeout(check.timeout_s):
            return await _ASK[check.probe](check.target)
    except TimeoutError:
        return N_("It does not answer.")
    except (ConnectionRefusedError, FileNotFoundError):
        return N_("Nobody answers there.")
    except (OSError, ValueError, asyncio.IncompleteReadError) as error:
        return str(error) or type(error).__name__


async def _ask_unit(unit: str) -> str:
    """Well when active, and when its own conditions say that this box does not need it."""
    try:
        state = (await units.states([unit]))[unit]
    except ProgramFailed as error:
        return str(error)
    if state.active in ("active", "reloading") or (state.active == "inactive" and not state.condition):
        return ""
    return f"{unit}: {state.active} ({state.result})"


async def _ask_tcp(target: str) -> str:
    """Well when somebody takes a connection on `host:port`."""
    host, _, port = target.rpartition(":")
    _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    await _close(writer)
    return ""


async def _ask_http(url: str) -> str:
    """Well when the answer's status is below 400. The certificate is not checked: this asks the box itself."""
    reader, writer, request = await _open(url)
    try:
        writer.write(request)
        await writer.drain()
        line = await reader.readline()
    finally:
        await _close(writer)
    version, _, rest = line.decode("ascii", "replace").partition(" ")
    if not version.startswith("HTTP/") or not rest[:3].isdigit():
        return N_("It does not speak HTTP.")
    return "" if int(rest[:3]) < 400 else f"HTTP {rest.strip()}"


async def _open(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
    """A connection for `http(s)://host/path` or `unix:/path.sock:/path`, and the request to send on it (RFC 9112)."""
    if url.startswith("unix:"):
        path, _, target = url.removeprefix("unix:").partition(":")
        return *await asyncio.open_unix_connection(path), _request("localhost", target)
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (443 if secure else 80)
    context = _unverified() if secure else None
    return *await asyncio.open_connection(host, port, ssl=context), _request(parts.netloc, parts.path or "/")


def _request(host: str, target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: parlor\r\nConnection: close\r\n\r\n".encode()


def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _ask_janus(path: str) -> str:
    """Well when Janus answers `info` on its socket (Janus API over Unix sockets, one packet a message)."""
    answer = await _transact(path, {"janus": "info", "transaction": secrets.token_hex(8)})
    if answer.get("janus") == "server_info":
        return ""
    return str(answer.get("error", {}).get("reason") or N_("It does not answer as Janus does."))


async def _transact(path: str, request: dict[str, str]) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.setblocking(False)
        connection.connect(path)  # a Unix socket connects at once, or fails
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(connection, json.dumps(request).encode())
        answer: dict[str, Any] = json.loads(await loop.sock_recv(connection, _LARGEST_ANSWER))
    return answer


_ASK: dict[Probe, Callable[[str], Awaitable[str]]] = {
    Probe.UNIT: _ask_unit,
    Probe.TCP: _ask_tcp,
    Probe.HTTP: _ask_http,
    Probe.JANUS: _ask_janus,
}
