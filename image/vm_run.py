"""`make vm`: boots the image of an x86 PC in a virtual machine, its ports on this machine. Ctrl-C switches it off."""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from image.board import Board
from image.cache import BUILD, remove
from image.disk.disk import disk_image
from image.forward import FORWARDS, PortError, listen
from image.health import Health, page_answers, parse
from image.process import CommandError, run
from image.product import version
from image.progress import say, step
from image.qmp import QmpError
from image.tree import build_tree
from image.vm import Vm, VmError, new_disk

FOLDER = BUILD / "vm"
DISK = FOLDER / "disk.img"
# What the disk was made from.
VERSION = FOLDER / "version"

UP_TIMEOUT_S = 600.0
POLL_S = 1.0


def vm() -> int:
    """Build the image if needed, boot it and wait until it is switched off; returns the exit status."""
    try:
        with _only_one():
            address = _address(os.environ.get("LISTEN") or "localhost")
            ports = {forward.target: forward.port for forward in FORWARDS}
            disk = _disk()
            with Vm("parlor", disk, ports=ports, listen=address, display=_display(), state=FOLDER) as machine:
                _serve(machine, address)
    except (VmError, CommandError, PortError, QmpError) as error:
        say(f"\n{error}")
        return 1
    return 0


def greeting(health: Health, page: str, code: str, took_s: float) -> str:
    """What the person needs to know once the machine has started."""
    if health.healthy:
        lines = ["", f"The machine is ready ({took_s:.0f} s).", ""]
    else:
        lines = ["", f"The machine runs, but after {took_s:.0f} s it is not well:", *health.problems, ""]
    lines += (
        [f"  Its pages are at  {page}"] if health.claimed else [f"  Set it up at  {page}", f"  Claim code    {code}"]
    )
    lines += ["", "Browsers warn while the box signs its certificate itself."]
    return "\n".join(
        [*lines, f"Ctrl-C switches it off; its disk stays in {DISK.parent.relative_to(BUILD.parent)}.", ""]
    )


def _disk() -> Path:
    """The disk of the last time, or a new one with the newest image."""
    if DISK.exists() and os.environ.get("NEW") != "1":
        made = VERSION.read_text(encoding="utf-8").strip()
        say(f"Its disk was made from version {made}, this is {version()}; `make vm NEW=1` throws it away.")
        return DISK
    image = disk_image(build_tree(Board.X86))
    for old in FOLDER.glob("*"):
        remove(old)
    with step("a disk for the machine"):
        partial = new_disk(image, DISK.with_suffix(".partial"))
        VERSION.write_text(f"{version()}\n", encoding="utf-8")
        partial.rename(DISK)
    return DISK


def _serve(machine: Vm, address: str) -> None:
    started = time.monotonic()
    try:
        with step("starting the machine"):
            health = _await_health(machine, address)
        page = f"https://{'localhost' if address in ('127.0.0.1', '0.0.0.0') else address}:{machine.ports[443]}/"  # noqa: S104
        code = "" if health.claimed else machine.run(["parlor", "claim-code"], check=False).stdout.strip()
        say(greeting(health, page, code, time.monotonic() - started))
        machine.wait()
        say("The machine went off by itself.")
    except KeyboardInterrupt:
        say()
        with step("switching off"):
            machine.close()


def _await_health(machine: Vm, address: str) -> Health:
    deadline = time.monotonic() + UP_TIMEOUT_S
    machine.wait_for_guest(UP_TIMEOUT_S)
    while True:
        health = parse(machine.run(["parlor", "status", "--json"], check=False).stdout)
        if (health.healthy and page_answers(address, machine.ports[443])) or time.monotonic() > deadline:
            return health
        time.sleep(POLL_S)


def _address(host: str) -> str:
    """The IPv4 address to listen on, once every port there is known to be free; raises `PortError`."""
    for sockets in listen(host).values():
        for each in sockets:
            each.close()
    return str(socket.getaddrinfo(host, None, socket.AF_INET)[0][4][0])


def _display() -> str:
    """A window where there is a screen and a QEMU that can open one."""
    if not os.environ.get("DISPLAY"):
        return "none"
    return "gtk" if "gtk" in run(["qemu-system-x86_64", "-display", "help"]).stdout.split() else "none"


@contextmanager
def _only_one() -> Iterator[None]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = os.open(FOLDER, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise VmError("A virtual machine already runs from this folder.") from None
    finally:
        os.close(folder)
