"""What the box shows on a screen plugged into it: its name, its address, and while nobody owns it the claim code."""

import itertools
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from appliance.client import Client
from appliance.model import Conflict, ParlorError

PACE_S = 5.0
_CLEAR = "\033[H\033[2J\033[3J\033[?25l"  # home, clear with scroll-back, hide the cursor (ECMA-48, xterm)
# A machine with a screen has no language yet: it says everything in all of them, a line each, of at most 75 letters.
_OPEN = ("Open this address in a browser", "Abra esta dirección en un navegador", "Öffnen Sie diese Adresse im Browser")
_CODE = ("and enter this code", "e introduzca este código", "und geben Sie diesen Code ein")
_LOST = (
    "The disk was damaged beyond repair and had to be emptied: replace it",
    "El disco estaba dañado sin remedio y hubo que vaciarlo: cámbielo",
    "Der Datenträger war unrettbar und musste geleert werden: bitte ersetzen",
)
_READY = ("This box is ready", "Este dispositivo está listo", "Diese Box ist bereit")
_WAIT = ("The box is starting …", "El dispositivo está arrancando …", "Die Box startet …")


def screen(box: dict[str, Any] | None, code: str, address: str) -> str:
    """The whole screen as text; `box` is the answer of `GET /v1/box`, `None` while the core does not answer."""
    if box is None:
        return _page(_WAIT)
    hosts = [*box["hosts"], *([address] if address else [])]
    links = [f"https://{host}" for host in hosts]
    if code:
        lost = any(notice["code"] == "disk-lost" for notice in box["notices"])
        return _page(*([_LOST] if lost else []), _OPEN, links, _CODE, [code])
    return _page(_READY, links)


def _page(*blocks: Sequence[str]) -> str:
    return "\n\n".join("\n".join(f"    {line}" for line in block) for block in (["P A R L O R"], *blocks))


def look(client: Client) -> str:
    """The screen as it should be now."""
    try:
        box = client.call("GET", "/v1/box")
        return screen(box, "" if box["claimed"] else _code(client), _address())
    except ParlorError:
        return screen(None, "", "")


def _code(client: Client) -> str:
    try:
        return str(client.call("GET", "/v1/claim-code")["code"])
    except Conflict:  # claimed a moment ago
        return ""


def _address() -> str:
    """The address on the way out, "" without a network; sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.88.99.1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def watch(client: Client, ticks: Iterator[int]) -> Iterator[str]:
    """What to write, only when it changes, looked at once a tick."""
    shown = ""
    for _ in ticks:
        now = look(client)
        if now != shown:
            yield f"{_CLEAR}\n\n{now}\n"
            shown = now


def main() -> int:
    """Keep the screen as it should be."""

    def ticks() -> Iterator[int]:
        for tick in itertools.count():
            yield tick
            time.sleep(PACE_S)

    for text in watch(Client(), ticks()):
        sys.stdout.write(text)
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
