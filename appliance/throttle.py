"""Pace for guesses: after a few wrong tries a key waits, twice as long each time, never for ever."""

import math
from collections.abc import Callable
from time import monotonic

from appliance.model import TooMany
from appliance.settings import N_

FREE_TRIES = 5
LONGEST_S = 30.0  # short, so that a flood of guesses cannot keep the owner out
_KEYS = 10_000  # remembered at most; the oldest are forgotten first


class Throttle:
    """Counts wrong tries for each key (an address, a name)."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._wrong: dict[str, tuple[int, float]] = {}  # key → (wrong tries, when the next may come)

    def check(self, *keys: str) -> None:
        """Raise `TooMany` with the seconds to wait when one of the keys must wait."""
        wait = max((self._wrong[key][1] for key in keys if key in self._wrong), default=0.0) - self._clock()
        if wait > 0:
            raise TooMany(N_("Too many wrong tries. Wait %(retry_s)s seconds."), retry_s=math.ceil(wait))

    def wrong(self, *keys: str) -> None:
        """Note a wrong try."""
        for key in keys:
            count = self._wrong.pop(key, (0, 0.0))[0] + 1
            delay = min(LONGEST_S, 2.0 ** (count - FREE_TRIES)) if count >= FREE_TRIES else 0.0
            self._wrong[key] = (count, self._clock() + delay)
        while len(self._wrong) > _KEYS:
            del self._wrong[next(iter(self._wrong))]

    def right(self, *keys: str) -> None:
        """A right answer clears its keys."""
        for key in keys:
            self._wrong.pop(key, None)
