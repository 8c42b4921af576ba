"""The disk of an x86 PC, for UEFI and for a legacy BIOS."""

import tempfile
from pathlib import Path

from image.cache import BUILD
from image.disk import grub
from image.disk.filesystem import make_fat
from image.disk.layout import (
    BIOS_BOOT,
    EFI_SYSTEM,
    MIB,
    ROOT_X86_64,
    Partition,
    lay_out,
)
from image.disk.system import system_partitions

BIOS_SIZE = MIB
BOOT_SIZE = 256 * MIB
VOLUME_LABEL = "PARLOR"

BOOT_NUMBER = 2
SLOTS = (grub.Slot("A", 3, "root-a"), grub.Slot("B", 4, "root-b"))

README = """\
This is the boot partition of a Parlor.

Put your parlor.toml here before the first start, and the box sets itself up
by it (docs/provisioning.md says what goes in). Or put nothing here, and open
http://parlor.local in a browser once the box has started.

A file named factory-reset here makes the box erase everything people made at
its next start.

Leave the folders EFI and grub as they are: the box starts from them. Secure
Boot has to be switched off in the machine's own setup.
"""


def make_disk(target: Path, slot: Path) -> None:
    """Make the disk image `target` with the file `slot` in its first slot."""
    with tempfile.TemporaryDirectory(prefix="disk-", dir=BUILD) as place:
        scratch = Path(place)
        lay_out(target, _partitions(slot, scratch), scratch)
    with target.open("r+b") as disk:
        disk.write(grub.bios_boot_sector())


def boot_files() -> dict[str, bytes]:
    """What is on the boot partition of a new image."""
    return {
        "EFI/BOOT/BOOTX64.EFI": grub.efi_program(),
        "grub/grub.cfg": grub.configuration(SLOTS).encode("ascii"),
        "grub/grubenv": grub.environment(grub.FIRST_ENVIRONMENT),
        "grub/fallback": grub.environment(grub.FALLBACK_ENVIRONMENT),
        "README.txt": README.replace("\n", "\r\n").encode("ascii"),
    }


def _partitions(slot: Path, scratch: Path) -> list[Partition]:
    core, boot = scratch / "core.img", scratch / "boot.img"
    core.write_bytes(grub.bios_core(BOOT_NUMBER))
    make_fat(boot, VOLUME_LABEL, BOOT_SIZE, boot_files())
    return [
        Partition("bios", BIOS_BOOT, BIOS_SIZE, core),
        Partition("boot", EFI_SYSTEM, BOOT_SIZE, boot),
        *system_partitions(ROOT_X86_64, slot, scratch),
    ]
