"""The WebSocket of a browser: `GET /rooms/socket`."""

import asyncio
import gettext
import json
import logging
import time
from collections import Counter
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network, ip_address
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from appliance.rooms import messages as m
from appliance.rooms import words
from appliance.rooms.hall import ENDED, REFUSED, Hall, Place
from appliance.rooms.rules import Refused
from appliance.rooms.visitor import Message
from appliance.rooms.words import WORDS, Why

log = logging.getLogger(__name__)

HELLO_S = 15.0
HEARTBEAT_S = 15.0
QUEUED = 2000  # messages for a browser that does not read
LARGEST_CROWD = 2000  # sockets altogether
FROM_ONE_PLACE = 300  # of them from one address: an office's whole audience may sit behind one
BURST, PER_SECOND = 150.0, 30.0
TRANSLATIONS = Path("/usr/lib/parlor/web_setup/translations")


class Pace:
    """A token bucket: so many messages at once, so many a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = BURST
        self._at = clock()

    def take(self) -> bool:
        """Whether one more is fine."""
        now = self._clock()
        self._left = min(BURST, self._left + (now - self._at) * PER_SECOND)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Browser:
    """One socket; implements `hall.Connection`."""

    def __init__(self, socket: web.WebSocketResponse, address: str, host: str, language: str) -> None:
        self.address = address
        self.host = host
        self._socket = socket
        self._say_in = gettext.translation("messages", TRANSLATIONS, [language], fallback=True).gettext
        self._queue: asyncio.Queue[Message | int] = asyncio.Queue(QUEUED)

    def say(self, message: Message) -> None:
        """Send a message; never waits. Who does not read for so long is cut off."""
        if message["is"] == "sorry":
            message = message | {"message": self._say_in(message["message"])}
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self._cut()

    def part(self, why: Why, refused: bool) -> None:
        """Say why, and close."""
        kind, code = ("refused", REFUSED) if refused else ("ended", ENDED)
        self.say({"is": kind, "why": why.value, "message": self._say_in(WORDS[why])})
        try:
            self._queue.put_nowait(code)
        except asyncio.QueueFull:
            self._cut()

    async def write(self) -> None:
        """Send what is queued, until the socket is closed."""
        while not self._socket.closed:
            item = await self._queue.get()
            if isinstance(item, int):
                await self._socket.close(code=item)
                return
            await self._socket.send_str(json.dumps(item, ensure_ascii=False, separators=(",", ":")))

    def _cut(self) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(1008)


class Doorway:
    """Takes sockets in for a hall."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._crowd: Counter[str] = Counter()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one browser for as long as it stays."""
        if not _is_own_page(request):
            raise web.HTTPForbidden
        place = neighbourhood(request.headers.get("X-Forwarded-For", ""))
        if self._crowd.total() >= LARGEST_CROWD or self._crowd[place] >= FROM_ONE_PLACE:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=m.LONGEST, compress=False)
        await socket.prepare(request)
        self._crowd[place] += 1
        host = urlsplit(f"//{request.host}").hostname or ""
        browser = Browser(socket, place, f"[{host}]" if ":" in host else host, request.query.get("language", "en")[:8])
        writing = asyncio.create_task(browser.write())
        try:
            await self._serve(socket, browser)
        finally:
            self._crowd[place] -= 1
            if self._crowd[place] <= 0:
                del self._crowd[place]
            await _finish(writing)
        return socket

    async def _serve(self, socket: web.WebSocketResponse, browser: Browser) -> None:
        entered = await self._greet(socket, browser)
        if entered is None:
            return
        place, identity = entered
        pace = Pace()
        try:
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT:
                    break
                if not await self._take(place, identity, browser, frame.data, pace):
                    break
        finally:
            self._hall.gone(place, identity, browser)

    async def _greet(self, socket: web.WebSocketResponse, browser: Browser) -> tuple[Place, str] | None:
        try:
            frame = await asyncio.wait_for(socket.receive(), HELLO_S)
            hello = m.parse(frame.data if frame.type is WSMsgType.TEXT else "")
            if not isinstance(hello, m.Hello):
                raise m.NotUnderstood
            return self._hall.hello(browser, hello)
        except Refused as refused:
            browser.part(refused.why, refused=True)
        except m.NotUnderstood:
            browser.part(Why.INVALID, refused=True)
        except TimeoutError:
            await socket.close(code=1008)
        return None

    async def _take(self, place: Place, identity: str, browser: Browser, text: str, pace: Pace) -> bool:
        """Take one message; whether more are welcome."""
        if not pace.take():
            browser.say({"is": "sorry", "to": "", "message": words.TOO_FAST})
            return True
        try:
            message = m.parse(text)
        except m.NotUnderstood:
            browser.say({"is": "sorry", "to": "", "message": words.NOT_UNDERSTOOD})
            return True
        if isinstance(message, m.Simple) and message.do == "leave":
            self._hall.leave(place, identity)
            return False
        await self._hall.hear(place, identity, message)
        return True


def neighbourhood(address: str) -> str:
    """What of an address tells one house from another: all of IPv4, the first 56 bits of IPv6 (RFC 6177)."""
    try:
        ip = ip_address(address)
    except ValueError:
        return ""
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped) if ip.ipv4_mapped else str(IPv6Network((ip, 56), strict=False))
    return address


def _is_own_page(request: web.Request) -> bool:
    """Whether the page that asks is the box's own; programs that are no browsers have no page."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


async def _finish(writing: "asyncio.Task[None]") -> None:
    """Let the last words out, then end."""
    try:
        await asyncio.wait_for(writing, 1.0)
    except (TimeoutError, ConnectionError, asyncio.CancelledError):
        writing.cancel()
