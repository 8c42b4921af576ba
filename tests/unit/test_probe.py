"""Probes against real servers of the test's own: well, refused, silent, and wrong."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from appliance.model import Check, Probe
from appliance.system import units
from appliance.system.probe import ask
from appliance.system.units import UnitState

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


def answering(answer: bytes) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    return handle


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[int]:
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        server.close_clients()
        await server.wait_closed()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", ""),
        (b"HTTP/1.1 308 Permanent Redirect\r\n\r\n", ""),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "HTTP 404 Not Found"),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "HTTP 503 Service Unavailable"),
        (b"SSH-2.0-hello\r\n", "It does not speak HTTP."),
        (b"", "It does not speak HTTP."),
    ],
)
def test_http_is_well_below_400(answer: bytes, expected: str) -> None:
    async def scenario() -> str:
        async with served(answering(answer)) as port:
            return await ask(Check(Probe.HTTP, f"http://127.0.0.1:{port}/"))

    assert asyncio.run(scenario()) == expected


def test_http_over_a_unix_socket(tmp_path: Path) -> None:
    seen = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readline())
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    async def scenario() -> str:
        path = tmp_path / "http.sock"
        async with await asyncio.start_unix_server(handle, path):
            return await ask(Check(Probe.HTTP, f"unix:{path}:/health"))

    assert asyncio.run(scenario()) == ""
    assert seen == [b"GET /health HTTP/1.1\r\n"]


def test_a_silent_server_does_not_answer() -> None:
    async def scenario() -> str:
        async with served(silent) as port:
            return await ask(Check(Probe.HTTP, f"http://127.0.0.1:{port}/", timeout_s=0.1))

    assert asyncio.run(scenario()) == "It does not answer."


def test_a_closed_port_and_a_missing_socket(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for check in (
        Check(Probe.TCP, f"127.0.0.1:{port}"),
        Check(Probe.HTTP, f"http://127.0.0.1:{port}/"),
        Check(Probe.HTTP, f"unix:{tmp_path}/none:/"),
        Check(Probe.JANUS, f"{tmp_path}/none"),
    ):
        assert asyncio.run(ask(check)) == "Nobody answers there."


def test_tcp_is_well_when_somebody_listens() -> None:
    async def scenario() -> str:
        async with served(silent) as port:
            return await ask(Check(Probe.TCP, f"127.0.0.1:{port}"))

    assert asyncio.run(scenario()) == ""


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"janus": "server_info", "name": "Janus WebRTC Server"}, ""),
        ({"janus": "error", "error": {"code": 403, "reason": "Unauthorized request"}}, "Unauthorized request"),
        ({"janus": "ack"}, "It does not answer as Janus does."),
    ],
)
def test_janus_answers_info_in_one_packet(tmp_path: Path, answer: dict[str, Any], expected: str) -> None:
    path = str(tmp_path / "api.sock")

    async def scenario() -> tuple[str, dict[str, Any]]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
            server.bind(path)
            server.listen()
            asked = asyncio.create_task(ask(Check(Probe.JANUS, path)))
            await asyncio.sleep(0)
            connection, _ = await asyncio.to_thread(server.accept)
            with connection:
                request = json.loads(await asyncio.to_thread(connection.recv, 65536))
                connection.send(json.dumps(answer).encode())
                return await asked, request

    said, request = asyncio.run(scenario())
    assert said == expected
    assert request["janus"] == "info"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (UnitState("active", "success", True, 0, 1), ""),
        (UnitState("inactive", "success", False, 0, 0), ""),
        (UnitState("inactive", "success", True, 0, 0), "x.service: inactive (success)"),
        (UnitState("failed", "exit-code", False, 3, 0), "x.service: failed (exit-code)"),
    ],
)
def test_a_unit_is_well_when_active_or_not_needed(
    monkeypatch: pytest.MonkeyPatch, state: UnitState, expected: str
) -> None:
    async def states(wanted: list[str]) -> dict[str, UnitState]:
        return dict.fromkeys(wanted, state)

    monkeypatch.setattr(units, "states", states)
    assert asyncio.run(ask(Check(Probe.UNIT, "x.service"))) == expected
