"""What comes over the network when somebody opens a room's page and joins, as Chromium counts it (CDP, Network)."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.box.chromium import Driver, press, wait
from tests.box.house import ClaimedBox
from tests.box.room_page import open_lobby, visitor, wait_inside
from tests.box.wizard import log_in


@dataclass(frozen=True)
class Weight:
    """Bytes by path, heads included, compressed as they came: up to the page with its preview, and all until inside."""

    page: dict[str, int]
    joined: dict[str, int]


def weight(box: ClaimedBox) -> Weight:
    """Of an empty cache; what a WebSocket carries is not counted."""
    with visitor(box, logs=("browser", "performance")) as driver:
        log_in(driver, box.domain, box.admin, box.password)
        driver.execute_cdp_cmd("Network.clearBrowserCache", {})
        _loaded(driver)
        open_lobby(driver, box)
        page = _loaded(driver)
        press(driver, "#join")
        wait_inside(driver)
        return Weight(page, page | _loaded(driver))


def _loaded(driver: Driver) -> dict[str, int]:
    """What was loaded since the last call of this, once nothing is on its way any more."""
    paths, sizes = dict[str, str](), dict[str, int]()

    def quiet() -> bool:
        entries: list[dict[str, Any]] = driver.get_log("performance")  # type: ignore[no-untyped-call]
        for message in (json.loads(entry["message"])["message"] for entry in entries):
            event = message["params"]
            if message["method"] == "Network.requestWillBeSent":
                paths[event["requestId"]] = urlsplit(event["request"]["url"]).path
            elif message["method"] == "Network.loadingFinished" and event["requestId"] in paths:
                sizes[event["requestId"]] = event["encodedDataLength"]
        return not entries

    wait(driver, quiet)
    return {paths[request]: int(size) for request, size in sizes.items()}
