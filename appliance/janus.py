"""Janus's API over its Unix socket: one JSON document a packet (janus.conf.meetecho.com/docs/rest.html)."""

import asyncio
import contextlib
import json
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

ANSWER_BYTES = 256 * 1024
ANSWER_S = 30.0
KEEPALIVE_S = 20.0  # a session that says nothing for 60 s ends

Document = dict[str, Any]


class JanusError(Exception):
    """Janus refused a request, or does not answer; the text is its own reason."""


class Handle:
    """One plugin handle; what Janus tells it by itself waits in `events`, or goes to `heard` if there is one."""

    def __init__(self, janus: "Janus", identity: int, heard: Callable[[Document], None] | None = None) -> None:
        self._janus = janus
        self.identity = identity
        self.events: asyncio.Queue[Document] = asyncio.Queue()
        self.hear = heard or self.events.put_nowait

    async def ask(self, body: Document, jsep: Document | None = None) -> Document:
        """Send a message to the plugin; returns its whole answer, `plugindata` and `jsep`. Raises `JanusError`."""
        request: Document = {"janus": "message", "handle_id": self.identity, "body": body}
        answer = await self._janus.ask(request | ({"jsep": jsep} if jsep else {}))
        data = answer.get("plugindata", {}).get("data", {})
        if "error" in data:
            raise JanusError(str(data["error"]))
        return answer

    async def trickle(self, candidate: Document | None) -> None:
        """Hand over a candidate of the peer, or that there are no more. Raises `JanusError`."""
        told = candidate or {"completed": True}
        await self._janus.ask({"janus": "trickle", "handle_id": self.identity, "candidate": told}, until_ack=True)

    async def detach(self) -> None:
        """Give the handle back, and with it its peer connection. Raises `JanusError`."""
        self._janus.forget(self.identity)
        await self._janus.ask({"janus": "detach", "handle_id": self.identity})


class Janus:
    """A session on an open socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._waiting: dict[str, tuple[asyncio.Future[Document], bool]] = {}
        self._handles: dict[int, Handle] = {}
        self._session = 0
        self.lost = asyncio.Event()

    async def begin(self) -> None:
        """Open the session."""
        self._session = (await self.ask({"janus": "create"}))["data"]["id"]

    async def attach(self, plugin: str, heard: Callable[[Document], None] | None = None) -> Handle:
        """A handle of a plugin. Raises `JanusError`."""
        identity = (await self.ask({"janus": "attach", "plugin": plugin}))["data"]["id"]
        self._handles[identity] = Handle(self, identity, heard)
        return self._handles[identity]

    def forget(self, identity: int) -> None:
        """Hear no more of a handle."""
        self._handles.pop(identity, None)

    async def end(self) -> None:
        """End the session, and with it every handle and call."""
        await self.ask({"janus": "destroy"})

    async def stay(self) -> None:
        """Keep the session, until cancelled. Raises `JanusError`."""
        while True:
            await asyncio.sleep(KEEPALIVE_S)
            await self.ask({"janus": "keepalive"}, until_ack=True)

    async def ask(self, request: Document, *, until_ack: bool = False) -> Document:
        """Send a request and wait for its last answer: an `ack` only says that one follows. Raises `JanusError`."""
        transaction = secrets.token_hex(8)
        answered: asyncio.Future[Document] = asyncio.get_running_loop().create_future()
        self._waiting[transaction] = answered, until_ack
        whose = {"session_id": self._session} if self._session else {}
        message = json.dumps(request | whose | {"transaction": transaction}).encode()
        try:
            await asyncio.get_running_loop().sock_sendall(self._connection, message)
            answer = await asyncio.wait_for(answered, ANSWER_S)
        except TimeoutError as error:
            raise JanusError("no answer") from error
        except OSError as error:
            raise JanusError("it is gone") from error
        finally:
            del self._waiting[transaction]
        if answer["janus"] == "error":
            raise JanusError(str(answer["error"]["reason"]))
        return answer

    async def listen(self) -> None:
        """Hand what Janus says to who waits for it, for as long as the socket is open."""
        try:
            while packet := await asyncio.get_running_loop().sock_recv(self._connection, ANSWER_BYTES):
                self._take(json.loads(packet))
        finally:
            self.lost.set()
            for answered, _ in self._waiting.values():
                if not answered.done():
                    answered.set_exception(JanusError("it is gone"))

    def _take(self, document: Document) -> None:
        answered, until_ack = self._waiting.get(document.get("transaction", ""), (None, False))
        if answered is not None and (until_ack or document["janus"] != "ack"):
            if not answered.done():
                answered.set_result(document)
        elif (handle := self._handles.get(document.get("sender", 0))) is not None:
            handle.hear(document)


@asynccontextmanager
async def session(path: str) -> AsyncIterator[Janus]:
    """A session with the Janus whose socket is at `path`. Raises `OSError`, `JanusError`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.setblocking(False)
        connection.connect(path)  # a Unix socket connects at once, or fails
        janus = Janus(connection)
        ears = asyncio.create_task(janus.listen())
        try:
            await janus.begin()
            yield janus
            await janus.end()
        finally:
            ears.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await ears
