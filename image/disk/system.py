"""What every board's disk ends with: two systems, the last good state, and people's data."""

from pathlib import Path

from image.disk.filesystem import make_data
from image.disk.layout import DATA_SIZE, KEEP_SIZE, LINUX, SERVER_DATA, SLOT_SIZE, Partition


def system_partitions(kind: str, slot: Path, scratch: Path) -> list[Partition]:
    """The last four partitions: `kind` is the GUID of the architecture's root, `slot` the file in the first of both."""
    keep, data = scratch / "keep.img", scratch / "data.img"
    make_data(keep, "keep", KEEP_SIZE)
    make_data(data, "data", DATA_SIZE)
    return [
        Partition("root-a", kind, SLOT_SIZE, slot),
        Partition("root-b", kind, SLOT_SIZE),
        Partition("keep", LINUX, KEEP_SIZE, keep),
        Partition("data", SERVER_DATA, DATA_SIZE, data),
    ]
