"""Where everything lies on the disk: a GUID partition table, filled by genimage(1)."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from image.process import run

MIB = 1024 * 1024

# The first partition begins here, and every partition at a multiple of it: no flash has larger blocks.
ALIGNMENT = MIB

# What kind of partition it is (UEFI 2.10, 5.3.3; Discoverable Partitions Specification).
BIOS_BOOT = "21686148-6449-6e6f-744e-656564454649"
EFI_SYSTEM = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
ROOT_X86_64 = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709"
ROOT_ARM64 = "b921b045-1df0-41c3-af44-4c6f280d3fae"
LINUX = "0fc63daf-8483-4772-8e79-3d69d8477de4"
# Of its own kind, since systemd-repart finds the partition that it is to grow by the kind alone.
SERVER_DATA = "3b8f8425-20e0-4f3b-907f-1a25a76f98e8"

# Sizes on every board. A slot holds the root file system of this and of later versions.
SLOT_SIZE = 2048 * MIB
KEEP_SIZE = 256 * MIB
# At the first start it grows to the end of the disk.
DATA_SIZE = 256 * MIB


@dataclass(frozen=True)
class Partition:
    """One partition: its label, its kind (a GUID), its size in bytes, and what is in it (nothing: zeros)."""

    label: str
    kind: str
    size: int
    content: Path | None = None


def identifier(name: str) -> str:
    """A UUID for something in the image, the same in every build."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://parlor.invalid/{name}"))


def lay_out(target: Path, partitions: Sequence[Partition], scratch: Path) -> None:
    """Make the disk image `target`, with holes where there is nothing; `scratch` is an empty folder for genimage."""
    for name in ("empty", "input", "work"):
        (scratch / name).mkdir()
    recipe = scratch / "genimage.cfg"
    recipe.write_text(render(target.name, partitions), encoding="ascii")
    folders = [f"--rootpath={scratch / 'empty'}", f"--inputpath={scratch / 'input'}", f"--tmppath={scratch / 'work'}"]
    run(["genimage", f"--config={recipe}", f"--outputpath={target.parent}", *folders])


def render(name: str, partitions: Iterable[Partition]) -> str:
    """genimage's recipe for a disk with these partitions, in this order."""
    lines = [f'image "{name}" {{', "  hdimage {", '    partition-table-type = "gpt"']
    lines += [f'    disk-uuid = "{identifier("disk")}"', f"    align = {ALIGNMENT}", "  }"]
    for partition in partitions:
        lines += [f'  partition "{partition.label}" {{', f"    size = {partition.size}"]
        lines += [f'    partition-type-uuid = "{partition.kind}"']
        lines += [f'    partition-uuid = "{identifier(partition.label)}"']
        lines += [f'    image = "{partition.content}"'] if partition.content else []
        lines += ["  }"]
    return "\n".join([*lines, "}", ""])
