"""The rooms' daemon: `python3 -m appliance.rooms`."""

import asyncio
import logging
import os
import signal
import sys
import time
from pathlib import Path

from aiohttp import web
from systemd import daemon

from appliance.http_api import LARGEST_BODY, errors
from appliance.model import ROOMS_INNER_SOCKET, ROOMS_SOCKET, ParlorError
from appliance.rooms import config
from appliance.rooms.api import MeetingApi
from appliance.rooms.asker import by_core, by_key
from appliance.rooms.config import Config
from appliance.rooms.hall import Hall
from appliance.rooms.meeting_store import MeetingStore
from appliance.rooms.recording_api import RecordingApi
from appliance.rooms.recordings import RecordingStore
from appliance.rooms.room import Rules
from appliance.rooms.rules import MeetingRules, Registry
from appliance.rooms.socket import Doorway
from appliance.rooms.taping import Taping
from appliance.throttle import Throttle

log = logging.getLogger("rooms")

WATCHDOG_S = 10.0
UPKEEP_S = 600.0


async def health(_request: web.Request) -> web.Response:
    """The daemon's loop turns."""
    return web.json_response({})


def public_application(hall: Hall, store: MeetingStore, settings: Config) -> web.Application:
    """What nginx lets browsers and applications reach."""
    app = web.Application(middlewares=[errors], client_max_size=LARGEST_BODY)
    app.router.add_get("/rooms/socket", Doorway(hall).handle)
    app.router.add_get("/health", health)
    app.add_routes(MeetingApi(store, hall, settings, by_key(store, Throttle())).routes())
    return app


def inner_application(hall: Hall, store: MeetingStore, recordings: RecordingStore, settings: Config) -> web.Application:
    """What the core reaches."""
    app = web.Application(middlewares=[errors], client_max_size=LARGEST_BODY)
    app.add_routes(MeetingApi(store, hall, settings, by_core).routes())
    app.add_routes(RecordingApi(recordings).routes())
    return app


def meeting_rules(store: MeetingStore, settings: Config) -> MeetingRules:
    """The rules of a meeting that is not over."""

    def rules(name: str) -> Rules | None:
        meeting = store.meetings.get(name)
        return None if meeting is None or meeting.is_over(time.time()) else meeting.rules(settings.rooms)

    return rules


async def serve(settings: Config) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    store = MeetingStore()
    recordings = RecordingStore()
    recordings.take_up()
    hall = Hall(Registry(settings, meeting_rules(store, settings)), settings.janus, Taping(recordings))
    runners = [
        await listen(public_application(hall, store, settings), ROOMS_SOCKET, 0o666),  # its folder lets nginx in
        await listen(inner_application(hall, store, recordings, settings), ROOMS_INNER_SOCKET, 0o600),
    ]
    tasks = [asyncio.create_task(work) for work in (hall.run(), answer_watchdog(), look_after(store, hall))]
    daemon.notify("READY=1")
    ended = asyncio.create_task(stop.wait())
    await asyncio.wait([ended, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if task.done():
            await task  # what ended by itself says why
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for runner in runners:
        await runner.cleanup()
    store.close()


async def listen(app: web.Application, path: Path, mode: int) -> web.AppRunner:
    """Serve an application on a Unix socket."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
    await runner.setup()
    path.unlink(missing_ok=True)  # noqa: ASYNC240 (in memory, before anybody is served)
    await web.UnixSite(runner, str(path)).start()
    path.chmod(mode)  # noqa: ASYNC240
    return runner


async def look_after(store: MeetingStore, hall: Hall) -> None:
    """Note which meetings are used, and forget those that have long been over; until cancelled."""
    while True:
        await asyncio.sleep(UPKEEP_S)
        try:
            for name in list(hall.places):
                await store.use(name)
            await store.prune()
        except ParlorError as error:
            log.warning("%s", error)


async def answer_watchdog() -> None:
    """Tell systemd that the loop turns, until cancelled."""
    while True:
        daemon.notify("WATCHDOG=1")
        await asyncio.sleep(WATCHDOG_S)


def main() -> int:
    """Run the daemon."""
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    os.umask(0o077)
    asyncio.run(serve(config.load()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
