"""A disk's cache that loses its content when the power goes, as real disks' caches do.

Between a machine and the file that is its disk, nbdkit keeps every write to itself until the machine flushes
(nbdkit-cache-filter(1)). So the file always holds what a power cut would leave.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from image.process import run, start, tail

READY_S = 20.0
POLL_S = 0.05


class VolatileCache:
    """The cache of the disk in the file `disk`, offered over NBD at `socket`; its own things are in `folder`."""

    def __init__(self, disk: Path, socket: Path, folder: Path) -> None:
        self.socket = socket
        self._disk = disk
        self._folder = folder
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Offer the disk; raises `RuntimeError` when that cannot be done."""
        self.socket.unlink(missing_ok=True)
        server = ["nbdkit", "--foreground", f"--unix={self.socket}", "--filter=cache", "file", str(self._disk)]
        log = self._folder / "nbdkit.log"
        env = {**os.environ, "TMPDIR": str(self._folder)}
        self._server = start([*server, "cache=writeback"], output=log, env=env)
        deadline = time.monotonic() + READY_S
        while not self.socket.exists():
            if time.monotonic() > deadline or self._server.poll() is not None:
                raise RuntimeError(f"{self._disk} cannot be served\n{tail(log)}")
            time.sleep(POLL_S)

    def drop(self) -> None:
        """Take the power away: what was not flushed is gone."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
        self._server = None

    def close(self) -> None:
        """Take the power away after the machine went off; it has flushed then."""
        if self._server is not None:
            self._server.terminate()
            self._server.wait()
        self._server = None

    @contextmanager
    def still(self) -> Iterator[None]:
        """Let the file hold what a power cut would leave now, for as long as the body runs."""
        with paused([self._server.pid] if self._server is not None else []):
            yield


@contextmanager
def paused(pids: Iterable[int]) -> Iterator[None]:
    """Stop processes while the body runs, in this order."""
    stopped = list(pids)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(stopped):
            os.kill(pid, signal.SIGCONT)


def copy(disk: Path, target: Path) -> None:
    """Copy a disk; what is empty takes no room."""
    run(["cp", "--reflink=auto", "--sparse=always", disk, target])
