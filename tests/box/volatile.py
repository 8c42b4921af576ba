"""A disk for a box that loses what was not flushed when its power goes.

QEMU's storage daemon makes a file of what `image/volatile.py` offers (qemu-storage-daemon(1), FUSE), and that file is
mounted as a disk is.
"""

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from image.process import run, start
from image.volatile import VolatileCache, copy

SIZE = 1 << 30  # bytes
READY_S = 20.0


class VolatileDisk:
    """An ext4 of its own, mounted at `folder` while the body runs; `file` holds what is really on the disk."""

    def __init__(self, place: Path) -> None:
        self.file = place / "disk.img"
        self.folder = place / "data"
        self._place = place
        self._export = place / "export"
        self.cache = VolatileCache(self.file, place / "nbd", place)
        self._daemon: subprocess.Popen[bytes] | None = None
        self.folder.mkdir(parents=True)
        with self.file.open("wb") as file:
            file.truncate(SIZE)
        run(["mke2fs", "-q", "-F", "-t", "ext4", self.file])

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        run(["umount", self.folder], check=False)
        self.cut()

    def plug(self) -> None:
        """Give the disk power, repair the file system as at a boot, and mount it."""
        repaired = run(["e2fsck", "-p", self.file], check=False)
        assert repaired.returncode <= 1, repaired
        self.cache.start()
        self._export.touch()
        source = f"driver=nbd,node-name=disk,server.type=unix,server.path={self.cache.socket}"
        export = f"type=fuse,id=file,node-name=disk,mountpoint={self._export},writable=on,allow-other=off"
        daemon = ["qemu-storage-daemon", "--blockdev", source, "--export", export]
        self._daemon = start(daemon, output=self._place / "daemon.log")
        _await(lambda: self._export.stat().st_size == SIZE)
        run(["mount", "-o", "loop,noatime", self._export, self.folder])

    def cut(self) -> None:
        """Take the power away: what was not flushed is gone."""
        self.cache.drop()
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait()
        self._daemon = None
        run(["umount", self.folder], check=False)
        run(["umount", self._export], check=False)

    def copy(self, target: Path) -> None:
        """What a power cut would leave now."""
        with self.cache.still():
            copy(self.file, target)


def dumped(disk: Path, paths: tuple[str, ...]) -> Path:
    """A folder with files out of a file system that nothing has mounted, once it is repaired as at a boot."""
    repaired = run(["e2fsck", "-f", "-p", disk], check=False)
    assert repaired.returncode <= 1, repaired
    place = disk.with_suffix(".dump")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for path in paths:
        run(["debugfs", "-R", f"dump /{path} {place / Path(path).name}", disk])
    return place


def _await(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + READY_S
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.05)
