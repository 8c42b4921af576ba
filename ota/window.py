"""May the box restart now, to start a new version? Pure: the hours that its owner chose, and never in a call."""

from dataclasses import dataclass
from datetime import datetime, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """Hours of the day, 0 to 23, on the wall's clock; past midnight when `until` is smaller; all day when equal."""

    since: int
    until: int

    def is_open(self, now: datetime) -> bool:
        """Whether the moment `now`, in the box's time zone, is inside."""
        if self.since < self.until:
            return self.since <= now.hour < self.until
        return now.hour >= self.since or now.hour < self.until

    def next_opening(self, now: datetime) -> datetime:
        """When it opens next: `now` itself while it is open."""
        if self.is_open(now):
            return now
        today = now.replace(hour=self.since, minute=0, second=0, microsecond=0)
        return today if today > now else today + DAY


def may_restart(now: datetime, window: Window, in_call: bool) -> bool:
    """Whether a restart disturbs nobody: inside the window, and no call goes on."""
    return window.is_open(now) and not in_call
