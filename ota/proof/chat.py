"""Chat as a phone does: log in twice, send a message from one to the other, send a file and fetch it again."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slixmpp import ClientXMPP
from slixmpp.exceptions import IqError, IqTimeout

from ota.proof.task import Failed, Step, Task
from ota.proof.web import browser, tls

WAIT_S = 60.0
FILE_BYTES = 100_000


class Phone(ClientXMPP):  # type: ignore[misc]
    """One device of the account made for the proof."""

    def __init__(self, task: Task) -> None:
        # A mechanism without channel binding: slixmpp's is not for TLS 1.3.
        resource = f"proof-{secrets.token_hex(4)}"
        super().__init__(f"{task.name}@{task.domain}/{resource}", task.password, sasl_mech="SCRAM-SHA-256")
        self.texts: asyncio.Queue[str] = asyncio.Queue()
        self.ssl_context = tls(task)
        self.enable_direct_tls = False
        for plugin in ("xep_0030", "xep_0363"):
            self.register_plugin(plugin)
        self.add_event_handler("message", lambda message: self.texts.put_nowait(str(message["body"])))

    async def log_in(self, address: str) -> None:
        """Connect, authenticate, bind, be available. Raises `Failed`."""
        started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        for event, trouble in (
            ("session_start", ""),
            ("failed_all_auth", "the password is not taken"),
            ("bind_fail", "no resource"),
            ("connection_failed", "no connection"),
        ):
            self.add_event_handler(event, lambda _, said=trouble: _settle(started, said))
        self.connect(address, 5222)
        try:
            trouble = await asyncio.wait_for(started, WAIT_S)
        except TimeoutError as error:
            raise Failed(Step.LOGIN, "no answer") from error
        if trouble:
            raise Failed(Step.LOGIN, trouble)
        self.send_presence()

    async def hear(self, text: str) -> None:
        """Wait for the message with this text. Raises `Failed`."""
        try:
            async with asyncio.timeout(WAIT_S):
                while await self.texts.get() != text:
                    pass
        except TimeoutError as error:
            raise Failed(Step.MESSAGE, "it was sent and did not arrive") from error


def _settle(started: asyncio.Future[str], trouble: str) -> None:
    if not started.done():
        started.set_result(trouble)


async def talk(task: Task) -> None:
    """A login, a message and a file. Raises `Failed`."""
    async with _phone(task) as first, _phone(task) as second:
        text = secrets.token_hex(16)
        first.send_message(mto=second.boundjid.full, mbody=text, mtype="chat")
        await second.hear(text)
        await _send_file(task, first)


@asynccontextmanager
async def _phone(task: Task) -> AsyncIterator[Phone]:
    phone = Phone(task)
    try:
        await phone.log_in(task.address)
        yield phone
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(phone.disconnect(wait=1.0), 5)


async def _send_file(task: Task, phone: Phone) -> None:
    """Upload by XEP-0363 and fetch it again."""
    content = secrets.token_bytes(FILE_BYTES)
    try:
        put, get = await _slot(task, phone)
        async with browser(task) as session:
            async with session.put(put, data=content) as answer:
                answer.raise_for_status()
            async with session.get(get) as answer:
                answer.raise_for_status()
                if await answer.read() != content:
                    raise Failed(Step.UPLOAD, "another file came back")
    except (IqError, IqTimeout, aiohttp.ClientError, OSError, TimeoutError) as error:
        raise Failed(Step.UPLOAD, _words(error)) from error


async def _slot(task: Task, phone: Phone) -> tuple[str, str]:
    kind = "application/octet-stream"
    answer: Any = await phone["xep_0363"].request_slot(task.upload_host, "proof.bin", FILE_BYTES, kind, timeout=WAIT_S)
    slot = answer["http_upload_slot"]
    return str(slot["put"]["url"]), str(slot["get"]["url"])


def _words(error: Exception) -> str:
    """Never the address of the file, which is a secret."""
    if isinstance(error, aiohttp.ClientResponseError):
        return f"HTTP {error.status}"
    return str(error.condition) if isinstance(error, IqError) else type(error).__name__
