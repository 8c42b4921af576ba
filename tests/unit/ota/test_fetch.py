"""Fetching a list from servers of every kind."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override

import pytest

from ota import fetch
from ota.fetch import LARGEST, NotFetched, Trouble

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    """A web server that answers every GET as it is told; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(BrokenPipeError, ConnectionResetError):
                answer(self)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}"
        finally:
            running.shutdown()
            thread.join()


def says(content: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)

    return answer


def trouble(url: str) -> Trouble:
    with pytest.raises(NotFetched) as caught:
        fetch.fetch(url)
    return caught.value.trouble


def test_what_a_server_says_comes_as_it_is() -> None:
    content = bytes(range(256)) * 300
    with server(says(content)) as url:
        assert fetch.fetch(f"{url}/stable/x86.cms") == content


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (says(b"", 404), Trouble.MISSING),
        (says(b"", 500), Trouble.SERVER),
        (says(b"x" * (LARGEST + 1)), Trouble.TOO_LARGE),
        (says(b"", 302, Location="file:///etc/passwd"), Trouble.SERVER),
        (says(b"", 302, Location="ftp://127.0.0.1/"), Trouble.SERVER),
        (says(b"", 302, Location="/again"), Trouble.SERVER),
        (lambda request: request.wfile.write(b"SSH-2.0\r\n"), Trouble.NETWORK),
    ],
    ids=["missing", "broken", "large", "file", "ftp", "circle", "other"],
)
def test_what_cannot_be_a_list_is_refused(answer: Answer, expected: Trouble) -> None:
    with server(answer) as url:
        assert trouble(f"{url}/x") == expected


def test_nobody_there() -> None:
    assert trouble("http://127.0.0.1:9/") == Trouble.NETWORK


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "/etc/passwd", ""])
def test_only_the_web_is_asked(url: str) -> None:
    assert trouble(url) == Trouble.SERVER


def test_a_server_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "WHOLE_S", 0.3)

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        for _ in range(200):
            request.wfile.write(b"x")
            request.wfile.flush()
            time.sleep(0.02)

    started = time.monotonic()
    with server(drip) as url:
        assert trouble(url) == Trouble.TOO_SLOW
    assert time.monotonic() - started < 4


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "ANSWER_S", 0.2)
    with server(lambda _: time.sleep(0.6)) as url:
        assert trouble(url) in (Trouble.TOO_SLOW, Trouble.NETWORK)
