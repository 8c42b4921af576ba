"""systemd's units, through `systemctl`, which waits for the job and not just for the call."""

import contextlib
import signal
from collections.abc import Iterable
from dataclasses import dataclass

from appliance.system.process import ProgramFailed, run, run_and_wait


@dataclass(frozen=True)
class UnitState:
    """What systemd says of a unit: `active` is ActiveState, `condition` whether its conditions held."""

    active: str
    result: str
    condition: bool
    restarts: int
    pid: int


RESTARTS = 3  # a daemon may miss one start on a busy machine


async def act(verb: str, unit: str) -> None:
    """Stop, reload or restart a unit and wait for its job. Raises `ProgramFailed` when it does not work out."""
    for left in reversed(range(RESTARTS if verb == "restart" else 1)):
        try:
            await _act(verb, unit)
        except ProgramFailed:
            if not left:
                raise
        else:
            return


async def _act(verb: str, unit: str) -> None:
    if verb == "restart":
        with contextlib.suppress(ProgramFailed):  # systemd knows nothing yet of a unit that never ran
            await run(["systemctl", "reset-failed", unit])
    await run(["systemctl", verb, unit], timeout_s=600)  # the unit's own limits come first


def start(unit: str) -> None:
    """Start a unit and wait until it has started, or for a oneshot until it has ended. Raises `ProgramFailed`."""
    run_and_wait(["systemctl", "start", unit], timeout_s=1800)


async def run_once(unit: str, timeout_s: float) -> None:
    """Run a oneshot to its end. Raises `ProgramFailed` when it failed, `TimeoutError`."""
    await run(["systemctl", "start", unit], timeout_s=timeout_s)


async def reboot() -> None:
    """Have the machine restart itself; returns before it does."""
    try:
        await run(["systemctl", "reboot", "--no-block"])
    except ProgramFailed as error:
        if error.returncode != -signal.SIGTERM:  # That is the restart: it ends us, and what we have started.
            raise


async def states(units: Iterable[str]) -> dict[str, UnitState]:
    """The state of each unit, in one call."""
    wanted = list(units)
    out = await run(
        ["systemctl", "show", "--property=Id,ActiveState,Result,ConditionResult,NRestarts,MainPID", *wanted]
    )
    blocks = (dict(line.split("=", 1) for line in block.splitlines()) for block in out.strip().split("\n\n"))
    return {
        unit: UnitState(
            block["ActiveState"],
            block.get("Result", ""),
            block["ConditionResult"] == "yes",
            int(block.get("NRestarts", 0)),
            int(block.get("MainPID", 0)),
        )
        for unit, block in zip(wanted, blocks, strict=True)
    }
