"""When a box may restart by itself."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ota.window import Window, may_restart

MADRID = ZoneInfo("Europe/Madrid")
NIGHT = Window(3, 5)


def at(hour: int, minute: int = 0, day: int = 22) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=MADRID)


@pytest.mark.parametrize(
    ("window", "inside", "outside"),
    [
        (NIGHT, [3, 4], [0, 2, 5, 12, 23]),
        (Window(22, 2), [22, 23, 0, 1], [2, 3, 21]),
        (Window(0, 6), [0, 5], [6, 23]),
        (Window(4, 4), [0, 3, 4, 5, 23], []),
    ],
)
def test_it_is_open_in_its_hours_only(window: Window, inside: list[int], outside: list[int]) -> None:
    assert all(window.is_open(at(hour, 59)) for hour in inside)
    assert not any(window.is_open(at(hour)) for hour in outside)


def test_never_in_a_call() -> None:
    assert may_restart(at(4), NIGHT, in_call=False)
    assert not may_restart(at(4), NIGHT, in_call=True)
    assert not may_restart(at(12), NIGHT, in_call=False)


def test_the_next_opening_is_today_tomorrow_or_now() -> None:
    assert NIGHT.next_opening(at(1, 30)) == at(3)
    assert NIGHT.next_opening(at(5)) == at(3, day=23)
    assert NIGHT.next_opening(at(4, 10)) == at(4, 10)
    assert Window(22, 2).next_opening(at(3)) == at(22)


def test_the_hours_are_the_walls_also_when_the_clocks_change() -> None:
    before = datetime(2026, 3, 28, 6, tzinfo=MADRID)  # the clocks go forward at 2 in the night that follows
    opening = NIGHT.next_opening(before)
    assert (opening.day, opening.hour) == (29, 3)
    assert NIGHT.is_open(opening)
