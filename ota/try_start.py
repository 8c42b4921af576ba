"""Makes the restart after an update on a Raspberry Pi the try of the new version (parlor-tryboot.service).

`stop`, while the box restarts, tells the firmware to try the slot that waits. `start` goes on to the try where the
power was cut before that restart, and writes autoboot.txt anew where it was lost.
"""

import asyncio
import re
import sys
from collections.abc import Callable, Sequence

from appliance.system.process import run, run_and_wait
from ota.tryboot import Choice, Places, armed, look, parse, read, save, write_autoboot

# What systemd-shutdown(8) hands to reboot(2): the partition (the usual one), and the flag.
TRY = "0 tryboot"


def mended(places: Places) -> Choice:
    """What is the case once autoboot.txt is ours again: without it the firmware would find nothing to try."""
    choice = look(places)
    if parse(read(places.autoboot)) is not None:
        return choice
    write_autoboot(places.autoboot, choice.running)  # What runs is known to start.
    return look(places)


def start(places: Places, restart: Callable[[], object]) -> None:
    """Early in a start: go on to a version that waits to be tried."""
    choice = mended(places)
    if choice.waiting:
        arm(places, choice)
        restart()


def stop(places: Places) -> None:
    """Late in a run: let a restart be the try of a version that waits."""
    if restarting() and (choice := mended(places)).waiting:
        arm(places, choice)


def arm(places: Places, choice: Choice) -> None:
    """Let the restart that comes now be the try. The record comes first: a try that cannot be noted is not made."""
    save(places, choice, armed(choice))
    places.reboot_parameter.parent.mkdir(parents=True, exist_ok=True)
    places.reboot_parameter.write_text(TRY, encoding="ascii")


def main(arguments: Sequence[str], places: Places | None = None) -> int:
    """`start` or `stop`; returns the exit status."""
    places = places or Places()
    try:
        if list(arguments) == ["start"]:
            start(places, lambda: run_and_wait(["systemctl", "--no-block", "reboot"]))
        elif list(arguments) == ["stop"]:
            stop(places)
        else:
            raise ValueError(f"no such call: {' '.join(arguments)}")
    except (OSError, ValueError) as error:
        print(f"try_start: {error}", file=sys.stderr)
        return 1
    return 0


def restarting() -> bool:
    """Whether systemd is on its way to a restart, not to power off."""
    jobs = asyncio.run(run(["systemctl", "list-jobs", "--plain", "--no-legend"]))
    return re.search(r"\breboot\.target\s+start\b", jobs) is not None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
