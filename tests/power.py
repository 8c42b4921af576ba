"""Power cuts for code that writes files: between any two of its system calls, what was not flushed lost or kept.

Watches `os.pwrite`, `os.fsync` and `os.replace`, which is how durable code writes; all else counts as done at once.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest.mock import patch

_pwrite, _fsync, _replace = os.pwrite, os.fsync, os.replace


class PowerCut(BaseException):
    """Nothing that runs may catch it."""


class Mains:
    """The power of one machine. `cut_after` is the number of steps that still happen; None for as many as come."""

    def __init__(self) -> None:
        self.cut_after: int | None = None
        # How to undo what was not flushed, newest last, by the inode that a flush would have to name.
        self._unflushed: list[tuple[int, Callable[[], None]]] = []
        self._flushed: set[int] = set()

    @contextmanager
    def on(self) -> Iterator[None]:
        """Watch the system calls of the body."""
        with (
            patch.object(os, "pwrite", self._on_pwrite),
            patch.object(os, "fsync", self._on_fsync),
            patch.object(os, "replace", self._on_replace),
        ):
            yield

    def fail(self, *, lose: bool) -> None:
        """The power is gone; what was not flushed is lost, or by chance is not."""
        if lose:
            for _inode, undo in reversed(self._unflushed):
                undo()
        self._unflushed.clear()
        self.cut_after = None

    def _step(self) -> None:
        if self.cut_after is not None:
            if self.cut_after == 0:
                raise PowerCut
            self.cut_after -= 1

    def _on_pwrite(self, descriptor: int, content: bytes, offset: int) -> int:
        self._step()
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        before = path.read_bytes()
        self._unflushed.append((os.fstat(descriptor).st_ino, lambda: _put(path, before)))
        return _pwrite(descriptor, content, offset)

    def _on_fsync(self, descriptor: int) -> None:
        self._step()
        _fsync(descriptor)
        inode = os.fstat(descriptor).st_ino
        self._flushed.add(inode)
        self._unflushed = [each for each in self._unflushed if each[0] != inode]

    def _on_replace(self, source: Path, target: Path) -> None:
        self._step()
        target = Path(target)
        before = target.read_bytes() if target.exists() else None
        inode = Path(source).stat().st_ino
        if inode not in self._flushed:  # The name may be on the disk, and nothing behind it.
            self._unflushed.append((inode, lambda: _put(target, b"")))
        self._flushed.discard(inode)
        self._unflushed.append((target.parent.stat().st_ino, lambda: _put(target, before)))
        _replace(source, target)


def _put(path: Path, content: bytes | None) -> None:
    if content is None:
        with suppress(FileNotFoundError):
            path.unlink()
    else:
        path.write_bytes(content)
