"""The rooms' daemon: `python3 -m appliance.rooms`."""

import asyncio
import logging
import os
import signal
import sys

from aiohttp import web
from systemd import daemon

from appliance.model import ROOMS_SOCKET
from appliance.rooms import config
from appliance.rooms.config import Config
from appliance.rooms.hall import Hall
from appliance.rooms.rules import Registry
from appliance.rooms.socket import Doorway

WATCHDOG_S = 10.0


async def health(_request: web.Request) -> web.Response:
    """The daemon's loop turns."""
    return web.json_response({})


def public_application(hall: Hall) -> web.Application:
    """What nginx lets browsers and applications reach."""
    app = web.Application()
    app.router.add_get("/rooms/socket", Doorway(hall).handle)
    app.router.add_get("/health", health)
    return app


async def serve(settings: Config) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    hall = Hall(Registry(settings), settings.janus)
    runner = web.AppRunner(public_application(hall), access_log=None, shutdown_timeout=2)
    await runner.setup()
    ROOMS_SOCKET.unlink(missing_ok=True)
    await web.UnixSite(runner, str(ROOMS_SOCKET)).start()
    ROOMS_SOCKET.chmod(0o666)  # its folder lets nginx and root in
    tasks = [asyncio.create_task(hall.run()), asyncio.create_task(answer_watchdog())]
    daemon.notify("READY=1")
    ended = asyncio.create_task(stop.wait())
    await asyncio.wait([ended, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if task.done():
            await task  # what ended by itself says why
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await runner.cleanup()


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
