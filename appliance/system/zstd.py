"""Compression, by the zstd program; its frames carry a checksum of their content (RFC 8878)."""

import os
from pathlib import Path

from appliance.system.process import run_and_wait

_LONG_S = 900.0  # a slow card, a full partition


def compress(source: Path, target: Path) -> None:
    """Write `source` to `target`, durably, and read it back from the disk itself. Raises `ProgramFailed`."""
    run_and_wait(["zstd", "-q", "-f", "-6", "--check", str(source), "-o", str(target)], timeout_s=_LONG_S)
    descriptor = os.open(target, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
    verify(target)


def verify(path: Path) -> None:
    """Read a compressed file to its end. Raises `ProgramFailed` when it is damaged or missing."""
    run_and_wait(["zstd", "-q", "-t", str(path)], timeout_s=_LONG_S)


def expand(source: Path, target: Path) -> None:
    """Write the content of `source` to `target`. Raises `ProgramFailed` when it is damaged."""
    run_and_wait(["zstd", "-q", "-d", "-f", str(source), "-o", str(target)], timeout_s=_LONG_S)
