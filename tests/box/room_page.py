"""The page of a room in real Chromium with a made-up camera, microphone and screen: its steps, and what is really seen and heard."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.box.chromium import DESK, Driver, browser, fill, log_in_at, press, script, text, wait
from tests.box.house import ClaimedBox

MEDIA = (
    "--use-fake-device-for-media-stream",  # a picture that changes, and a beep each second
    "--use-fake-ui-for-media-stream",  # the person says yes
    "--auto-select-desktop-capture-source=Entire screen",
    "--autoplay-policy=no-user-gesture-required",
)
CALL_S = 40.0
