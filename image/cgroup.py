"""A control group for each box, below our own: two systemds in one would end each other's services."""

import fcntl
import functools
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")
PREFIX = "parlor-"
GONE_TIMEOUT_S = 5.0
POLL_S = 0.02


@functools.cache
def own_name() -> str:
    """The group that all boxes of this program share, made at the first call and held until the program ends.

    Groups that programs left behind when they were killed go away now.
    """
    name = f"{PREFIX}{Path('/proc/self/ns/pid').stat().st_ino}"
    for parent in _parents():
        for stale in parent.glob(f"{PREFIX}*"):
            _sweep(stale)
        _hold(parent / name)
    return name


def enter_new(name: str) -> None:
    """Make the groups called `name` and move this process into them."""
    for parent in _parents():
        (parent / name).mkdir(parents=True, exist_ok=True)
        (parent / name / "cgroup.procs").write_text(f"{os.getpid()}\n", encoding="ascii")


def kill_and_remove(name: str) -> None:
    """End what still runs in the groups called `name`, and remove them; an empty one may stay."""
    for parent in _parents():
        deadline = time.monotonic() + GONE_TIMEOUT_S
        while (parent / name).exists() and time.monotonic() < deadline:
            _kill(parent / name)
            _remove(parent / name)
            time.sleep(POLL_S)


def folders(proc_self_cgroup: str, mount: Path = MOUNT) -> Iterator[Path]:
    """The groups of a process that systemd cares for: cgroup v2, and beside v1 systemd's own hierarchy.

    Lines are `number:controllers:path`, cgroups(7).
    """
    for line in proc_self_cgroup.splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "name=systemd" and (mount / "systemd").is_dir():
            yield mount / "systemd" / path.lstrip("/")
        elif controllers == "":
            unified = mount if (mount / "cgroup.procs").exists() else mount / "unified"
            yield unified / path.lstrip("/")


def _parents() -> list[Path]:
    return list(folders(Path("/proc/self/cgroup").read_text(encoding="ascii")))


def _hold(group: Path) -> None:
    """Make a group and keep others from sweeping it; one that they swept between the two is made again."""
    while not group.exists():
        group.mkdir()
        with suppress(FileNotFoundError):
            fcntl.flock(os.open(group, os.O_RDONLY), fcntl.LOCK_SH)


def _sweep(stale: Path) -> None:
    """Remove a group whose program is gone: nobody holds its lock."""
    with suppress(OSError):
        descriptor = os.open(stale, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(stale)
        finally:
            os.close(descriptor)


def _kill(group: Path) -> None:
    for members in group.rglob("cgroup.procs"):
        with suppress(OSError):  # Gone meanwhile.
            for pid in members.read_text(encoding="ascii").split():
                os.kill(int(pid), signal.SIGKILL)


def _remove(group: Path) -> None:
    for folder in [*sorted(group.rglob("*/"), reverse=True), group]:
        with suppress(OSError):  # Gone already, or still busy: the caller looks again.
            folder.rmdir()


if __name__ == "__main__":
    enter_new(sys.argv[1])
    os.execvp(sys.argv[2], sys.argv[2:])
