"""The whole disk of a board, uncompressed: what a virtual machine starts from, and what is packed for people."""

from collections.abc import Callable
from pathlib import Path

from image.board import Board
from image.cache import built, digest, fingerprint
from image.disk import rpi, x86
from image.disk.slot import slot_image
from image.progress import step
from image.tree import Tree

NAME = "disk.img"


def disk_image(tree: Tree) -> Path:
    """The disk image of a tree, a file with holes; made if it is not there yet."""
    recipe = _recipe(tree)
    slot = slot_image(tree)
    key = digest([slot.parent.name, *fingerprint([Path(__file__).parent])])

    def build(target: Path) -> None:
        target.mkdir()
        with step("the disk"):
            recipe(target / NAME, slot)

    return built(f"disk-{tree.board}", key, build) / NAME


def _recipe(tree: Tree) -> Callable[[Path, Path], None]:
    """What makes the board's disk image (first argument) with a slot (second)."""
    if tree.board is Board.X86:
        return x86.make_disk
    boot = rpi.boot_image(tree)
    return lambda target, slot: rpi.make_disk(target, slot, boot)
