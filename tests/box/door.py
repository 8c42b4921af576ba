"""Requests to a box's front door in every shape, and a stand-in behind it that says what reached it."""

import http.client
import json
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from image.box import Box
from image.process import start

WAIT_S = 15.0


@dataclass(frozen=True)
class Answer:
    """One answer: header names in lower case, every value of each."""

    status: int
    headers: dict[str, list[str]]
    body: bytes

    def header(self, name: str) -> str:
        """The only value of a header; "" without it."""
        values = self.headers.get(name, [])
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else ""

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def context(**versions: ssl.TLSVersion) -> ssl.SSLContext:
    """TLS that trusts anybody; what is tested here is not the certificate."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    for name, version in versions.items():
        setattr(made, name, version)
    return made


def connect(address: str, port: int = 443, sni: str | None = None) -> socket.socket:
    """A connection, with TLS on 443."""
    raw = socket.create_connection((address, port), WAIT_S)
    return context().wrap_socket(raw, server_hostname=sni) if port == 443 else raw


def send(address: str, request: bytes, port: int = 443, sni: str | None = None) -> Answer:
    """Send these very bytes and read the one answer to them."""
    with connect(address, port, sni) as connection:
        connection.sendall(request)
        return read(connection)


def read(connection: socket.socket, method: str = "GET") -> Answer:
    """Read an answer (RFC 9112)."""
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    headers: dict[str, list[str]] = {}
    for name, value in response.getheaders():
        headers.setdefault(name.lower(), []).append(value)
    return Answer(response.status, headers, response.read())


def ask(
    address: str,
    host: str,
    path: str = "/",
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    port: int = 443,
    sni: str | None = None,
) -> Answer:
    """One request under the name `host`; the handshake names the same host where it can, or `sni` ("" for none)."""
    name = host.partition(":")[0] if sni is None else sni
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", f"Content-Length: {len(body)}"]
    lines += [f"{key}: {value}" for key, value in (headers or {}).items()]
    with connect(address, port, name or None) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        return read(connection, method)


_ECHO = r"""
import http.server, json, os, socketserver, sys, urllib.parse
path, label = sys.argv[1:]
class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query, keep_blank_values=True)
        length = int(self.headers.get("Content-Length", 0))
        first = len(self.rfile.read1(65536)) if length else 0
        seen = {"behind": label, "method": self.command, "path": self.path, "first": first,
                "headers": [[k.lower(), v] for k, v in self.headers.items()]}
        body = json.dumps(seen).encode()
        self.send_response(int(query.get("status", ["200"])[0]))
        for kind in query.get("type", ["application/json"]):
            if kind:
                self.send_header("Content-Type", kind)
        for line in query.get("header", []):
            self.send_header(*line.split(": ", 1))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.close_connection = True
    do_GET = do_HEAD = do_PUT = do_POST = do_OPTIONS = do_DELETE = do_PATCH = answer
    def address_string(self): return "nginx"
    def log_message(self, *_): pass
class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
if os.path.exists(path): os.unlink(path)
server = Server(path, Echo)
os.chmod(path, 0o666)
print("ready", flush=True)
server.serve_forever()
"""


@contextmanager
def echo(box: Box, path: Path, label: str, log: Path) -> Iterator[None]:
    """A server on the Unix socket `path` in the box that answers every request with what it saw of it.

    The query says how: `status`, `type` and `header` of its answer.
    """
    box.run(["mkdir", "-p", path.parent])
    process = start([*box.inside(), "python3", "-c", _ECHO, path, label], output=log)
    try:
        deadline = time.monotonic() + WAIT_S
        while "ready" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield
    finally:
        _end(process)
        box.run(["rm", "-f", path])


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(WAIT_S)
