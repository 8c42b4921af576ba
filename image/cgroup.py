"""A control group for each box, below our own: two systemds in one would end each other's services."""

import os
import signal
import sys
import time
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")
GONE_TIMEOUT_S = 10.0
POLL_S = 0.02


def own_groups() -> list[Path]:
    """The folders of our own groups that systemd cares for: cgroup v2, and systemd's own hierarchy beside v1."""
    lines = Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines()
    return [path for line in lines for path in [_folder(line)] if path is not None]


def enter_new(name: str) -> None:
    """Make groups called `name` below our own and move this process into them."""
    for group in own_groups():
        (group / name).mkdir(exist_ok=True)
        (group / name / "cgroup.procs").write_text(f"{os.getpid()}\n", encoding="ascii")


def kill_and_remove(name: str) -> None:
    """End what still runs in the groups called `name` below our own, and remove them."""
    deadline = time.monotonic() + GONE_TIMEOUT_S
    for group in own_groups():
        while (group / name).exists() and time.monotonic() < deadline:
            _kill(group / name)
            try:
                _remove(group / name)
            except OSError:  # A process that was just ended still counts as a member.
                time.sleep(POLL_S)


def _folder(line: str) -> Path | None:
    """A line of /proc/self/cgroup is `number:controllers:path` (cgroups(7))."""
    _, controllers, path = line.split(":", 2)
    if controllers == "name=systemd":
        return MOUNT / "systemd" / path.lstrip("/")
    if controllers == "":
        mount = MOUNT if (MOUNT / "cgroup.procs").exists() else MOUNT / "unified"
        return mount / path.lstrip("/")
    return None


def _kill(group: Path) -> None:
    for members in group.rglob("cgroup.procs"):
        for pid in members.read_text(encoding="ascii").split():
            if pid != "0":  # Of another process namespace: not ours.
                os.kill(int(pid), signal.SIGKILL)


def _remove(group: Path) -> None:
    for folder in sorted(group.rglob("*/"), reverse=True):
        folder.rmdir()
    group.rmdir()


if __name__ == "__main__":
    enter_new(sys.argv[1])
    os.execvp(sys.argv[2], sys.argv[2:])
