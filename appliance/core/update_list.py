"""The list of releases that a server offers: fetched by a sandboxed program, verified here, remembered on /data."""

import datetime as dt
import json
import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.core.owner import Owner
from appliance.model import RUN, ParlorError, Unavailable
from appliance.settings import N_
from appliance.system import files, units
from ota import index, signature, state
from ota.state import State

log = logging.getLogger(__name__)

UNIT = "parlor-update-fetch.service"
UNIT_S = 100.0
REQUEST = RUN / "fetch" / "request.json"  # the unit's credential
PLACE = Path("/run/parlor-fetch")
NAMED_BY_IMAGE = Path("/usr/lib/parlor/update-server")  # absent in an image that was made without one

NO_SERVER = N_("No update server is set, so the box cannot look for updates. Name one in the settings.")
WORDS = {
    "network": N_("The update server cannot be reached. Check the box's network."),
    "missing": N_("The update server has no list for this kind of box."),
    "server": N_("The update server does not work. Try again later."),
    "too-large": N_("The update server sends something that is no list of updates."),
    "too-slow": N_("The update server is too slow. Try again later."),
    "not-trusted": N_("The update server does not prove that it is itself (its certificate does not fit)."),
}


class UpdateList:
    """What the server says, as far as it could be verified."""

    def __init__(self, owner: Owner, version: str, folder: Path) -> None:
        self._owner = owner
        self._version = version
        self._folder = folder

    @property
    def server(self) -> str:
        """The folder on the web that is asked; "" when none is set."""
        return self._owner.settings.updates.server or _named_by_image()

    async def check(self, board: str) -> None:
        """Fetch the list, verify it, and remember what is new. Raises `ParlorError`; the memory is then unchanged."""
        if not self.server:
            raise Unavailable(NO_SERVER)
        channel = self._owner.settings.updates.channel.value
        url = index_url(self.server, board, channel)
        found = index.parse(await signature.verify(await _fetch(url)))
        which = f"{board}/{channel}"
        now = dt.datetime.now(dt.UTC)
        seen = state.load(self._folder).serials.get(which, 0)
        index.verify(found, board=board, channel=channel, seen=seen, now=now)
        release = index.newest(found, self._version)
        available = _document(release, url) if release else None

        def remember(kept: State) -> State:
            serials = {**kept.serials, which: max(found.serial, kept.serials.get(which, 0))}
            return replace(kept, serials=serials, available=available, checked=int(time.time()), check_problem=None)

        state.change(remember, self._folder)


def index_url(server: str, board: str, channel: str) -> str:
    """Where a server keeps the list of a board and channel."""
    return f"{server}/{channel}/{board}.cms"


def _document(release: index.Release, url: str) -> dict[str, Any]:
    return {
        "version": release.version,
        "size": release.size,
        "changes": {language: list(said) for language, said in release.changes.items()},
        "url": index.address(release, url),
    }


def _named_by_image() -> str:
    try:
        return NAMED_BY_IMAGE.read_text().strip().rstrip("/")
    except OSError:
        return ""


async def _fetch(url: str) -> bytes:
    """Have the sandboxed program fetch it. Raises `Unavailable` with one of our own sentences."""
    REQUEST.parent.mkdir(mode=0o700, exist_ok=True)
    files.write(REQUEST, json.dumps({"url": url}).encode())
    try:
        await units.run_once(UNIT, UNIT_S)
        return files.read_untrusted(PLACE / "list", index.MAX_BYTES + 65536)
    except (OSError, TimeoutError) as error:
        log.warning("%s: %s", url, error)
        raise _trouble() from error


def _trouble() -> ParlorError:
    try:
        word = files.read_untrusted(PLACE / "trouble", 64).decode("ascii", "replace")
    except OSError:
        word = ""
    return Unavailable(WORDS.get(word, WORDS["server"]))
