"""HTTPS to the box itself, whatever name servers say, trusting the one certificate it is known to have."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from ota.proof.task import Failed, Step, Task

TIMEOUT_S = 60
_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME: a certificate that ended is not the new version's fault


def tls(task: Task) -> ssl.SSLContext:
    """Trust the box's own certificate and nothing else, for the names that are in it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME
    context.load_verify_locations(cadata=task.certificate)
    return context


@asynccontextmanager
async def browser(task: Task) -> AsyncIterator[aiohttp.ClientSession]:
    """A web client for which every name is this box."""
    connector = aiohttp.TCPConnector(ssl=tls(task), resolver=_Here(task.address))
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session:
        yield session


class _Here(aiohttp.abc.AbstractResolver):
    def __init__(self, address: str) -> None:
        self._address = address

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[Any]:
        return [{"hostname": host, "host": self._address, "port": port, "family": 2, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        return None


async def open_pages(task: Task) -> None:
    """Open the box's first page and what it leads to. Raises `Failed`."""
    try:
        async with browser(task) as session, session.get(f"https://{task.host}/") as answer:
            text = await answer.text()
            if answer.status != 200 or "<main" not in text:
                raise Failed(Step.PAGES, f"HTTP {answer.status}")
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise Failed(Step.PAGES, str(error) or type(error).__name__) from error
