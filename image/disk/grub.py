"""GRUB for an x86 PC: started by UEFI and by a legacy BIOS, and choosing the slot as RAUC tells it.

RAUC keeps its choice in GRUB's environment (https://rauc.readthedocs.io/en/latest/integration.html#grub): `ORDER` has
the slots, the preferred one first; `A_OK` is 1 for a slot that can be trusted; `A_TRY` counts the starts since somebody
called that slot good.
"""

import struct
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from image.disk.layout import ALIGNMENT
from image.process import run

MODULES = Path("/usr/lib/grub")
SECTOR = 512

# What both need to read the disk and to run grub.cfg.
BOTH = (
    *("part_gpt", "fat", "ext2", "normal", "configfile", "linux", "boot", "loadenv", "regexp", "test", "echo"),
    *("sleep", "reboot", "all_video"),
)

# Where boot.img says at which sector the next stage is, and the two bytes that make it trust the BIOS's drive number
# (grub-core/boot/i386/pc/boot.S: kernel_sector, boot_drive_check); where that stage has its own list of sectors
# (diskboot.S: the first entry of blocklist_default_start's list, counted from the end of the first sector).
BOOT_NEXT = 0x5C
BOOT_DRIVE_CHECK = 0x66
CORE_BLOCKS = 0x1F4
# Before the table of partitions of an MBR, and the disk's signature.
MBR_CODE = 440

# A slot that was not called good after so many starts is given up in favour of the other.
TRIES = 3

# The environment of a new image: slot A is filled and good, slot B is empty.
FIRST_ENVIRONMENT = {"ORDER": "A B", "A_OK": "1", "A_TRY": "0", "B_OK": "0", "B_TRY": "0"}
# GRUB's environment is overwritten in place, so a power cut may leave it damaged. Then tries are counted in this one
# until the system has mended the other: nobody knows any more which slot is good.
FALLBACK_ENVIRONMENT = {**FIRST_ENVIRONMENT, "B_OK": "1"}


@dataclass(frozen=True)
class Slot:
    """A slot as GRUB sees it: its name, and the number and label of its partition."""

    name: str
    number: int
    label: str


# What the kernel is told on every start. A kernel that is lost starts anew instead of waiting for somebody; there is
# no other disk for systemd to find anything on. Its words go to a serial port as well, if there is one.
KERNEL_OPTIONS = (
    *("ro", "panic=10", "oops=panic", "quiet", "systemd.gpt_auto=0"),
    *("console=ttyS0,115200", "console=tty0"),
)


def efi_program() -> bytes:
    """What UEFI starts from a disk's EFI system partition, as EFI/BOOT/BOOTX64.EFI; it reads /grub there."""
    return _make("x86_64-efi", "/grub", [*BOTH, "efi_gop", "efi_uga"])


