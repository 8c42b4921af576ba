"""Real Firefox for the tests, headless, by WebDriver BiDi (w3c.github.io/webdriver-bidi), which needs no driver."""

import asyncio
import itertools
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from image.forward import free_port
from image.process import start

WAIT_S = 45.0
PREFERENCES: dict[str, object] = {
    "media.navigator.streams.fake": True,  # a moving picture and a tone
    "media.navigator.permission.disabled": True,  # the person says yes
    "media.autoplay.default": 0,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    "remote.active-protocols": 1,
}


class Firefox:
    """One window."""

    def __init__(self, loop: asyncio.AbstractEventLoop, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._loop = loop
        self._socket = socket
        self._numbers = itertools.count(1)
        self._context = ""

    def begin(self) -> None:
        """Open a session and find its window."""
        self.ask("session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})
        self._context = self.ask("browsingContext.getTree")["contexts"][0]["context"]

    def ask(self, method: str, **params: object) -> Any:
        """A command of the protocol, and its result."""
        return self._loop.run_until_complete(self._ask(method, params))

    async def _ask(self, method: str, params: dict[str, object]) -> Any:
        number = next(self._numbers)
        await self._socket.send_str(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads((await self._socket.receive(timeout=WAIT_S)).data)
            if message.get("id") == number:
                assert message["type"] == "success", message
                return message["result"]

    def get(self, url: str) -> None:
        """Open a page."""
        self.ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def run(self, expression: str) -> Any:
        """The JSON of what an expression, or its promise, comes to."""
        found = self.ask(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then((it) => JSON.stringify(it ?? null))",
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        assert found["type"] == "success", found
        return json.loads(found["result"]["value"])

    def wait(self, holds: Callable[[], object], timeout_s: float = WAIT_S) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + timeout_s
        while not holds():
            assert time.monotonic() < deadline, self.run("document.body.innerText")
            time.sleep(0.2)


@contextmanager
def firefox(address: str) -> Iterator[Firefox]:
    """A Firefox for which every name is at `address`."""
    with tempfile.TemporaryDirectory() as folder:
        preferences = PREFERENCES | {"network.dns.forceResolve": address}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items()]
        (Path(folder) / "user.js").write_text("\n".join(lines))
        port = free_port()
        command = ["firefox-esr", "--headless", "--no-remote", "--profile", folder, f"--remote-debugging-port={port}"]
        process = start([*command, "about:blank"], output=Path(folder) / "log")
        loop = asyncio.new_event_loop()
        session = loop.run_until_complete(_session())
        try:
            socket = loop.run_until_complete(_connect(session, port))
            window = Firefox(loop, socket)
            window.begin()
            yield window
            loop.run_until_complete(socket.close())
        finally:
            loop.run_until_complete(session.close())
            process.terminate()
            process.wait(20)
            loop.close()


async def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession()


async def _connect(session: aiohttp.ClientSession, port: int) -> aiohttp.ClientWebSocketResponse:
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            return await session.ws_connect(f"ws://127.0.0.1:{port}/session", max_msg_size=0)
        except aiohttp.ClientError:
            assert time.monotonic() < deadline, "Firefox does not start"
            await asyncio.sleep(0.2)
