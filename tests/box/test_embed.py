"""`<parlor-room>` in a page of another origin than the box: what it hands over, calls and hears. No box is needed."""

import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from image.cache import REPOSITORY
from tests.box.chromium import Driver, browser, script

WAIT_S = 20.0
AROUND = """<!doctype html><title>Around</title><script type="module" src="{box}/embed.js"></script>
<script>
  window.heard = [];
  for (const name of ["joined", "left", "waiting", "participants", "speaking", "message", "error"])
    addEventListener(`parlor-${name}`, ({ detail }) => heard.push([name, detail]));
</script>
<parlor-room room="a b" token="T1" name="Ann" key="K" language="de"></parlor-room>"""
# A room's page as far as the element is concerned, with a conference that only remembers.
FRAME = """<!doctype html><title>Frame</title><script type="module">
  import { Embedded } from "/web_client/room/embedded.js";
  const off = { microphone: false, camera: false, hand: false };
  const person = { id: "1", name: "Ann", role: "host", ...off, tracks: new Map() };
  const people = new Map([["2", { ...person, id: "2" }]]);
  const conference = Object.assign(new EventTarget(), { you: person, people });
  const tell = (type, detail) => conference.dispatchEvent(new CustomEvent(type, { detail }));
  conference.setMuted = (on) => { person.microphone = !on; tell("person", { person }); };
  conference.leave = () => { tell("state", { state: "over" }); tell("over", { why: "left", message: "" }); };
  const join = () => { tell("state", { state: "in" }); tell("state", { state: "in" }); };
  const camera = (on) => { if (on) throw new Error("refused"); };
  const embedded = new Embedded({ join, camera });
  embedded.follow(conference);
  const given = await embedded.ready();
  tell("message", { from: "2", name: location.pathname + location.search, text: JSON.stringify(given), at: 1 });
</script>"""


class Files(SimpleHTTPRequestHandler):
    """The repository's files, and a page for each side; `embed.js` is for pages of every origin."""

    def do_GET(self) -> None:
        """A page, or a file."""
        port = self.connection.getsockname()[1]
        if self.path == "/around":
            return self._page(AROUND.replace("{box}", f"http://127.0.0.1:{port}"))
        if self.path.startswith("/embedded/"):
            return self._page(FRAME)
        if self.path == "/embed.js":
            self.path = "/web_client/embed.js"
        return super().do_GET()

    def end_headers(self) -> None:
        """A module is loaded from another origin only if that allows it."""
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class names it so
        """Nothing."""

    def _page(self, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def page() -> Iterator[Driver]:
    """A page at localhost with a room of the box at 127.0.0.1: two origins."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(REPOSITORY))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with browser({}) as driver:
            driver.get(f"http://localhost:{server.server_address[1]}/around")
            yield driver
        server.shutdown()


def test_the_frame_gets_what_is_secret_without_an_address(page: Driver) -> None:
    message = _wait(page, "message")
    origin = page.current_url.removesuffix("/around")
    assert message["name"] == "/embedded/a%20b?language=de"
    assert message["text"] == f'{{"token":"T1","key":"K","name":"Ann","language":"de","origin":"{origin}"}}'


def test_calls_are_answered_and_events_told(page: Driver) -> None:
    _call(page, "join()")
    assert _call(page, "participants()") == [
        {"id": "1", "name": "Ann", "role": "host", "microphone": False, "camera": False},
        {"id": "2", "name": "Ann", "role": "host", "microphone": False, "camera": False},
    ]
    _call(page, "mute(false)")
    assert _wait(page, "participants")["participants"][0]["microphone"] is True
    assert _call(page, "camera(true).catch((error) => error.message)") == "refused"
    _call(page, "leave()")
    assert _wait(page, "left") == {"why": "left", "message": ""}
    assert _count(page, "joined") == 1


def test_a_new_token_joins_anew_and_once(page: Driver) -> None:
    _wait(page, "message")
    room = "document.querySelector('parlor-room')"
    script(page, f"heard.length = 0; {room}.setAttribute('token', 'T2'); {room}.setAttribute('room', 'c')")
    message = _wait(page, "message")
    assert '"T2"' in message["text"]
    assert message["name"].startswith("/embedded/c")
    time.sleep(1)
    assert _count(page, "message") == 1


def test_the_element_listens_to_its_own_frame_only(page: Driver) -> None:
    _wait(page, "message")
    script(page, "heard.length = 0; postMessage({ parlor: 'ready' }, '*')")
    assert _call(page, "participants()") != []  # its port is still the frame's


def _call(page: Driver, call: str) -> Any:
    return script(page, f"return document.querySelector('parlor-room').{call}")


def _count(page: Driver, event: str) -> int:
    return len(_heard(page, event))


def _heard(page: Driver, event: str) -> list[Any]:
    return [detail for name, detail in script(page, "return heard") if name == event]


def _wait(page: Driver, event: str) -> Any:
    deadline = time.monotonic() + WAIT_S
    while not (details := _heard(page, event)):
        assert time.monotonic() < deadline, page.get_log("browser")  # type: ignore[no-untyped-call]
        time.sleep(0.1)
    return details[-1]