def bios_core(boot_partition: int) -> bytes:
    """GRUB's second stage for a BIOS, to lie where the first partition begins; it reads /grub on that partition."""
    core = bytearray(_make("i386-pc", f"(,gpt{boot_partition})/grub", [*BOTH, "biosdisk"]))
    struct.pack_into("<Q", core, CORE_BLOCKS, ALIGNMENT // SECTOR + 1)
    return bytes(core)


def bios_boot_sector() -> bytes:
    """GRUB's first stage for a BIOS: the first 440 bytes of the disk."""
    boot = bytearray((MODULES / "i386-pc/boot.img").read_bytes())
    struct.pack_into("<Q", boot, BOOT_NEXT, ALIGNMENT // SECTOR)
    boot[BOOT_DRIVE_CHECK : BOOT_DRIVE_CHECK + 2] = b"\x90\x90"
    return bytes(boot[:MBR_CODE])


def environment(values: Mapping[str, str]) -> bytes:
    """A file with GRUB's environment."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch, "grubenv")
        run(["grub-editenv", place, "create"])
        run(["grub-editenv", place, "set", *(f"{name}={value}" for name, value in values.items())])
        return place.read_bytes()


def configuration(slots: Sequence[Slot]) -> str:
    """grub.cfg: find the slot to start, count the try, start it."""
    names = " ".join(slot.name for slot in slots)
    variables = " ".join(f"{slot.name}_OK {slot.name}_TRY" for slot in slots)
    tries = " ".join(f"{slot.name}_TRY" for slot in slots)
    lines = [
        "# What is chosen where: ORDER, *_OK and *_TRY are in grubenv, written by RAUC and counted here.",
        *(f"set {slot.name}_OK=1\nset {slot.name}_TRY=0" for slot in slots),
        "set environment=grubenv",
        f'load_env --file "$prefix/$environment" ORDER {variables}',
        "# It is damaged.",
        'if [ -z "$ORDER" ]; then',
        "  set environment=fallback",
        f'  load_env --file "$prefix/$environment" ORDER {variables}',
        "fi",
        f'if [ -z "$ORDER" ]; then set ORDER="{names}"; fi',
        "",
        "# The disk that this file is on, as hd0.",
        "regexp --set=1:disk '^([^,]+)' \"$root\"",
        "",
        "# The first slot that is good and was not tried too often.",
        *_choice(slots, tried=True, good=True),
        "# All were tried too often: perhaps the power was cut each time. They all get new tries.",
        'if [ -z "$slot" ]; then',
        *(f"  set {slot.name}_TRY=0" for slot in slots),
        "fi",
        *_choice(slots, tried=True, good=True),
        "# None is good: any that has a kernel is better than nothing.",
        *_choice(slots, tried=False, good=False),
        "",
        *(line for slot in slots for line in _count(slot)),
        f'save_env --file "$prefix/$environment" {tries}',
        "",
        *(line for slot in slots for line in _start(slot)),
        'echo "Parlor does not start from system $slot. Trying again in 10 seconds."',
        "sleep 10",
        "reboot",
        "",
    ]
    return "\n".join(lines)


def _choice(slots: Sequence[Slot], *, tried: bool, good: bool) -> list[str]:
    """Set `slot` to the first in ORDER that can be started, unless one was found before."""
    lines = ["for each in $ORDER; do"]
    for slot in slots:
        tests = ['-z "$slot"', f'"$each" = {slot.name}', f'-f "{_place(slot)}/vmlinuz"']
        tests += [f'"${slot.name}_OK" = 1'] if good else []
        tests += [f'"${slot.name}_TRY" != {TRIES}'] if tried else []
        lines.append(f"  if [ {' -a '.join(tests)} ]; then set slot={slot.name}; fi")
    return [*lines, "done"]


def _count(slot: Slot) -> list[str]:
    """GRUB cannot add."""
    name = f"{slot.name}_TRY"
    lines = [f'if [ "$slot" = {slot.name} ]; then']
    for number in range(TRIES):
        word = "if" if number == 0 else "elif"
        lines.append(f'  {word} [ "${name}" = {number} ]; then set {name}={number + 1}')
    return [*lines, f"  else set {name}=1; fi", "fi"]


def _start(slot: Slot) -> list[str]:
    options = " ".join([f"root=PARTLABEL={slot.label}", f"rauc.slot={slot.name}", *KERNEL_OPTIONS])
    return [
        f'if [ "$slot" = {slot.name} ]; then',
        f'  echo "Parlor starts from system {slot.name}, try ${slot.name}_TRY."',
        f'  linux "{_place(slot)}/vmlinuz" {options}',
        f'  initrd "{_place(slot)}/initrd.img"',
        "  boot",
        "fi",
    ]


def _place(slot: Slot) -> str:
    return f"($disk,gpt{slot.number})/boot"


def _make(platform: str, prefix: str, modules: Sequence[str]) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch, "image")
        command = ["grub-mkimage", f"--format={platform}", f"--directory={MODULES / platform}", f"--prefix={prefix}"]
        run([*command, f"--output={target}", *modules])
        return target.read_bytes()
