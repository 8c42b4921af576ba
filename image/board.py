"""The boards that an image is built for: each has its architecture and its packages on top of base.txt."""

from enum import StrEnum

from image import debian
from image.cache import REPOSITORY

PACKAGES = REPOSITORY / "image/packages"


class Board(StrEnum):
    """What a person flashes: an x86 PC, or a Raspberry Pi 4 or 5."""

    X86 = "x86"
    RPI = "rpi"

    @property
    def architecture(self) -> str:
        """Debian's name of the architecture."""
        return {Board.X86: "amd64", Board.RPI: "arm64"}[self]

    @property
    def packages(self) -> list[str]:
        """Every package that is asked for by name."""
        lists = (PACKAGES / "base.txt", PACKAGES / f"{self}.txt")
        return [name for path in lists for name in debian.package_names(path)]
