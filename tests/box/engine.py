"""The rooms' engine (web_client/room) in real browsers without a page around it: it joins, and what it gets is shown.

The page stands only for the box's origin; each received track becomes an element `.tile[data-person] [data-kind]`.
"""

from typing import Any

from tests.box.chromium import Driver
from tests.box.firefox import Firefox
from tests.box.house import ClaimedBox

_JOIN = """
async ({ room, token, key }) => {
  const { Conference } = await import("/client/room/conference.js");
  const browser = crypto.randomUUID().replaceAll("-", "");
  const socket = `wss://${location.host}/rooms/socket`;
  const conference = new Conference({ socket, room, name: "X", browser, token, ...(key ? { key } : {}) });
  window.conference = conference;
  document.body.replaceChildren();
  conference.addEventListener("track", ({ detail: { person, kind, track, stream } }) => {
    const element = document.createElement(track.kind);
    const tile = document.createElement("div");
    Object.assign(element, { autoplay: true, playsInline: true, srcObject: stream ?? new MediaStream([track]) });
    element.dataset.kind = kind;
    tile.className = "tile";
    tile.dataset.person = person;
    tile.append(element);
    document.body.append(tile);
  });
  conference.strangers = [];
  conference.addEventListener("stranger", ({ detail: { person } }) => conference.strangers.push(person.id ?? person));
  const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 360 } });
  await conference.setMicrophone(media.getAudioTracks()[0]);
  await conference.setCamera(media.getVideoTracks()[0]);
  await conference.join();
  return [conference.state, conference.you?.id ?? ""];
}
"""


def join(driver: Driver, box: ClaimedBox, token: str, key: str = "", room: str = "home") -> str:
    """Join with a made-up camera and microphone; returns the own id."""
    driver.get(f"https://{box.domain}/r/{room}")
    code = (
        "const [options, done] = arguments;"
        f"({_JOIN})(options).then(done, (error) => done(['failed', String(error.stack)]));"
    )
    state, identity = driver.execute_async_script(code, {"room": room, "token": token, "key": key})
    assert state == "in", identity
    return str(identity)


def join_firefox(window: Firefox, box: ClaimedBox, token: str, key: str = "", room: str = "home") -> str:
    """The same in Firefox."""
    window.get(f"https://{box.domain}/r/{room}")
    options: dict[str, Any] = {"room": room, "token": token, "key": key}
    state, identity = window.run(f"({_JOIN})({options!r})")
    assert state == "in", identity
    return str(identity)
