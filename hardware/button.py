"""A button for the factory reset, between a GPIO of a Raspberry Pi and ground: `python3 -m hardware.button`.

The pin is asked for by its name in the device tree (GPIO17), whichever chip it is on: a Raspberry Pi 5 has another one
than a Raspberry Pi 4. libgpiod's own programs do that through the kernel's character device (gpiomon(1), gpioget(1)),
since no Python library in Debian 13 that could do it works with Debian's kernel.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Iterable
from typing import Protocol

from appliance.system import erase, units
from appliance.system.process import run

log = logging.getLogger("button")

HOLD_S = 10.0
LOOK_S = 0.25
_FOR_EVER_S = 10 * 365 * 86400.0


class Button(Protocol):
    """Something that a person presses."""

    async def pressed(self) -> None:
        """Wait until it goes down."""

    async def is_down(self) -> bool:
        """Whether it is down now."""


class GpioButton:
    """A button to ground at a GPIO, which the chip pulls up while nobody presses."""

    def __init__(self, pin: int) -> None:
        self._line = f"GPIO{pin}"

    async def pressed(self) -> None:
        """Wait for the falling edge. Raises `ProgramFailed` where there is no such pin."""
        await run(["gpiomon", "--num-events=1", "--bias=pull-up", "--edges=falling", self._line], timeout_s=_FOR_EVER_S)

    async def is_down(self) -> bool:
        """Whether the pin is at ground."""
        level = await run(["gpioget", "--numeric", "--bias=pull-up", self._line])
        return level.strip() == "0"


class FakeButton:
    """A button whose presses are told before: each a number of looks for which it stays down."""

    def __init__(self, presses: Iterable[int]) -> None:
        self._presses = iter(presses)
        self._left = 0

    async def pressed(self) -> None:
        """Begin with the next press; without one, nobody ever presses again."""
        await asyncio.sleep(0)
        try:
            self._left = next(self._presses)
        except StopIteration:
            await asyncio.Event().wait()

    async def is_down(self) -> bool:
        """Down, for as many looks as were told."""
        await asyncio.sleep(0)
        self._left -= 1
        return self._left >= 0


async def await_long_press(button: Button, hold_s: float = HOLD_S, look_s: float = LOOK_S) -> None:
    """Wait until the button was down for `hold_s` seconds without a break, looked at every `look_s` seconds.

    A single look that finds it up ends the press: nothing is erased by a contact that bounces or a cable that sparks.
    """
    looks = round(hold_s / look_s)
    while True:
        await button.pressed()
        for _ in range(looks):
            await asyncio.sleep(look_s)
            if not await button.is_down():
                break
        else:
            return


async def _serve(button: Button) -> None:
    await await_long_press(button)
    log.warning("The button was held for %s seconds: factory reset.", HOLD_S)
    erase.ask()
    await units.reboot()


def main() -> int:
    """Wait for the long press, then erase and restart."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    asyncio.run(_serve(GpioButton(int(os.environ["PIN"]))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
