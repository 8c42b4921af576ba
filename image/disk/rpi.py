"""The disk of a Raspberry Pi 4 or 5: one image for both.

The first partition holds what people put there and autoboot.txt, which names the boot partition to start. It holds
nothing to boot, so that the firmware goes on to slot A when autoboot.txt is lost. Each slot has a boot partition (the
firmware reads FAT only) and a root. All that the firmware reads lies first, side by side, of a size that leaves no
doubt that it is FAT32: its readers of a GPT want it so (github.com/raspberrypi/rpi-eeprom, issues 668 and 818).
"""

import tempfile
from pathlib import Path

from image.cache import BUILD, built, digest, fingerprint
from image.disk import filesystem
from image.disk.filesystem import make_fat
from image.disk.layout import (
    MIB,
    ROOT_ARM64,
    Partition,
    lay_out,
)
from image.disk.system import system_partitions
from image.process import run
from image.progress import step
from image.tree import Tree

# The firmware takes partitions of this kind for bootable, and Windows shows them.
BASIC_DATA = "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"
# An attribute of such a partition: no drive letter. Windows, and Linux desktops, then leave it alone.
NO_DRIVE_LETTER = "GUID:63"

BOOT_SIZE = 64 * MIB
VOLUME_LABEL = "PARLOR"
# Kernel and initramfs take 90 MB; more than 260 MiB get clusters of 4 KiB, which are read faster.
SLOT_BOOT_SIZE = 320 * MIB
SLOT_VOLUME_LABEL = "PARLOR-SYS"

NAME = "boot.img"
BOOT_NUMBERS = {"A": 2, "B": 3}

# The firmware's own files for a Raspberry Pi 4; the 5 has all of it in its EEPROM.
FIRMWARE = Path("usr/lib/raspi-firmware")
FIRMWARE_FILES = ("start4.elf", "fixup4.dat")
LICENCE = Path("usr/share/doc/raspi-firmware/copyright")
# Both boards' device trees, and what the firmware of a 5 of the newer stepping asks for first.
DEVICE_TREES = ("bcm2711-rpi-*.dtb", "bcm2712-*rpi-*.dtb")
SAME_DEVICE_TREE = {"bcm2712-d-rpi-5-b.dtb": "bcm2712d0-rpi-5-b.dtb"}

KERNEL_OPTIONS = ("rootwait", "ro", "panic=10", "oops=panic", "quiet", "systemd.gpt_auto=0", "console=tty0")

CONFIG = """\
# Written with this version of Parlor and replaced by the next: nothing that you
# change here stays. https://www.raspberrypi.com/documentation/computers/config_txt.html
arm_64bit=1
kernel=vmlinuz
initramfs initrd.img followkernel
# Debian's device trees have the names of the upstream kernel's.
upstream_kernel=1
enable_uart=0

# A television: all of its picture, also when it is switched on later than the box.
disable_overscan=1
disable_splash=1
hdmi_force_hotplug=1

# A system that does not come up is given up. Its initramfs takes the watchdog over.
dtparam=watchdog=on
kernel_watchdog_timeout=300

{slots}
[all]
"""

AUTOBOOT = """\
[all]
tryboot_a_b=1
boot_partition={first}
[tryboot]
boot_partition={second}
"""

README = """\
This is the boot partition of a Parlor.

Put your parlor.toml here before the first start, and the box sets itself up
by it (docs/provisioning.md says what goes in). Or put nothing here, and open
http://parlor.local in a browser once the box has started.

A file named factory-reset here makes the box erase everything people made at
its next start.

Leave autoboot.txt as it is: it says which version starts.

A Raspberry Pi 4 needs a boot loader of November 2022 or newer to update
itself; Raspberry Pi Imager writes it (Misc utility images, Bootloader).
"""

SLOT_README = """\
The part of a Parlor that its boot loader reads. There is nothing here for you:
an update replaces all of it. Your parlor.toml goes on the volume PARLOR.
"""


