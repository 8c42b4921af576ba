"""What people download: the image as one compressed file, and beside it what flashing programs want to know.

xz, since both Raspberry Pi Imager and balenaEtcher read it, and it makes the smallest file of what they read. Level 6
makes it 9 % smaller than level 1 and takes four times as long (10 minutes of one processor for 1 GB of files): well
spent on a release, which many download. The map (bmaptool(1)) lets a disk be flashed without writing what is empty.
The JSON is an entry for Raspberry Pi Imager's list (`os_list`).
"""

import datetime as dt
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from image.board import Board
from image.cache import BUILD, LOGS
from image.os_list import Offer, os_list
from image.process import run
from image.progress import step

IMAGES = BUILD / "images"

# Blocks are compressed on all processors; a fixed size makes the file the same on every machine.
COMPRESS = ("xz", "--threads=0", "--block-size=16MiB", "--keep", "--force")

PURPOSE = {Board.X86: "a PC", Board.RPI: "a Raspberry Pi 4 or 5"}


@dataclass(frozen=True)
class Packed:
    """The files of one image; sizes in bytes, hashes SHA-256 in hexadecimal, of the file and of what it unpacks to."""

    file: Path
    size: int
    sha256: str
    unpacked_size: int
    unpacked_sha256: str

    @property
    def map(self) -> Path:
        """Which blocks are in use, for bmaptool."""
        return self._beside("bmap")

    @property
    def entry(self) -> Path:
        """Its entry in an `os_list`."""
        return self._beside("json")

    @property
    def checksum(self) -> Path:
        """As sha256sum(1) writes and checks it."""
        return self.file.with_name(f"{self.file.name}.sha256")

    def _beside(self, suffix: str) -> Path:
        return self.file.with_name(f"{self.file.name.removesuffix('.img.xz')}.{suffix}")


def pack(disk: Path, board: Board, version: str) -> Packed:
    """Compress a disk image into build/images, and write map, checksum and `os_list` entry beside it."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    target = IMAGES / f"parlor-{board}-{version}.img.xz"
    with step("compressing"):
        _compress(disk, target, level=1 if "-" in version else 6)
    with step("checksums"):
        size = target.stat().st_size
        packed = Packed(target, size, _sha256(target), disk.stat().st_size, _sha256(disk))
        packed.checksum.write_text(f"{packed.sha256}  {target.name}\n", encoding="ascii")
        packed.entry.write_text(
            os_list(_offer(packed, version), board, os.environ.get("IMAGE_URL", "")), encoding="utf-8"
        )
        run(["bmaptool", "--quiet", "create", "--output", packed.map, disk])
    return packed


def _offer(packed: Packed, version: str) -> Offer:
    made = dt.datetime.fromtimestamp(packed.file.stat().st_mtime, dt.UTC).date()
    return Offer(
        packed.file.name, version, made, packed.size, packed.sha256, packed.unpacked_size, packed.unpacked_sha256
    )


def instructions(packed: Packed, board: Board) -> str:
    """What the person needs to know now, on one screen."""
    name = packed.file.relative_to(BUILD.parent)
    return "\n".join(
        [
            "",
            f"  {name}",
            f"  {packed.size / 1e6:.0f} MB, needs a disk or card of {packed.unpacked_size / 1e9:.1f} GB or more",
            f"  SHA-256 {packed.sha256}",
            "",
            f"It is for {PURPOSE[board]}. Write it to a card, a stick or a disk, which loses all that was on it:",
            "  Raspberry Pi Imager   choose OS → Use custom → the file; no customisation",
            "  balenaEtcher          Flash from file → the file",
            f"  Linux                 sudo bmaptool copy {name} /dev/DISK",
            f"                        or: xzcat {name} | sudo dd of=/dev/DISK bs=4M conv=fsync",
            "",
            "Then, if you like, put a parlor.toml (docs/provisioning.md) on its partition PARLOR.",
            "Start from it, with a network cable: the screen shows name, address and claim code,",
            "and http://parlor.local leads through the rest.",
            "",
        ]
    )


def _compress(disk: Path, target: Path, level: int) -> None:
    """xz writes beside what it reads: so it reads through a link."""
    link = target.with_suffix("")
    link.unlink(missing_ok=True)
    link.symlink_to(disk)
    try:
        run([*COMPRESS, f"-{level}", link], log=LOGS / "compress.log")
    finally:
        link.unlink()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
