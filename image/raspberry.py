"""Where the Raspberry Pi's base takes newer packages from than the other boards' does."""

import shutil
from pathlib import Path

from image import sources

# The kernel and Wi-Fi's firmware know the Raspberry Pi 5 in backports only. The boot firmware of a Raspberry Pi 4 finds
# a second boot partition of a GPT since 2025, which is newer than trixie: it alone comes from Debian's next release.
NEXT = "forky"
PINS = f"""\
Package: linux-image-arm64 linux-headers-arm64 linux-*-arm64 linux-*-common linux-kbuild-* linux-base firmware-brcm80211
Pin: release n=trixie-backports
Pin-Priority: 990

Package: raspi-firmware
Pin: release n={NEXT}
Pin-Priority: 990

Package: *
Pin: release n={NEXT}
Pin-Priority: -1
"""


def add_sources(root: Path) -> None:
    """Take kernel and firmware from where they are newest (a hook)."""
    sources.add_suite(root, "deb", "trixie-backports")
    # It is still being made: its Release file may be past its date between two of its publications.
    sources.add_suite(root, "deb", NEXT, "check-valid-until=no")
    (root / "etc/apt/preferences.d/raspberry").write_text(PINS, encoding="ascii")


def drop_boot_files(root: Path) -> None:
    """Remove the boot partition that raspi-firmware fills while it is installed: the image has its own (a hook)."""
    shutil.rmtree(root / "boot/firmware", ignore_errors=True)
