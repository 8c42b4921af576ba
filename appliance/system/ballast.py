"""Room that is kept for the start of a box whose disk is full.

SQLite makes a file beside each database when it is opened (sqlite.org/walformat.html, "The WAL-Index File Format"):
without room for it no service would start, and nobody could log in to make room.
"""

import os
from pathlib import Path

from appliance.model import DATA

FILE = DATA / "core/ballast"
# ext4 keeps up to 16 MiB for itself, from root as well, and after growing it does so at the next mount only (kernel's
# ext4_calculate_resv_clusters): so much may be missing beyond what services need.
SIZE = 32 * 1024 * 1024


def settle(file: Path = FILE) -> bool:
    """Take the room while there is plenty, give it back when there is none; returns whether the disk is full."""
    free = _free(file.parent)
    if free < SIZE:
        file.unlink(missing_ok=True)
        return True
    if free > 3 * SIZE and not file.exists():
        _take(file)
    return False


def _take(file: Path) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, SIZE)
    except OSError:
        file.unlink()
        raise
    finally:
        os.close(descriptor)


def _free(folder: Path) -> int:
    """Bytes that services may still write."""
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize
