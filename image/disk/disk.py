"""The whole disk of a board, uncompressed: what a virtual machine starts from, and what is packed for people."""

from pathlib import Path

from image.board import Board
from image.cache import built, digest, fingerprint
from image.disk import x86
from image.disk.slot import slot_image
from image.progress import step
from image.tree import Tree

NAME = "disk.img"

# One recipe a board: make the disk image (first argument) with this slot (second).
RECIPES = {Board.X86: x86.make_disk}


def disk_image(tree: Tree) -> Path:
    """The disk image of a tree, a file with holes; made if it is not there yet. Raises KeyError without a recipe."""
    recipe = RECIPES[tree.board]
    slot = slot_image(tree)
    key = digest([slot.parent.name, *fingerprint([Path(__file__).parent])])

    def build(target: Path) -> None:
        target.mkdir()
        with step("the disk"):
            recipe(target / NAME, slot)

    return built(f"disk-{tree.board}", key, build) / NAME
