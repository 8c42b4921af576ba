"""What a board keeps twice: RAUC's slots, the partitions behind them and the images in a bundle that fill them.

`rauc(1)`'s system.conf is rendered here for each board, https://rauc.readthedocs.io/en/v1.13/reference.html.
"""

import configparser
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from image.board import Board

# In the root file system, below /.
CONFIGURATION = Path("etc/rauc/system.conf")
KEYRING = Path("usr/share/parlor/keyring.pem")

# The two sides, as the boot loader calls them.
BOOT_NAMES = ("A", "B")


@dataclass(frozen=True)
class SlotClass:
    """One kind of slot: `rootfs` is on the partitions root-a and root-b; in bundles its image is `rootfs.ext4`.

    `type` is RAUC's (ext4, vfat, raw); `parent` names the class it belongs to, without one the boot loader starts it.
    """

    name: str
    partition: str
    type: str
    parent: str = ""

    @property
    def filename(self) -> str:
        """The image's name in a bundle; RAUC knows by the suffix how to write it."""
        return f"{self.name}.{self.type}"

    def device(self, side: int) -> str:
        """The partition of one side, 0 or 1."""
        return f"/dev/disk/by-partlabel/{self.partition}-{BOOT_NAMES[side].lower()}"


ROOT = SlotClass("rootfs", "root", "ext4")
BOOT = SlotClass("boot", "boot", "vfat", parent=ROOT.name)

CLASSES: dict[Board, tuple[SlotClass, ...]] = {
    Board.X86: (ROOT,),
    # The firmware reads kernel and initramfs from a FAT partition, so that is kept twice as well.
    Board.RPI: (ROOT, BOOT),
}

_BOOT_LOADER: dict[Board, dict[str, dict[str, str]]] = {
    Board.X86: {"system": {"bootloader": "grub", "grubenv": "/boot/grub/grubenv"}},
    Board.RPI: {
        "system": {"bootloader": "custom"},
        "handlers": {"bootloader-custom-backend": "/usr/lib/parlor/ota-tryboot"},
    },
}


def compatible(board: Board) -> str:
    """What a bundle must be made for, to be installed on this board."""
    return f"parlor-{board}"


def system_conf(board: Board, version: str) -> str:
    """RAUC's configuration in the tree of this version.

    Only verity bundles: they can be streamed, and no byte of them is used unchecked. Nothing older than the running
    version is installed; going back to the other slot needs no installation and stays possible. Certificates are
    judged by the box's clock, not by the time that a signature claims (docs/releasing.md says why).
    """
    sections = {
        "system": {
            "compatible": compatible(board),
            "min-bundle-version": version,
            "bundle-formats": "verity",
            "data-directory": "/data/rauc",
            "mountprefix": "/run/rauc/mnt",
        },
        "keyring": {
            "path": f"/{KEYRING}",
            "check-crl": "true",
            "check-purpose": "codesign",
            "use-bundle-signing-time": "false",
        },
    }
    for name, options in _BOOT_LOADER[board].items():
        sections.setdefault(name, {}).update(options)
    for kind in CLASSES[board]:
        for side in range(len(BOOT_NAMES)):
            sections[f"slot.{kind.name}.{side}"] = _slot(kind, side)
    return keyfile(sections)


def _slot(kind: SlotClass, side: int) -> dict[str, str]:
    link = {"parent": f"{kind.parent}.{side}"} if kind.parent else {"bootname": BOOT_NAMES[side]}
    return {"device": kind.device(side), "type": kind.type, **link}


def keyfile(sections: Mapping[str, Mapping[str, str]]) -> str:
    """Sections as GLib's key files have them (docs.gtk.org/glib/struct.KeyFile.html)."""
    parser = configparser.ConfigParser(interpolation=None)
    escaped = {name: {key: _escaped(value) for key, value in each.items()} for name, each in sections.items()}
    parser.read_dict(escaped)
    text = io.StringIO()
    parser.write(text, space_around_delimiters=False)
    return text.getvalue()


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")
