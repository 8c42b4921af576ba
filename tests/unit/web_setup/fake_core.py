"""A core for the portal's tests: real HTTP on a real Unix socket, answering as `docs/api.md` says."""

import json
import socketserver
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, override

from appliance.answers import error_document
from appliance.model import Missing, ParlorError
from tests.unit.web_setup.fake_box import FakeBox, NoSuchCall


@dataclass(frozen=True)
class Asked:
    """One call as it came in."""

    method: str
    path: str
    token: str
    address: str
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def parts(self) -> tuple[str, ...]:
        """The path's parts below /v1."""
        return tuple(self.path.partition("?")[0].removeprefix("/v1/").split("/"))


class FakeCore:
    """Serves a `FakeBox` on a socket; `asked` records every call in its order."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.box = FakeBox()
        self.asked: list[Asked] = []
        self._server = _Server(str(path), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> "FakeCore":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.path.unlink(missing_ok=True)

    def changes(self) -> list[str]:
        """The calls that change something, as `METHOD PATH`."""
        return [f"{asked.method} {asked.path}" for asked in self.asked if asked.method != "GET"]


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


def _handler(core: FakeCore) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            asked = Asked(self.command, self.path, token, self.headers.get("X-Client-Address", ""), body)
            core.asked.append(asked)
            try:
                self.send(200, core.box.answer(asked.method, asked.parts, asked.token, asked.body))
            except ParlorError as error:
                self.send(error.status, {"error": error_document(error)})
            except NoSuchCall:
                self.send(404, {"error": error_document(Missing("There is no such call."))})

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 (the base class's names)

        def send(self, status: int, document: Any) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        @override
        def address_string(self) -> str:
            return "unix"

        @override
        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
