"""The core daemon: `python3 -m appliance.core`."""

import asyncio
import logging
import os
import pwd
import signal
import sys
from pathlib import Path

from aiohttp import web
from systemd import daemon

from appliance import setup
from appliance.core import admin_routes, care_routes, pass_routes, room_routes, routes, update_routes
from appliance.core.caller import PORTAL_USER
from appliance.core.context import CONTEXT, Context
from appliance.core.draft import Draft
from appliance.core.jobs import Jobs
from appliance.core.owner import Owner
from appliance.core.people import People
from appliance.core.proof import Proof
from appliance.core.sessions import Sessions
from appliance.core.updates import Updates
from appliance.core.upkeep import answer_watchdog, follow_disk, follow_updates, upkeep
from appliance.http_api import LARGEST_BODY, errors
from appliance.model import CORE_SOCKET, Invalid
from appliance.system import facts, store
from ota.rauc import Rauc

log = logging.getLogger("core")

PROVISIONING = Path("/boot/parlor.toml")
VERSION = Path("/usr/lib/parlor/version")


def compose() -> Context:
    """Put the core together from what is on the disk."""
    owner = Owner(store.load())
    sessions = Sessions(store.FOLDER / "sessions.json")
    jobs = Jobs()
    version = VERSION.read_text().strip()
    # On a machine, a call starts RAUC; a container has none, unless somebody put one there.
    rauc = Rauc(autostart=not facts.is_container())
    return Context(
        owner=owner,
        sessions=sessions,
        people=People(owner, sessions),
        draft=Draft(store.FOLDER / "draft.json"),
        version=version,
        updates=Updates(owner, jobs, version, rauc),
        proof=Proof(owner, jobs),
        jobs=jobs,
    )


def application(context: Context) -> web.Application:
    """The local API."""
    app = web.Application(middlewares=[errors], client_max_size=LARGEST_BODY)
    app[CONTEXT] = context
    app.add_routes(routes.routes)
    app.add_routes(admin_routes.routes)
    app.add_routes(care_routes.routes)
    app.add_routes(update_routes.routes)
    app.add_routes(pass_routes.routes)
    app.add_routes(room_routes.routes)
    return app


def provision(context: Context, path: Path = PROVISIONING) -> None:
    """Set a fresh box up from the file on its boot partition, if there is one."""
    if context.owner.settings.claimed or not path.is_file():
        return
    try:
        routes.begin_setup(context, setup.parse_toml(path.read_bytes()))
    except Invalid as error:
        words = "; ".join(f"{problem.key}: {problem.message}" for problem in error.problems)
        context.provisioning_error = f"{error} {words}".strip()
        log.warning("%s", context.provisioning_error)


async def serve(context: Context) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(application(context), access_log=None, shutdown_timeout=2)
    await runner.setup()
    CORE_SOCKET.unlink(missing_ok=True)
    await web.UnixSite(runner, str(CORE_SOCKET)).start()
    os.chown(CORE_SOCKET, 0, pwd.getpwnam(PORTAL_USER).pw_gid)
    CORE_SOCKET.chmod(0o660)
    provision(context)
    daemon.notify("READY=1")
    tasks = [
        asyncio.create_task(answer_watchdog()),
        asyncio.create_task(upkeep(context)),
        asyncio.create_task(follow_updates(context)),
        asyncio.create_task(follow_disk(context)),
    ]
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await runner.cleanup()


def main() -> int:
    """Run the core."""
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    os.umask(0o077)
    asyncio.run(serve(compose()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
