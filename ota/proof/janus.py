"""Janus's API over its Unix socket: one JSON document a packet (janus.conf.meetecho.com/docs/rest.html)."""

import asyncio
import contextlib
import json
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

ANSWER_BYTES = 256 * 1024
ANSWER_S = 30.0

Document = dict[str, Any]


class JanusError(Exception):
    """Janus refused a request, or does not answer; the text is its own reason."""


class Handle:
    """One plugin handle; what Janus tells it by itself waits in `events`."""

    def __init__(self, janus: "Janus", identity: int) -> None:
        self._janus = janus
        self.identity = identity
        self.events: asyncio.Queue[Document] = asyncio.Queue()

    async def ask(self, body: Document, jsep: Document | None = None) -> Document:
        """Send a message to the plugin; returns its whole answer, `plugindata` and `jsep`. Raises `JanusError`."""
        request: Document = {"janus": "message", "handle_id": self.identity, "body": body}
        answer = await self._janus.ask(request | ({"jsep": jsep} if jsep else {}))
        data = answer.get("plugindata", {}).get("data", {})
        if "error" in data:
            raise JanusError(str(data["error"]))
        return answer


class Janus:
    """A session on an open socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._waiting: dict[str, asyncio.Future[Document]] = {}
        self._handles: dict[int, Handle] = {}
        self._session = 0

    async def begin(self) -> None:
        """Open the session."""
        self._session = (await self.ask({"janus": "create"}))["data"]["id"]

    async def attach(self, plugin: str) -> Handle:
        """A handle of a plugin."""
        identity = (await self.ask({"janus": "attach", "plugin": plugin}))["data"]["id"]
        self._handles[identity] = Handle(self, identity)
        return self._handles[identity]

    async def end(self) -> None:
        """End the session, and with it every handle and call."""
        await self.ask({"janus": "destroy"})

    async def ask(self, request: Document) -> Document:
        """Send a request and wait for its last answer: an `ack` only says that one follows. Raises `JanusError`."""
        transaction = secrets.token_hex(8)
        answered: asyncio.Future[Document] = asyncio.get_running_loop().create_future()
        self._waiting[transaction] = answered
        whose = {"session_id": self._session} if self._session else {}
        message = json.dumps(request | whose | {"transaction": transaction}).encode()
        try:
            await asyncio.get_running_loop().sock_sendall(self._connection, message)
            answer = await asyncio.wait_for(answered, ANSWER_S)
        except TimeoutError as error:
            raise JanusError("no answer") from error
        finally:
            del self._waiting[transaction]
        if answer["janus"] == "error":
            raise JanusError(str(answer["error"]["reason"]))
        return answer

    async def listen(self) -> None:
        """Hand what Janus says to who waits for it, for as long as the socket is open."""
        while packet := await asyncio.get_running_loop().sock_recv(self._connection, ANSWER_BYTES):
            document: Document = json.loads(packet)
            waiting = self._waiting.get(document.get("transaction", ""))
            if waiting is not None and document["janus"] != "ack":
                if not waiting.done():
                    waiting.set_result(document)
            elif (handle := self._handles.get(document.get("sender", 0))) is not None:
                handle.events.put_nowait(document)


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
            with contextlib.suppress(asyncio.CancelledError):
                await ears
