"""Frames of an encrypted room in a real browser: seen and heard with the key, and not without. No box is needed."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from image.cache import REPOSITORY
from tests.box.chromium import Driver, browser, one, script

PAGE = "tests/box/frames.html"
WAIT_S = 30.0
# Both ends are in one browser: whatever network this machine has, they find each other.
ALONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


class Quiet(SimpleHTTPRequestHandler):
    """Serves the repository's files, and says nothing of it."""

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class names it so
        """Nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the page is; localhost is a secure context."""
    handler = partial(Quiet, directory=str(REPOSITORY))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_address[1]}/{PAGE}"
        server.shutdown()


@pytest.mark.parametrize("standard", [True, False], ids=["standard", "older-chromium"])
def test_frames_decode_with_the_key_and_not_without(address: str, standard: bool) -> None:
    with browser({}, more=ALONE) as driver:
        _connect(driver, address, standard)
        arrived = _until(driver, lambda seen: seen["packets"] > 100)
        assert arrived["frames"] == 0
        assert arrived["width"] == 0
        assert arrived["energy"] == 0

        script(driver, "room.meet()")
        shown = _until(driver, lambda seen: seen["frames"] > 20 and seen["energy"] > 0 and seen["width"] > 0)
        assert shown["dropped"]["bob 1"]["key"] > 0

        opus, vp8 = script(driver, "return room.codecs()")
        assert opus.startswith("audio/opus")
        assert {"useinbandfec=1", "usedtx=0", "cbr=1"} <= set(opus.split()[1].split(";"))
        assert vp8.startswith("video/VP8")


def test_frames_go_on_when_somebody_else_leaves_and_on_a_new_connection(address: str) -> None:
    with browser({}, more=ALONE) as driver:
        _connect(driver, address)
        script(driver, "room.meet()")
        _until(driver, lambda seen: seen["frames"] > 10)

        script(driver, "room.left('cid')")
        time.sleep(2.5)  # the new key is used after a little more than a second
        before = _seen(driver)["frames"]
        _until(driver, lambda seen: seen["frames"] > before + 25)

        script(driver, "return room.again()")
        _until(driver, lambda seen: seen["frames"] > 25)  # the new connection counts from zero


def test_whoever_has_left_sees_nothing_more(address: str) -> None:
    with browser({}, more=ALONE) as driver:
        _connect(driver, address)
        script(driver, "room.meet()")
        _until(driver, lambda seen: seen["frames"] > 10)

        script(driver, "room.left('bob')")
        time.sleep(2.5)
        before = _seen(driver)
        after = _until(driver, lambda seen: seen["packets"] > before["packets"] + 100)
        assert after["frames"] == before["frames"]


def _connect(driver: Driver, address: str, standard: bool = True) -> None:
    """Ann sends and Bob receives; a click first, without which no browser makes a sound."""
    driver.get(address)
    one(driver, "button").click()
    module = f"import('./frames.js').then(({{ connect }}) => connect({str(standard).lower()}))"
    script(driver, f"return {module}.then((room) => {{ window.room = room; }})")


def _seen(driver: Driver) -> dict[str, Any]:
    seen: dict[str, Any] = script(driver, "return room.seen()")
    return seen


def _until(driver: Driver, enough: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What Bob has seen once it is enough."""
    deadline = time.monotonic() + WAIT_S
    while not enough(seen := _seen(driver)):
        assert time.monotonic() < deadline, (seen, driver.get_log("browser"))  # type: ignore[no-untyped-call]
        time.sleep(0.2)
    return seen
