"""A virtual arm64 machine with a disk image of the Raspberry Pi: everything but the Pi's firmware and its devices.

QEMU's own Raspberry Pi has neither PCIe nor Ethernet. So kernel and initramfs come from the tree, as the firmware takes
them from the slot's boot partition, and UEFI is there only to hand systemd its credentials.
"""

from collections.abc import Sequence
from pathlib import Path

from image.disk.rpi import command_line
from image.tree import Tree
from image.vm import Vm

FIRMWARE = Path("/usr/share/qemu-efi-aarch64/QEMU_EFI.fd")
# The Raspberry Pi 4's.
PROCESSOR = "cortex-a72"


class ArmVm(Vm):
    """`Vm` with another machine: `virt`, emulated. It starts slot A."""

    def __init__(self, name: str, disk: Path, tree: Tree, options: Sequence[str] = ()) -> None:
        super().__init__(name, disk, options=options)
        self._boot_files = tree.base / "boot"

    def _machine(self) -> list[str]:
        return [
            *("qemu-system-aarch64", "-machine", "virt", "-cpu", PROCESSOR, "-accel", "tcg,thread=multi"),
            *("-bios", str(FIRMWARE), "-display", "none"),
            *("-kernel", str(self._boot_files / "vmlinuz"), "-initrd", str(self._boot_files / "initrd.img")),
            *("-append", f"{command_line('A')} console=ttyAMA0"),
        ]