def make_disk(target: Path, slot: Path, boot: Path) -> None:
    """Make the disk image `target` with the file `slot` in its first slot, and `boot` in that slot's boot partition."""
    with tempfile.TemporaryDirectory(prefix="disk-", dir=BUILD) as place:
        scratch = Path(place)
        lay_out(target, _partitions(slot, boot, scratch), scratch)
    for number in BOOT_NUMBERS.values():
        run(["sfdisk", "--quiet", "--part-attrs", target, str(number), NO_DRIVE_LETTER])


def boot_image(tree: Tree) -> Path:
    """What goes into a boot partition with a tree's root, the same for both slots; made if it is not there yet."""
    recipe = [Path(__file__), Path(str(filesystem.__file__))]
    key = digest([tree.base.name, *fingerprint(recipe)])

    def build(target: Path) -> None:
        target.mkdir()
        with step("the slot's boot partition"):
            make_fat(target / NAME, SLOT_VOLUME_LABEL, SLOT_BOOT_SIZE, slot_boot_files(tree.base))

    return built(f"boot-{tree.board}", key, build) / NAME


def boot_files() -> dict[str, bytes]:
    """What is on the first partition of a new image."""
    first, second = BOOT_NUMBERS["A"], BOOT_NUMBERS["B"]
    return {
        "autoboot.txt": AUTOBOOT.format(first=first, second=second).encode("ascii"),
        "README.txt": _for_windows(README),
    }


def slot_boot_files(base: Path) -> dict[str, bytes]:
    """What is on the boot partition of a slot, whose root is on `base`."""
    files = {
        **{name: (base / FIRMWARE / name).read_bytes() for name in FIRMWARE_FILES},
        **{f"overlays/{path.name}": path.read_bytes() for path in sorted((base / FIRMWARE / "overlays").iterdir())},
        "LICENCE.txt": (base / LICENCE).read_bytes(),
        "vmlinuz": (base / "boot/vmlinuz").read_bytes(),
        "initrd.img": (base / "boot/initrd.img").read_bytes(),
        "README.txt": _for_windows(SLOT_README),
    }
    trees = next((base / "usr/lib/modules").iterdir()) / "dtb/broadcom"
    files |= {path.name: path.read_bytes() for pattern in DEVICE_TREES for path in sorted(trees.glob(pattern))}
    files |= {also: files[name] for name, also in SAME_DEVICE_TREE.items() if name in files}
    files |= {_command_line_file(slot): f"{command_line(slot)}\n".encode("ascii") for slot in BOOT_NUMBERS}
    # A boot loader from before 2022 reads the second name in a try boot, which it makes into the slot that ran.
    return files | dict.fromkeys(("config.txt", "tryboot.txt"), config().encode("ascii"))


def config() -> str:
    """config.txt, the same in both slots: by the partition it is read from, the firmware takes the slot's root."""
    slots = [f"[boot_partition={number}]\ncmdline={_command_line_file(slot)}" for slot, number in BOOT_NUMBERS.items()]
    return CONFIG.format(slots="\n".join(slots))


def command_line(slot: str) -> str:
    """What the kernel is told when this slot starts."""
    return " ".join([f"root=PARTLABEL=root-{slot.lower()}", f"rauc.slot={slot}", *KERNEL_OPTIONS])


def _command_line_file(slot: str) -> str:
    return f"cmdline-{slot.lower()}.txt"


def _partitions(slot: Path, boot: Path, scratch: Path) -> list[Partition]:
    people, empty = scratch / "people.img", scratch / "empty.img"
    make_fat(people, VOLUME_LABEL, BOOT_SIZE, boot_files())
    make_fat(empty, SLOT_VOLUME_LABEL, SLOT_BOOT_SIZE, {"README.txt": _for_windows(SLOT_README)})
    return [
        Partition("boot", BASIC_DATA, BOOT_SIZE, people),
        Partition("boot-a", BASIC_DATA, SLOT_BOOT_SIZE, boot),
        Partition("boot-b", BASIC_DATA, SLOT_BOOT_SIZE, empty),
        *system_partitions(ROOT_ARM64, slot, scratch),
    ]


def _for_windows(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode("ascii")
