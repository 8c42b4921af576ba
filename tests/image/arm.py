"""A virtual arm64 machine with a disk image of the Raspberry Pi: everything but the Pi's firmware and its devices.

QEMU's own Raspberry Pi has neither PCIe nor Ethernet. So kernel and initramfs come from the tree, as the firmware takes
them from the slot's boot partition, and UEFI is there only to hand systemd its credentials.
"""

from collections.abc import Sequence
from pathlib import Path

from image import guest
from image.disk.rpi import command_line
from image.tree import Tree
from image.vm import CPUS, Vm

FIRMWARE = Path("/usr/share/qemu-efi-aarch64/QEMU_EFI.fd")
# The Raspberry Pi 4's.
PROCESSOR = "cortex-a72"


class ArmVm(Vm):
    """`Vm` with another machine: `virt`, emulated. It starts slot A."""

    def __init__(self, name: str, disk: Path, tree: Tree, options: Sequence[str] = ()) -> None:
        super().__init__(name, disk, options=options)
        self._boot_files = tree.base / "boot"

    def _command(self) -> list[str]:
        forwards = "".join(f",hostfwd=tcp:127.0.0.1:{host}-:{port}" for port, host in self.ports.items())
        return [
            *("qemu-system-aarch64", "-name", self.name, "-machine", "virt", "-cpu", PROCESSOR),
            *("-accel", "tcg,thread=multi", "-bios", str(FIRMWARE)),
            *("-kernel", str(self._boot_files / "vmlinuz"), "-initrd", str(self._boot_files / "initrd.img")),
            *("-append", f"{command_line('A')} console=ttyAMA0"),
            *("-m", str(self._memory_mib), "-smp", str(CPUS), "-nodefaults", "-no-user-config", "-display", "none"),
            *("-chardev", f"file,id=console,append=on,path={self.console}", "-serial", "chardev:console"),
            *self._drive(),
            *("-netdev", f"user,id=cable{forwards}", "-device", "virtio-net-pci,netdev=cable"),
            *("-object", "rng-random,id=noise,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=noise"),
            *("-device", "i6300esb", "-action", "watchdog=reset"),
            *("-qmp", f"unix:{self._sockets / 'qmp'},server=on,wait=off"),
            *("-chardev", f"socket,id=guest,path={self._sockets / 'guest'},server=on,wait=off"),
            *("-device", "virtio-serial-pci"),
            *("-device", f"virtserialport,chardev=guest,name={Path(guest.PORT).name}"),
            *self._credentials(),
            *self._options,
        ]
