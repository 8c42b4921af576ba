"""How far the start of a machine is, a container or a virtual one."""

import time
from collections.abc import Sequence
from typing import Protocol

from image.process import Argument, Finished

POLL_S = 0.05
FINAL = ("running", "degraded", "maintenance", "stopping")


class Machine(Protocol):
    """What runs systemd."""

    @property
    def running(self) -> bool:
        """Whether it is switched on."""

    def run(self, argv: Sequence[Argument], *, check: bool, timeout_s: float) -> Finished:
        """Run a program in it."""


def final_state(machine: Machine, deadline: float) -> str:
    """systemd's own word for how far it is, once that is final or at `deadline` (monotonic seconds); or "off"."""
    state = "silent"
    while machine.running and (left_s := deadline - time.monotonic()) > 0:
        asked = machine.run(["systemctl", "is-system-running", "--wait"], check=False, timeout_s=left_s)
        state = asked.stdout.strip() or state
        if state in FINAL:
            break
        time.sleep(POLL_S)  # It does not answer yet.
    return state if machine.running else "off"
