"""What the kernel has found wrong in the file system on `/data`."""

import os
from pathlib import Path

from appliance.model import DATA

SYS = Path("/sys")


def errors(folder: Path = DATA, sys: Path = SYS) -> int:
    """How many errors are noted in the ext4 that holds a folder (`/sys/fs/ext4/<disk>/errors_count`).

    Linux, Documentation/ABI/testing/sysfs-fs-ext4. The note is in the superblock: after a restart it is there until
    e2fsck has mended the file system. Another file system has none.
    """
    device = folder.stat().st_dev
    name = (sys / "dev/block" / f"{os.major(device)}:{os.minor(device)}").resolve().name
    count = sys / "fs/ext4" / name / "errors_count"
    return int(count.read_text()) if count.exists() else 0
