"""The partition of the last good state: mounted by the units that write or read it, and only while they do."""

from pathlib import Path

FOLDER = Path("/run/parlor-keep")


def is_mounted(folder: Path = FOLDER) -> bool:
    """Whether there is such a partition, and it could be mounted; a container has none."""
    return folder.is_mount()
