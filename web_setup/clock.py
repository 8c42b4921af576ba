"""Moments on the clock of the box: as a person types them, and in words.

The box's own time zone, since a browser's form tells a clock's time without saying whose (HTML, local date and time).
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name
from flask_babel import format_date, format_time, get_locale

from web_setup import visitor


def parse(text: str) -> int | None:
    """Seconds since 1970 of what stands in a date-and-time field; nothing typed is nothing.

    Raises `ValueError`, also for a time that names a zone of its own.
    """
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None or len(text) <= len("2026-01-31") or not 2000 <= moment.year < 2100:
        raise ValueError(f"no local date and time of this century: {text[:40]!r}")
    return int(moment.replace(tzinfo=_zone()).timestamp())


def typed(seconds: int | None) -> str:
    """A moment as such a field wants it, to the minute."""
    return "" if seconds is None else _here(seconds).strftime("%Y-%m-%dT%H:%M")


def words(seconds: int) -> str:
    """A moment in words, in the reader's language, on the box's clock."""
    moment = _here(seconds)
    return f"{format_date(moment, 'full', rebase=False)}, {format_time(moment, 'short', rebase=False)}"


def zone_words() -> str:
    """Whose clock it is: “Central European Time”."""
    return str(get_timezone_name(_zone(), locale=get_locale()))


def _zone() -> ZoneInfo:
    return ZoneInfo(visitor.box().time_zone)


def _here(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, _zone())
