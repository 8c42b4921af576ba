"""What the core does by the clock: answer the watchdog, follow the addresses and the disk, throw away what is old."""

import asyncio
import logging
from time import CLOCK_BOOTTIME, clock_gettime, monotonic

from systemd import daemon

from appliance.core.context import Context
from appliance.model import ParlorError
from appliance.system import data_disk, facts, units
from appliance.system.xmpp_server import XmppServer
from ota.rauc import NoSlots

log = logging.getLogger(__name__)

TICK_S = 10.0
REFRESH_S = 30.0
DAY_S = 86400.0
# A disk that cannot be mended may have the box restart once in this time, and no more often.
MENDING_S = 3600.0


async def answer_watchdog() -> None:
    """Tell systemd that the loop turns, also while a long apply holds the settings."""
    while True:
        daemon.notify("WATCHDOG=1")
        await asyncio.sleep(TICK_S)


async def upkeep(context: Context) -> None:
    """Run for as long as the core does."""
    swept = monotonic()
    while True:
        await asyncio.sleep(REFRESH_S)
        try:
            await context.owner.refresh()
            if monotonic() - swept >= DAY_S:
                swept = monotonic()
                await sweep(context)
        except (ParlorError, OSError) as error:
            log.error("upkeep: %s", error)


async def follow_updates(context: Context) -> None:
    """Do what updates need by themselves; a box without slots only tidies up after proofs."""
    while True:
        try:
            await context.proof.tidy()
            await context.updates.tick()
        except NoSlots:
            pass  # a container, or RAUC restarts
        except (ParlorError, OSError) as error:
            log.error("updates: %s", error)
        await asyncio.sleep(REFRESH_S)


async def follow_disk(context: Context) -> None:
    """Restart a machine on which the kernel has found `/data` damaged, since only a start can mend it.

    Until then nothing can be written (`errors=remount-ro`): nobody gets a message. A container's disk is its host's.
    """
    while not facts.is_container():
        await asyncio.sleep(REFRESH_S)
        try:
            if needs_mending(context):
                log.error("the kernel has found /data damaged; restarting, so that it is mended")
                await units.reboot()
        except (ParlorError, OSError) as error:
            log.error("disk: %s", error)


def needs_mending(context: Context) -> bool:
    """Whether to restart now for the sake of the disk: it is damaged, and nobody is disturbed."""
    long_ago = clock_gettime(CLOCK_BOOTTIME) >= MENDING_S
    return long_ago and data_disk.errors() > 0 and context.updates.may_be_interrupted


async def sweep(context: Context) -> None:
    """Throw away what is older than the settings keep."""
    settings = context.owner.settings
    if not settings.claimed:
        return
    server = XmppServer(settings.domain.name)
    await server.forget_old_invitations()
    if settings.history.keep_days:
        await server.delete_old_messages(settings.history.keep_days)
