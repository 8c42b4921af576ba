"""`make run`: boots the box, offers its ports on the host, and says what to do next. Ctrl-C stops it."""

import asyncio
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from image.box import Box, BoxError, entering, leader_of
from image.cache import BUILD, remove
from image.forward import Forward, PortError, listen, serve
from image.health import Health, wait_until_healthy
from image.network import Network
from image.process import CommandError, interact
from image.progress import say, step
from image.tree import build_tree, mounted_tree

NAME = "parlor"
# Where `make shell`, which joins this environment, finds the container.
PID = Path("/run/parlor/pid")
POLL_S = 0.5


def run() -> int:
    """Build the box if needed, boot it and serve until it is stopped; returns the exit status."""
    try:
        listeners = listen(os.environ.get("LISTEN") or "localhost")
        provision = _provision()
        tree = build_tree()
        with mounted_tree(tree) as root, Network() as network:
            box = Box(NAME, root, network, data=data_folder(), boot=boot_folder(), provision=provision)
            with box:
                _serve(box, listeners)
    except (BoxError, CommandError, PortError) as error:
        say(f"\n{error}")
        return 1
    return 0


def shell() -> int:
    """A root shell in the running box."""
    if not PID.exists():
        say("The box is not running yet.")
        return 1
    leader = leader_of(int(PID.read_text(encoding="ascii")))
    return interact([*entering(leader, TERM=os.environ.get("TERM", "dumb")), "bash", "--login"])


def reset() -> int:
    """Delete the box's data, once the person has said so."""
    data = data_folder()
    if not data.exists():
        say("There are no data to delete.")
        return 0
    if os.environ.get("YES") != "1":
        say(f"This deletes all accounts, messages and settings in {outside(data)}.")
        try:
            answer = input("Type yes to go on: ")
        except EOFError:
            answer = ""
        if answer.strip().lower() != "yes":
            say("Nothing was deleted. Without a terminal, say: make reset YES=1")
            return 1
    for content in [*data.iterdir(), *boot_folder().glob("*")]:
        remove(content)
    say("The box is as new.")
    return 0


def data_folder() -> Path:
    """What becomes /data: $PARLOR_DATA, or build/data."""
    return Path(os.environ.get("PARLOR_DATA") or BUILD / "data")


def boot_folder() -> Path:
    """What becomes /boot, in place of a card's boot partition."""
    return BUILD / "boot"


def outside(path: Path) -> str:
    """A path as the person knows it."""
    return os.environ.get("PARLOR_DATA_OUTSIDE") or str(path.relative_to(BUILD.parent))


def _provision() -> Path | None:
    return Path(os.environ["PROVISION"]) if os.environ.get("PROVISION") else None


def _serve(box: Box, listeners: Mapping[Forward, list[socket.socket]]) -> None:
    _await(box, listeners)
    try:
        asyncio.run(_until_off(box, listeners))
        while box.wait():
            say("The box restarts itself.")
            box.start()
            _await(box, listeners)
            asyncio.run(_until_off(box, listeners))
        say("The box went off by itself.")
    except KeyboardInterrupt:
        say()
        with step("stopping"):
            box.stop()


def _await(box: Box, listeners: Mapping[Forward, list[socket.socket]]) -> None:
    PID.write_text(f"{box.pid}\n", encoding="ascii")
    started = time.monotonic()
    with step("starting the box"):
        health = wait_until_healthy(box, provisioned=_provision() is not None)
    page = f"https://{_page_host()}:{next(iter(listeners)).port}/"
    code = "" if health.claimed else box.run(["parlor", "claim-code"], check=False).stdout.strip()
    say(greeting(health, page, code, time.monotonic() - started))


def _page_host() -> str:
    listen_on = os.environ.get("LISTEN", "")
    return "localhost" if listen_on in {"", "0.0.0.0", "::"} else listen_on  # noqa: S104 (compared, not bound)


def greeting(health: Health, page: str, code: str, took_s: float) -> str:
    """What the person needs to know once the box has started."""
    if health.healthy:
        lines = ["", f"The box is ready ({took_s:.1f} s).", ""]
    else:
        lines = ["", f"The box runs, but after {took_s:.0f} s it is not well:", *health.problems]
        lines += ["`make shell`, then `journalctl --boot`, shows why.", ""]
    if health.provisioning_error:
        lines += [f"The provisioning file was refused: {health.provisioning_error}", ""]
    if health.claimed:
        lines += [f"  Its pages are at  {page}", "  `make shell`, then `parlor invite NAME`, invites a person."]
    else:
        lines += [f"  Set it up at  {page}", f"  Claim code    {code}"]
    lines += ["", "Browsers warn while the box signs its certificate itself."]
    return "\n".join([*lines, "Ctrl-C (or `make stop`) stops the box; its data stay.", ""])


async def _until_off(box: Box, listeners: Mapping[Forward, list[socket.socket]]) -> None:
    forwarding = asyncio.create_task(serve(listeners, box.address))
    while box.running:  # noqa: ASYNC110 (a process has no event that a loop could await)
        await asyncio.sleep(POLL_S)
    forwarding.cancel()
