"""A box in a virtual machine that somebody owns, and damage to its disk."""

import json
import secrets
from pathlib import Path
from typing import Any

from image.box import Box
from image.process import run
from image.vm import GIB, Vm
from tests.box.house import provisioning
from tests.box.load import PASSWORD, PEOPLE, Load

DOMAIN = "power.example"
TLS_PORT = 5223
# Enough for all partitions and 1 GiB of /data: the smaller it is, the faster it is copied.
SIZE = 6 * GIB


def claim(box: Box | Vm) -> None:
    """Make the box somebody's."""
    box.run(["sh", "-c", "cat > /run/setup.toml"], stdin=provisioning(DOMAIN, PEOPLE[0], PASSWORD))
    box.run(["parlor", "setup", "/run/setup.toml"], timeout_s=900)
    box.run(["parlor", "user", "add", PEOPLE[1]], stdin=f"{PASSWORD}\n")


def furnish(disk: Path, label: str, folder: Path, place: Path) -> None:
    """Copy a folder's content into a partition, mounted at `place` for that moment."""
    first, length = partition(disk, label)
    place.mkdir()
    run(["mount", "-o", f"loop,offset={first},sizelimit={length}", disk, place])
    try:
        run(["cp", "-a", f"{folder}/.", place])
    finally:
        run(["umount", place])


def status(vm: Vm) -> dict[str, Any]:
    """What `parlor status --json` says."""
    document: dict[str, Any] = json.loads(vm.run(["parlor", "status", "--json"], check=False).stdout)
    return document


def notices(vm: Vm) -> list[str]:
    """What the box has to tell its admin."""
    return [str(notice["message"]) for notice in status(vm)["notices"]]


def works(vm: Vm, folder: Path) -> None:
    """Somebody owns the box, and its people can write to each other."""
    assert status(vm)["claimed"]
    ca = folder / "ca.pem"
    ca.write_text(vm.run(["cat", "/data/core/certificate.pem"]).stdout)
    with Load("127.0.0.1", vm.ports[TLS_PORT], DOMAIN, ca) as load:
        load.wait_for(4)


def partition(disk: Path, label: str) -> tuple[int, int]:
    """First byte and length of a partition."""
    table = json.loads(run(["sfdisk", "--json", disk]).stdout)["partitiontable"]
    found = next(each for each in table["partitions"] if each.get("name") == label)
    return found["start"] * 512, found["size"] * 512


def noise(disk: Path, label: str, first: int, length: int) -> None:
    """Overwrite a part of a partition, as a dying card does."""
    begin, size = partition(disk, label)
    with disk.open("r+b") as file:
        file.seek(begin + first)
        file.write(secrets.token_bytes(min(length, size - first)))


def ruin(disk: Path, label: str) -> None:
    """Leave nothing in a partition that a repair could find."""
    _, length = partition(disk, label)
    for place in range(0, length, 64 << 20):
        noise(disk, label, place, 8 << 20)
