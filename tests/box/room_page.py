"""The page of a room in Chromium with a made-up camera, microphone and screen: its steps, and what is seen and heard.

Chromium's made-up camera shows a moving picture, its microphone beeps once a second.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.box.chromium import DESK, Driver, browser, fill, press, script, wait
from tests.box.house import ClaimedBox
from tests.box.wizard import log_in

MEDIA = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",  # the person says yes
    "--auto-select-desktop-capture-source=Entire screen",
    "--autoplay-policy=no-user-gesture-required",
)
CALL_S = 45.0

# How many frames of a tile's picture were shown, and how many different colours the last one has.
_SEEN = """
const [selector] = arguments;
const video = document.querySelector(selector);
if (!video || !video.videoWidth) return [0, 0];
const canvas = Object.assign(document.createElement("canvas"), { width: 32, height: 24 });
const context = canvas.getContext("2d");
context.drawImage(video, 0, 0, 32, 24);
const { data } = context.getImageData(0, 0, 32, 24);
const colours = new Set();
for (let place = 0; place < data.length; place += 4)
  colours.add(`${data[place] >> 5} ${data[place + 1] >> 5} ${data[place + 2] >> 5}`);
return [video.getVideoPlaybackQuality().totalVideoFrames, colours.size];
"""

# How loud what this page plays gets within two seconds, as the largest sample (0 to 1).
_HEARD = """
const done = arguments[arguments.length - 1];
const sounding = [...document.querySelectorAll("audio, video")].filter(
  (element) => !element.muted && element.srcObject?.getAudioTracks().length);
const context = new AudioContext();
const analysers = sounding.map((element) => {
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(new MediaStream(element.srcObject.getAudioTracks())).connect(analyser);
  return analyser;
});
const loudest = analysers.map(() => 0);
const samples = new Float32Array(2048);
const timer = setInterval(() => analysers.forEach((analyser, place) => {
  analyser.getFloatTimeDomainData(samples);
  loudest[place] = Math.max(loudest[place], ...samples.map(Math.abs));
}), 20);
setTimeout(() => { clearInterval(timer); context.close(); done(loudest); }, 2000);
"""


@contextmanager
def visitor(
    box: ClaimedBox, size: tuple[int, int] = DESK, more: tuple[str, ...] = (), **options: Any
) -> Iterator[Driver]:
    """A browser with a camera and a microphone that finds the box by its names."""
    hosts = {box.domain: box.address, f"*.{box.domain}": box.address}
    with browser(hosts, size=size, more=(*MEDIA, *more), **options) as driver:
        driver.set_script_timeout(30)
        yield driver


def open_lobby(driver: Driver, box: ClaimedBox, room: str = "home", fragment: str = "") -> None:
    """Open a room's page up to its preview."""
    driver.get(f"https://{box.domain}/r/{room}{fragment}")
    wait(driver, lambda: screen(driver) == "lobby")


def enter(driver: Driver, box: ClaimedBox, room: str = "home", name: str = "", fragment: str = "") -> None:
    """Open a room's page and press Join."""
    open_lobby(driver, box, room, fragment)
    if name:
        fill(driver, "name", name)
    press(driver, "#join")
    wait(driver, lambda: screen(driver) != "lobby", CALL_S)


def enter_as_person(driver: Driver, box: ClaimedBox, room: str = "home", fragment: str = "", name: str = "ann") -> None:
    """Log in, then enter."""
    log_in(driver, box.domain, name, box.passwords[name])
    enter(driver, box, room, fragment=fragment)


def screen(driver: Driver) -> str:
    """What the page shows: lobby, waiting, room, over."""
    return str(script(driver, "return document.body.dataset.screen"))


def state(driver: Driver) -> str:
    """The conference's state."""
    return str(script(driver, "return document.body.dataset.state"))


def wait_inside(driver: Driver) -> None:
    """Wait until the page is in the room."""
    wait(driver, lambda: (screen(driver), state(driver)) == ("room", "in"), CALL_S)


def others(driver: Driver) -> list[str]:
    """The ids of the others with a tile."""
    found: list[str] = script(
        driver, 'return [...new Set([...document.querySelectorAll(".tile")].map((t) => t.dataset.person))]'
    )
    return [person for person in found if person != "me"]


def wait_for_others(driver: Driver, count: int) -> list[str]:
    """Wait until so many others have tiles; returns their ids."""
    wait(driver, lambda: len(others(driver)) == count, CALL_S)
    return others(driver)


def sees(driver: Driver, person: str, kind: str = "camera", timeout_s: float = CALL_S) -> None:
    """Wait until somebody's picture moves and is one, not a plain colour."""
    selector = f'.tile[data-person="{person}"] video[data-kind="{kind}"]'
    first: list[int] = []

    def moves() -> bool:
        frames, colours = script(driver, _SEEN, selector)
        first.append(frames)
        return bool(colours > 2 and frames >= min(f for f in first if f or not frames) + 5)

    wait(driver, moves, timeout_s)


def frames(driver: Driver, person: str, kind: str = "camera") -> int:
    """How many frames of somebody's picture were shown so far."""
    count: int = script(driver, _SEEN, f'.tile[data-person="{person}"] video[data-kind="{kind}"]')[0]
    return count


def loudness(driver: Driver) -> list[float]:
    """How loud each sound that this page plays gets within two seconds."""
    heard: list[float] = driver.execute_async_script(_HEARD)
    return heard


def hears(driver: Driver, count: int, timeout_s: float = CALL_S) -> None:
    """Wait until so many sounds with beeps in them are played."""
    wait(driver, lambda: sum(loud > 0.02 for loud in loudness(driver)) >= count, timeout_s)


@contextmanager
def two_people(box: ClaimedBox) -> Iterator[tuple[Driver, Driver]]:
    """Two browsers of a person of the box, both in the room, each with a tile of the other."""
    with visitor(box) as ann, visitor(box) as other:
        for driver in (ann, other):
            enter_as_person(driver, box)
            wait_inside(driver)
        for driver in (ann, other):
            wait_for_others(driver, 1)
        yield ann, other
