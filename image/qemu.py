"""What QEMU is told of a machine: qemu(1)."""

import base64
import shutil
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

from image import guest
from image.accelerator import OVMF, accelerator
from image.credentials import credentials

CPUS = 2


class Firmware(Enum):
    """What a PC starts with."""

    UEFI = "uefi"
    BIOS = "bios"


def pc(firmware: Firmware, display: str, state: Path) -> list[str]:
    """A PC; UEFI's variables are in the folder `state`."""
    screen = "virtio-gpu-pci" if display != "none" else "VGA"
    machine = ["qemu-system-x86_64", "-machine", "q35", *accelerator(), "-display", display, "-device", screen]
    return machine if firmware is Firmware.BIOS else [*machine, *_uefi(state)]


def _uefi(state: Path) -> list[str]:
    variables = state / "uefi-variables.fd"
    if not variables.exists():
        shutil.copyfile(OVMF / "OVMF_VARS_4M.fd", variables)
    code = f"if=pflash,format=raw,unit=0,readonly=on,file={OVMF / 'OVMF_CODE_4M.fd'}"
    return ["-drive", code, "-drive", f"if=pflash,format=raw,unit=1,file={variables}"]


def devices(memory_mib: int, disk: str, console: Path, forwards: Mapping[int, int], listen: str) -> list[str]:
    """What every machine has: memory, a disk (file or URL), a console that is written to a file, a network, a watchdog.

    `forwards` are ports of the guest and where the host has them, at the address `listen`.
    """
    forwarded = "".join(f",hostfwd=tcp:{listen}:{host}-:{port}" for port, host in forwards.items())
    return [
        *("-m", str(memory_mib), "-smp", str(CPUS), "-nodefaults", "-no-user-config"),
        *("-chardev", f"file,id=console,append=on,path={console}", "-serial", "chardev:console"),
        *("-drive", f"file={disk},format=raw,if=none,id=disk,cache=writeback,discard=unmap"),
        *("-device", "virtio-blk-pci,drive=disk,bootindex=1"),
        *("-netdev", f"user,id=cable{forwarded}", "-device", "virtio-net-pci,netdev=cable"),
        *("-object", "rng-random,id=noise,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=noise"),
        *("-device", "i6300esb", "-action", "watchdog=reset"),
    ]


def ways_in(qmp: Path, channel: Path, state: Path) -> list[str]:
    """QEMU's control socket, and the socket by which programs are run in the guest (`image/guest.py`).

    systemd takes the unit for it, as credentials, from SMBIOS, type 11 (systemd.system-credentials(7)).
    """
    options = [
        *("-qmp", f"unix:{qmp},server=on,wait=off"),
        *("-chardev", f"socket,id=guest,path={channel},server=on,wait=off"),
        *("-device", "virtio-serial-pci"),
        *("-device", f"virtserialport,chardev=guest,name={Path(guest.PORT).name}"),
    ]
    for number, (name, text) in enumerate(credentials().items()):
        place = state / f"credential-{number}"
        encoded = base64.b64encode(text.encode()).decode()
        place.write_text(f"io.systemd.credential.binary:{name}={encoded}", encoding="ascii")
        options += ["-smbios", f"type=11,path={place}"]
    return options
