"""Ports of the host: which ones, and what a person is told when one cannot be had."""

import asyncio
import socket

import pytest

from image.forward import FORWARDS, Forward, PortError, listen, serve

ANY_PORT = Forward("the test", "TEST_PORT", 1, 0)


@pytest.mark.parametrize("text", ["0", "65536", "-1", "https", "84 43"])
def test_what_is_no_port_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("HTTPS_PORT", text)
    with pytest.raises(PortError, match=f"HTTPS_PORT={text} is no port"):
        _ = FORWARDS[0].port


def test_an_empty_variable_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PORT", "")
    assert FORWARDS[0].port == 8443


def test_a_taken_port_is_named_with_another_to_take(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("HTTPS_PORT", str(port))
        with pytest.raises(PortError, match=rf"(?s)Port {port}, .* make run HTTPS_PORT=\d+"):
            listen("127.0.0.1")


def test_an_unknown_address_is_named() -> None:
    with pytest.raises(PortError, match=r"LISTEN=no such host is no address"):
        listen("no such host")


def test_bytes_go_both_ways_and_an_end_on_one_side_leaves_the_other_open() -> None:
    asyncio.run(_echo_through())


async def _echo_through() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        everything = await reader.read()  # Until the client has said all.
        writer.write(everything[::-1])
        writer.close()

    target = await asyncio.start_server(answer, "127.0.0.1", 0)
    forward = Forward("the test", "TEST_PORT", 1, target.sockets[0].getsockname()[1])
    listener = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(serve({forward: [listener]}, "127.0.0.1"))
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    payload = bytes(range(256)) * 4096
    writer.write(payload)
    writer.write_eof()
    assert await reader.read() == payload[::-1]
    writer.close()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    target.close()
    listener.close()
