"""How old a picture is when it is shown: one page sends the time as a pattern, another in the same browser reads it."""

import secrets
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.rooms.tokens import Token, sign
from tests.bench.figures import percentile
from tests.bench.media.visitors import key
from tests.box.chromium import Driver, browser
from tests.box.house import ClaimedBox

SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
PICTURES = 300
UNCOUNTED = 60  # until the picture is at its full size and the connection has found its pace
LIMIT_S = 180.0
# Both windows count as seen, whichever is in front.
AWAKE = (
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--autoplay-policy=no-user-gesture-required",
)


@dataclass(frozen=True)
class Glass:
    """From drawing a picture to its being shown, in milliseconds; `unreadable` pictures are not among them.

    `ahead_ms` is how far the sender's clock was ahead, which is made up for.
    """

    latencies_ms: list[float]
    unreadable: int
    ahead_ms: float

    @property
    def median_ms(self) -> float:
        """Half are younger."""
        return statistics.median(self.latencies_ms)

    @property
    def p95_ms(self) -> float:
        """Nearly all are younger."""
        return percentile(self.latencies_ms, 95)


def glass_to_glass(box: ClaimedBox, room: str) -> Glass:
    """Measure in a room where nobody is, at 640 by 360 and 30 pictures a second. Raises `RuntimeError`."""
    hosts = {box.domain: box.address}
    with browser(hosts, more=AWAKE) as driver:
        driver.set_script_timeout(LIMIT_S)
        driver.get(f"https://{box.domain}/r/{room}")
        _run(driver, "show", box, room)
        driver.switch_to.new_window("window")
        driver.get(f"https://{box.domain}/r/{room}")
        found = _run(driver, "read", box, room)
    return Glass(found["latencies_ms"][UNCOUNTED:], found["unreadable"], found["ahead_ms"])


def _run(driver: Driver, role: str, box: ClaimedBox, room: str) -> dict[str, Any]:
    token = sign(Token(room, "host", role, expires=int(time.time()) + 3600), key(box))
    socket = f"wss://{box.domain}/rooms/socket"
    options = {"socket": socket, "room": room, "name": role, "browser": secrets.token_urlsafe(16), "token": token}
    found = driver.execute_async_script(SCRIPT, role, options, PICTURES + UNCOUNTED)
    if found and "error" in found:
        raise RuntimeError(found["error"])
    return dict(found or {})
