"""Run ejabberd's commands over its Unix socket (docs.ejabberd.im/developer/ejabberd-api/)."""

import asyncio
import json
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from appliance.model import XMPP_API_SOCKET, ParlorError, Unavailable
from appliance.settings import N_

log = logging.getLogger(__name__)

VERSION = "v3"  # of the commands' arguments and results
TIMEOUT_S = 30.0

# Its listener closes for a moment while it reads its configuration again.
AWAY_S = 5.0
AWAY_STEP_S = 0.2


class CommandRefused(ParlorError):
    """ejabberd did not do as told; `reply` holds its own words."""

    def __init__(self, command: str, status: int, reply: str) -> None:
        super().__init__(N_("The chat server refused “%(command)s”: %(reply)s"), command=command, reply=reply)
        self.http_status = status
        self.reply = reply


@dataclass(frozen=True)
class XmppApi:
    """The commands of one ejabberd; arguments travel in the body, never in a URL."""

    socket: Path = XMPP_API_SOCKET

    async def call(self, command: str, **arguments: Any) -> Any:
        """Run a command; returns its result as JSON.

        Raises `CommandRefused` for an answer other than 200, `Unavailable` without an answer.
        """
        try:
            status, text = await self._post(f"http://localhost/api/{command}/{VERSION}", arguments)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.warning("ejabberd does not answer %s: %r", command, error)
            raise Unavailable(N_("The chat server does not answer. Try again in a moment.")) from error
        if status != 200:
            raise CommandRefused(command, status, _words(text))
        return json.loads(text)

    async def _post(self, url: str, arguments: dict[str, Any]) -> tuple[int, str]:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        until = time.monotonic() + AWAY_S
        while True:
            connector = aiohttp.UnixConnector(path=str(self.socket))
            try:
                async with (
                    aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
                    session.post(url, json=arguments) as response,
                ):
                    return response.status, await response.text()
            except aiohttp.ClientConnectorError:
                # Nothing was sent. The folder is there exactly while ejabberd's service is.
                if time.monotonic() > until or not self.socket.parent.exists():
                    raise
            await asyncio.sleep(AWAY_STEP_S)


def _words(text: str) -> str:
    """What ejabberd says in an error: a JSON object with `message`, or a JSON string."""
    try:
        document = json.loads(text)
    except ValueError:
        return text.strip()
    return str(document.get("message", document)) if isinstance(document, dict) else str(document)
