"""A disk for a box that loses what was not flushed when its power goes.

nbdkit's cache keeps every write to itself until the file system flushes (nbdkit-cache-filter(1)); QEMU's storage daemon
makes a file of it (qemu-storage-daemon(1), FUSE), and that file is mounted as a disk is.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from image.process import run, start

SIZE = 1 << 30  # bytes
READY_S = 20.0


class VolatileDisk:
    """An ext4 of its own, mounted at `folder` while the body runs; `file` holds what is really on the disk."""

    def __init__(self, place: Path) -> None:
        self.file = place / "disk.img"
        self.folder = place / "data"
        self._place = place
        self._export = place / "export"
        self._socket = place / "nbd"
        self._cache: subprocess.Popen[bytes] | None = None
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
        env = {**os.environ, "TMPDIR": str(self._place)}
        server = ["nbdkit", "--foreground", f"--unix={self._socket}", "--filter=cache", "file", str(self.file)]
        self._cache = start([*server, "cache=writeback"], output=self._place / "nbdkit.log", env=env)
        _await(self._socket.exists)
        self._export.touch()
        source = f"driver=nbd,node-name=disk,server.type=unix,server.path={self._socket}"
        export = f"type=fuse,id=file,node-name=disk,mountpoint={self._export},writable=on,allow-other=off"
        daemon = ["qemu-storage-daemon", "--blockdev", source, "--export", export]
        self._daemon = start(daemon, output=self._place / "daemon.log")
        _await(lambda: self._export.stat().st_size == SIZE)
        run(["mount", "-o", "loop,noatime", self._export, self.folder])

    def cut(self) -> None:
        """Take the power away: what was not flushed is gone."""
        for program in (self._cache, self._daemon):
            if program is not None:
                program.kill()
                program.wait()
        self._cache = self._daemon = None
        run(["umount", self.folder], check=False)
        run(["umount", self._export], check=False)
        self._socket.unlink(missing_ok=True)

    @contextmanager
    def still(self) -> Iterator[None]:
        """Let `file` hold what a power cut would leave, for as long as the body runs."""
        assert self._cache is not None
        os.kill(self._cache.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._cache.pid, signal.SIGCONT)

    def copy(self, target: Path) -> None:
        """What a power cut would leave now."""
        with self.still():
            run(["cp", "--sparse=always", self.file, target])


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
