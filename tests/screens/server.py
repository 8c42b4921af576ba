"""The page of a room with this folder's fake conference, served as by nginx: the same addresses, the same policy."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from image.cache import REPOSITORY

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "media-src 'self' blob: mediastream:; worker-src 'self'"
)
AROUND = """<!doctype html><title>A page around</title><script type="module" src="/client/embed.js"></script>
<parlor-room room="team" name="Zoe Young" language="de" style="height: 90vh"></parlor-room>"""
PAGE = REPOSITORY / "web_client" / "page" / "room.html"


class Handler(SimpleHTTPRequestHandler):
    """`/r/NAME`, `/client/…`, `/screens/…` and the pass."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/rooms/pass":
            self.answer(json.dumps(self.person()).encode(), "application/json")
        elif path == "/around":
            self.answer(AROUND.encode(), "text/html; charset=utf-8", policy=None)
        elif path.startswith(("/r/", "/embedded/")):
            page = PAGE.read_text().replace("/client/page/main.js", "/screens/fake-conference.js")
            self.answer(page.encode(), "text/html; charset=utf-8")
        else:
            super().do_GET()

    def person(self) -> dict[str, str]:
        """Who is logged in: whom the cookie names."""
        name = self.headers.get("Cookie", "").partition("person=")[2].partition(";")[0]
        return {"token": "t", "name": name, "role": "host"} if name else {}

    def answer(self, content: bytes, kind: str, policy: str | None = POLICY) -> None:
        """Send something that is not a file."""
        self.policy = policy
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    policy: str | None = POLICY

    def end_headers(self) -> None:
        if self.policy:
            self.send_header("Content-Security-Policy", self.policy)
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def translate_path(self, path: str) -> str:
        """The file that an address means."""
        plain = urlsplit(path).path.replace("..", "")
        if plain.startswith("/client/"):
            return str(REPOSITORY / "web_client" / plain.removeprefix("/client/"))
        return str(REPOSITORY / "tests" / "screens" / plain.removeprefix("/screens/"))

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Say nothing."""


@contextmanager
def served() -> Iterator[str]:
    """The address under which the page is served meanwhile."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
