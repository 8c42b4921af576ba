"""At each start of a machine: keep what runs, or go back. `python3 -m ota.confirm`, in `parlor-confirm.service`.

A version that runs for the first time is used as people use it (the core does that, `POST /v1/update/proof`) and kept
only when all of it works; else its slot is marked bad, the reason noted, and the machine restarts into the old one. On
every other start the slot is marked good as soon as the box is well, so that the boot loader's count of tries begins
anew; a service that fails by then is no reason to go back to an older version, which would only fail as well.
"""

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.client import Client
from appliance.model import ParlorError, Unavailable
from appliance.settings import N_
from appliance.system import units
from ota import state
from ota.rauc import Mark, Rauc, Slot
from ota.state import Outcome, State

log = logging.getLogger("confirm")

CORE_S = 300.0  # for the core to answer at all
PROOF_S = 660.0  # a little more than the core takes at most; with the start less than the deadline
WELL_S = 180.0
STEP_S = 1.0
MARKS = 6  # the boot partition may be late
MARK_PAUSE_S = 10.0

NO_OTHER = N_("The new version does not work as it should, and there is no older one to go back to: %(why)s")


@dataclass(frozen=True)
class Confirmation:
    """What it works with. `restart` restarts the machine; `pause_s` is the time between two questions, in seconds."""

    rauc: Rauc
    client: Client
    folder: Path = state.FOLDER
    boot_mark: Path = state.BOOT_MARK
    restart: Callable[[], Any] = units.reboot
    core_s: float = CORE_S
    proof_s: float = PROOF_S
    well_s: float = WELL_S
    pause_s: float = STEP_S

    async def run(self) -> None:
        """Judge what runs. Raises `ParlorError` when RAUC or the boot loader does not do its part."""
        slots = await self.rauc.slots()
        booted = next((slot for slot in slots if slot.booted), None)
        if booted is None:
            log.info("it does not run from a slot")
            return
        mark = state.boot_mark(self.boot_mark)
        after = self._change(lambda now: state.settled(now, booted.bootname, mark))
        if state.on_trial(after, booted.bootname):
            await self._try(slots)
        else:
            await self._wait_until_well()
            await self._keep()

    async def _try(self, slots: tuple[Slot, ...]) -> None:
        """Keep a new version if it works, go back if not."""
        failure = await self._prove()
        if failure is None:
            await self._keep()
            self._change(lambda now: state.ended(now, Outcome.GOOD))
            log.info("the new version is kept")
        elif any(slot.good and not slot.booted for slot in slots):
            log.error("the new version is not kept: %s", failure)
            await self._mark(
                Mark.BAD
            )  # first: a power cut before this leaves it on trial, one after it loses the reason
            self._change(lambda now: state.failed(now, failure, again=False))
            await self.restart()
        else:
            log.error("the new version stays for want of another: %s", failure)
            await self._keep()
            trouble = ParlorError(NO_OTHER, why=str(failure))
            self._change(lambda now: state.failed(now, trouble, again=False))

    async def _prove(self) -> ParlorError | None:
        """What does not work; None when everything does."""
        try:
            job = await self._ask_core("POST", "/v1/update/proof")
            deadline = time.monotonic() + self.proof_s
            while job["state"] == "running":
                if time.monotonic() > deadline:
                    return Unavailable(N_("The trial of the new version did not come to an end."))
                await asyncio.sleep(self.pause_s)
                job = await self._ask_core("GET", f"/v1/jobs/{job['id']}")
        except ParlorError as error:
            return error
        said = job["error"]
        return ParlorError(said["template"], **said["params"]) if said else None

    async def _ask_core(self, method: str, path: str) -> Any:
        """Call the core, which may still start. Raises `ParlorError`."""
        deadline = time.monotonic() + self.core_s
        while True:
            try:
                return await asyncio.to_thread(self.client.call, method, path)
            except Unavailable:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(self.pause_s)

    async def _wait_until_well(self) -> None:
        deadline = time.monotonic() + self.well_s
        while time.monotonic() < deadline:
            try:
                if (await asyncio.to_thread(self.client.call, "GET", "/v1/status"))["healthy"]:
                    return
            except ParlorError as error:
                log.info("%s", error)
            await asyncio.sleep(self.pause_s)
        log.warning("not everything works, but this version worked before: it is kept")

    def _change(self, make: Callable[[State], State]) -> State:
        return state.change_and_tell(make, self.folder)

    async def _keep(self) -> None:
        await self._mark(Mark.GOOD)

    async def _mark(self, mark: Mark) -> None:
        for left in reversed(range(MARKS)):
            try:
                await self.rauc.mark(mark)
            except ParlorError:
                if not left:
                    raise
                await asyncio.sleep(self.pause_s * MARK_PAUSE_S)
            else:
                return


def main() -> int:
    """0 when the slot was judged; 1 when it could not be, and the boot loader counts one try less."""
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    try:
        asyncio.run(Confirmation(Rauc(), Client()).run())
    except ParlorError as error:
        log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
