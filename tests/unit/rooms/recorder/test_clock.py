"""Sound and picture stay together, whatever clocks and networks do."""

import random
from pathlib import Path

import pytest

from appliance.rooms.recorder.clock import Clock
from appliance.rooms.recorder.mjr import read_head
from appliance.rooms.recorder.scan import scan
from tests.unit.rooms.recorder import janus_side as janus
from tests.unit.rooms.recorder.janus_side import Line, Sent

HOUR_S = 3600


def followed(drift: float, delay: float, jitter: float, seed: int, start: float = 5.0) -> list[float]:
    """By how much a clock is off over an hour, in seconds: a packet a tenth of a second."""
    chance, clock, sent = random.Random(seed), Clock(), []
    for number in range(HOUR_S * 10):
        at = number / 10
        sent.append((start + at * (1 + drift), at, at + delay + chance.expovariate(1 / jitter)))
    for rtp, _at, came in sent:
        clock.note(rtp, came)
    clock.close()
    return [clock.at(rtp, came) - at for rtp, at, came in sent]


def test_a_stream_whose_clock_drifts_is_in_sync_over_an_hour() -> None:
    sound = followed(drift=200e-6, delay=0.040, jitter=0.015, seed=1)
    picture = followed(drift=-150e-6, delay=0.055, jitter=0.030, seed=2)
    apart = [abs(a - b) for a, b in zip(sound, picture, strict=True)]
    assert max(apart) < 0.08


def test_a_clock_that_begins_anew_is_followed_after_a_pause() -> None:
    clock = Clock()
    first = [(100 + n / 50, n / 50) for n in range(500)]
    second = [(100.5 + n / 50, 20 + n / 50) for n in range(500)]  # 10 s passed, of which its clock saw half a second
    for rtp, came in first + [(rtp + 10, came) for rtp, came in second]:
        clock.note(rtp, came)
    clock.close()
    assert clock.at(105, 5) == pytest.approx(5, abs=0.02)
    assert clock.at(115, 24.5) == pytest.approx(24.5, abs=0.02)


def test_what_a_sender_says_of_its_time_moves_nothing_far() -> None:
    for speed in (0.0, 0.1, 40.0, 1000.0):
        clock = Clock()
        for number in range(3000):
            clock.note(number / 50 * speed, number / 50)
        clock.close()
        for number in range(3000):
            assert -3 <= clock.at(number / 50 * speed, number / 50) - number / 50 <= 0.25


def test_an_hour_of_two_streams_is_mapped_alike(tmp_path: Path) -> None:
    fast = Line(drift=100e-6, delay_s=0.03, jitter=lambda number: 0.02 * ((number * 7919) % 13) / 13)
    slow = Line(drift=-100e-6, delay_s=0.05, jitter=lambda number: 0.04 * ((number * 104729) % 17) / 17)
    times = [float(second) for second in range(HOUR_S)]
    heard = [Sent(at, round(at * 48_000 * (1 + fast.drift)), False, b"\xf8" * 40) for at in times]
    seen = [Sent(at, round(at * 90_000 * (1 + slow.drift)), True, b"\x90\x80\x80\x01" + b"\x01" * 40) for at in times]
    sound = scan(read_head(janus.write(tmp_path, 1, "microphone", heard, fast)))
    picture = scan(read_head(janus.write(tmp_path, 1, "camera", seen, slow)))
    assert sound
    assert picture
    for place, at in enumerate(times):
        a = sound.time(fast.rtp_start + heard[place].ticks, at + fast.delay_s - 0.03)
        b = picture.time(slow.rtp_start + seen[place].ticks, at + slow.delay_s - 0.05)
        assert abs(a - b) < 0.08, at
