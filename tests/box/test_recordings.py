"""A room is recorded, everybody sees it, and the portal has a film that plays."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.box.chromium import Driver, one, press, script, text, wait
from tests.box.house import ClaimedBox
from tests.box.room_page import CALL_S, enter_as_person, sees, two_people, visitor, wait_for_others, wait_inside

FILM_S = 90.0


@pytest.fixture(scope="module", autouse=True)
def allowed(box: ClaimedBox) -> Iterator[None]:
    """The admin allows it meanwhile."""
    box.parlor("settings", "set", "rooms.recording", "true")
    box.wait_until_well()
    yield
    box.parlor("settings", "set", "rooms.recording", "false")


def recordings(box: ClaimedBox) -> list[dict[str, Any]]:
    """What the box knows of recordings."""
    found: list[dict[str, Any]] = json.loads(box.parlor("recording", "list", "--json").stdout)
    return found


def record(driver: Driver) -> None:
    """Press the button that begins and ends it."""
    press(driver, "#more")
    press(driver, "#record")
    if script(driver, "return document.querySelector('#confirm').open"):
        press(driver, "#confirm-yes")


def test_a_recording_is_seen_by_all_and_becomes_a_film(box: ClaimedBox) -> None:
    with two_people(box) as (ann, other):
        (person,) = wait_for_others(ann, 1)
        sees(ann, person)
        record(ann)
        wait(other, lambda: one(other, "#recording-sign").is_displayed(), CALL_S)
        time.sleep(8)
        record(ann)
        wait(other, lambda: not one(other, "#recording-sign").is_displayed(), CALL_S)
        deadline = time.monotonic() + FILM_S
        while (newest := recordings(box)[0])["state"] in ("recording", "preparing"):
            assert time.monotonic() < deadline, newest
            time.sleep(0.5)
        assert newest["state"] == "ready", newest
        assert newest["people"] == ["ann"]
        ann.get(f"https://{box.domain}/recordings")
        _plays(ann)
    assert box.box.run(["ls", "/data/recordings/work"]).stdout == ""
    box.parlor("recording", "delete", newest["id"])
    assert newest["id"] not in box.box.run(["ls", "/data/recordings"]).stdout


def _plays(driver: Driver) -> None:
    script(driver, "const film = document.querySelector('video'); film.muted = false; film.play()")
    film = (
        "const film = document.querySelector('video');"
        "return [film.error?.message, film.videoWidth, film.currentTime,"
        "film.webkitAudioDecodedByteCount, film.duration]"
    )
    wait(driver, lambda: script(driver, film)[2] > 3, CALL_S)
    problem, width, _, sound, length = script(driver, film)
    assert problem is None
    assert width > 0
    assert sound > 1000
    assert 5 < length < 30
    assert script(driver, "return document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames") > 10


@contextmanager
def small_disk(box: ClaimedBox) -> Iterator[None]:
    """Recordings lie on a disk of their own with 1.2 GB."""
    box.box.run(["sh", "-ec", _MOUNT])
    box.box.run(["systemctl", "restart", "janus.service", "parlor-rooms.service"])
    box.wait_until_well()
    try:
        yield
    finally:
        box.box.run(["systemctl", "stop", "janus.service", "parlor-rooms.service"])
        box.box.run(["umount", "/data/recordings"])
        box.box.run(["systemctl", "start", "janus.service", "parlor-rooms.service"])
        box.wait_until_well()


_MOUNT = """
mount -t tmpfs -o size=1200m,mode=711,uid=parlor-rooms,gid=parlor-rooms tmpfs /data/recordings
install -d -o janus -g janus -m 770 /data/recordings/work
install -d -o parlor-rooms -g parlor-rooms -m 700 /data/recordings/ended
"""


def test_a_full_disk_ends_the_recording_and_not_the_conference(box: ClaimedBox) -> None:
    with small_disk(box), visitor(box) as ann:
        enter_as_person(ann, box)
        wait_inside(ann)
        record(ann)
        wait(ann, lambda: one(ann, "#recording-sign").is_displayed(), CALL_S)
        box.box.run(["fallocate", "-l", "800000000", "/data/recordings/filler"])
        wait(ann, lambda: "disk" in text(ann, "#toasts"), CALL_S)
        wait(ann, lambda: not one(ann, "#recording-sign").is_displayed(), CALL_S)
        assert one(ann, "#leave").is_displayed()
        press(ann, "#more")
        press(ann, "#record")
        wait(ann, lambda: "room on the disk" in text(ann, "#toasts"), CALL_S)
