"""When what a packet holds was heard or seen, from the time that it bears and the times at which packets came.

A sender's RTP clock is exact from packet to packet but runs at its own speed and begins anywhere; arrival is in the
box's time but late by whatever the network took. The packets that came quickest tell, every few seconds, how far apart
the two are; between them a straight line is good. So sound and picture of all people meet in the box's time.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

WINDOW_S = 10.0
PAUSE_S = 1.0  # a longer silence of a stream may be a new beginning of its clock
JUMP_S = 0.25  # offsets further apart are no drift
EARLIEST_S, LATEST_S = 3.0, 0.25  # before and after a packet came: nothing that it says of itself counts further off


@dataclass
class Clock:
    """Maps seconds of one stream's RTP clock to seconds of the box's. Take note of all packets first, then ask."""

    _times: list[float] = field(default_factory=list)
    _offsets: list[float] = field(default_factory=list)
    _first: float = 0.0  # of the present window, RTP
    _last: float = 0.0
    _came: float = 0.0
    _best: float | None = None  # the smallest offset of the present window, and where it was
    _at: float = 0.0

    def note(self, rtp: float, came: float) -> None:
        """A packet with the time `rtp` came at `came`."""
        if self._best is not None and (
            abs(rtp - self._last) > PAUSE_S or came - self._came > PAUSE_S or rtp - self._first > WINDOW_S
        ):
            self.close()
        offset = came - rtp
        if self._best is None:
            self._first, self._best, self._at = rtp, offset, rtp
        elif offset < self._best:
            self._best, self._at = offset, rtp
        self._last, self._came = rtp, came

    def close(self) -> None:
        """The window is over."""
        if self._best is None:
            return
        if self._offsets and abs(self._best - self._offsets[-1]) > JUMP_S:
            self._add(self._first, self._offsets[-1])
            self._add(self._first, self._best)
        self._add(self._at, self._best)
        self._best = None

    def _add(self, rtp: float, offset: float) -> None:
        self._times.append(max(rtp, self._times[-1]) if self._times else rtp)
        self._offsets.append(offset)

    def at(self, rtp: float, came: float) -> float:
        """The time of a packet."""
        found = rtp + self._offset(rtp)
        return min(max(found, came - EARLIEST_S), came + LATEST_S)

    def _offset(self, rtp: float) -> float:
        after = bisect_right(self._times, rtp)
        if after == 0:
            return self._offsets[0] if self._offsets else 0.0
        if after == len(self._times):
            return self._offsets[-1]
        before, following = self._times[after - 1], self._times[after]
        share = (rtp - before) / (following - before)
        return self._offsets[after - 1] + share * (self._offsets[after] - self._offsets[after - 1])
