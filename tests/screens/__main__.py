"""Takes pictures of every state of a room's page: `./image/enter python3 -m tests.screens FOLDER [PART OF A NAME]`."""

import json
import sys
import time
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.box.chromium import DESK, PHONE, Driver, browser, complaints, press, script, wait
from tests.screens.server import served

TV = (1920, 1080)
SIDEWAYS = (740, 360)
MEDIA = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
ASLEEP = ("--use-fake-device-for-media-stream=device-count=0", "--use-fake-ui-for-media-stream")
REFUSED = ("--use-fake-device-for-media-stream", "--deny-permission-prompts")


@dataclass(frozen=True)
class Shot:
    """One picture: the scene for the fake conference, and what to press."""

    name: str
    scene: Mapping[str, Any] = field(default_factory=dict)
    size: tuple[int, int] = PHONE
    dark: bool = False
    presses: tuple[str, ...] = ("#join",)
    person: str = "Ann Berg"
    media: tuple[str, ...] = MEDIA
    language: str = "en"
    fragment: str = ""


TALK = {"people": 4, "messages": 5}
SHOTS = (
    Shot("lobby-guest", presses=(), person=""),
    Shot("lobby-dark", presses=(), dark=True),
    Shot("lobby-desk", presses=("#lobby-devices summary",), person="", size=DESK),
    Shot("lobby-refused", presses=(), person="", media=REFUSED, dark=True),
    Shot("lobby-none", presses=(), media=ASLEEP, person="", language="de"),
    Shot("lobby-no-name", presses=("#join",), person=""),
    Shot("waiting", {"state": "waiting"}),
    Shot("alone", {}),
    Shot("alone-desk", {}, size=DESK, dark=True),
    Shot("two", {"people": 1}),
    Shot("two-dark", {"people": 1}, dark=True),
    Shot("two-desk", {"people": 1}, size=DESK),
    Shot("five", {"people": 4, "recording": True}),
    Shot("five-dark", {"people": 4}, dark=True, language="de", fragment="#k=AAAAAAAAAAAAAAAAAAAAAA"),
    Shot("five-desk", {"people": 4, "recording": True}, size=DESK),
    Shot("five-tv", {"people": 4}, size=TV, dark=True),
    Shot("five-sideways", {"people": 4}, size=SIDEWAYS),
    Shot("sixteen", {"people": 15}),
    Shot("sixteen-desk", {"people": 15}, size=DESK, dark=True),
    Shot("forty", {"people": 39}),
    Shot("forty-desk", {"people": 39}, size=DESK),
    Shot("screen", {"people": 4, "screen": True}),
    Shot("screen-desk", {"people": 6, "screen": True}, size=DESK),
    Shot("screen-dark", {"people": 6, "screen": True}, size=DESK, dark=True),
    Shot("chat", TALK, presses=("#join", "#chat")),
    Shot("chat-desk", TALK, presses=("#join", "#chat"), size=DESK),
    Shot("chat-dark", TALK, presses=("#join", "#chat"), dark=True),
    Shot("people", {"people": 6, "door": ["Olga"]}, presses=("#join", "#people")),
    Shot("people-desk", {"people": 6, "door": ["Olga"]}, presses=("#join", "#people"), size=DESK),
    Shot("people-es", {"people": 6, "role": "member"}, presses=("#join", "#people"), language="es", dark=True),
    Shot("door", {"people": 2, "door": ["Olga Smirnova"]}),
    Shot("door-many-desk", {"people": 2, "door": ["Olga", "Pete", "Quentin", "Rosa", "Sam"]}, size=DESK),
    Shot("door-many-de", {"people": 2, "door": ["Olga", "Pete"]}, language="de"),
    Shot("reconnecting", {"people": 2, "state": "reconnecting"}),
    Shot("more", {"people": 2}, presses=("#join", "#more")),
    Shot("more-desk", {"people": 2}, presses=("#join", "#more"), size=DESK, dark=True),
    Shot("devices", {"people": 2}, presses=("#join", "#more", "#open-devices")),
    Shot("quality", {"people": 2, "level": 1}, presses=("#join", "#more", "#open-quality")),
    Shot("quality-desk", {"people": 2}, presses=("#join", "#more", "#open-quality"), size=DESK),
    Shot("lock", {"people": 2}, presses=("#join", "#lock-sign")),
    Shot("react", {"people": 2}, presses=("#join", "#react")),
    Shot("reacted-desk", {"people": 3}, presses=("#join", "#hand", "#react", "[data-emoji='🎉']"), size=DESK),
    Shot("pinned", {"people": 4}, presses=("#join", ".tile[data-person='2'] .pin")),
    Shot("pinned-desk", {"people": 4}, presses=("#join", ".tile[data-person='1'] .pin"), size=DESK),
    Shot("muted-toast", {"people": 2, "events": [["muted", {"by": "Ben"}]]}),
    Shot("confirm", {"people": 2}, presses=("#join", "#people", ".person[data-person='1'] .remove")),
    Shot("left", {"people": 2}, presses=("#join", "#leave")),
    Shot("over-needs-key", {"why": "needs-key"}, person="", presses=("#name=Bo", "#join")),
    Shot("over-guests-desk", {"why": "guests"}, person="", presses=("#name=Bo", "#join"), size=DESK, dark=True),
    Shot("over-crash", {"why": "?"}, language="es"),
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """Take the pictures whose names have the wanted part; 1 if the browser complained."""
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [shot for shot in SHOTS if not arguments[1:] or any(part in shot.name for part in arguments[1:])]
    with served() as address:
        complained = [shot.name for shot in wanted if not take(shot, address, folder)]
    return 1 if complained else 0


def take(shot: Shot, address: str, folder: Path) -> bool:
    """Save one picture; whether the browser had nothing to complain of."""
    with browser({}, language=shot.language, size=shot.size, dark=shot.dark, more=shot.media) as driver:
        driver.get(address + "/client/page/logo.svg")  # something to set a cookie on
        driver.execute_script(f"document.cookie = 'person={shot.person}; path=/'")  # type: ignore[no-untyped-call]
        driver.get(f"{address}/r/team?scene={quote(json.dumps(shot.scene))}{shot.fragment}")
        wait(driver, lambda: script(driver, "return document.body.dataset.screen"))
        time.sleep(0.8)  # the devices open
        for selector in shot.presses:
            follow(driver, selector)
        time.sleep(0.9)  # movements come to rest
        answered = driver.execute_cdp_cmd("Page.captureScreenshot", {})
        (folder / f"{shot.name}.png").write_bytes(b64decode(answered["data"]))
        found = complaints(driver)
        for complaint in found:
            print(f"{shot.name}: {complaint}")
        return not found


def follow(driver: Driver, step: str) -> None:
    """Press what a selector finds, or fill in `#ID=TEXT`."""
    selector, equals, words = step.partition("=") if step.startswith("#") else (step, "", "")
    if equals:
        script(driver, "document.querySelector(arguments[0]).value = arguments[1]", selector, words)
    elif selector.endswith(".pin"):
        script(driver, "document.querySelector(arguments[0]).click()", selector)
    else:
        press(driver, selector)
    time.sleep(0.3)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
