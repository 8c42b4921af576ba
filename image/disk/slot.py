"""The root file system of a board as one file: what an image has in its first slot, and what an update brings."""

from pathlib import Path

from image import base
from image.board import Board
from image.cache import built, digest, fingerprint
from image.disk import filesystem, layout
from image.disk.filesystem import make_slot
from image.process import run
from image.progress import step
from image.tree import Tree, mounted_tree

NAME = "root.img"


def slot_image(tree: Tree) -> Path:
    """The slot of a tree, an ext4 of `layout.SLOT_SIZE` bytes with holes; made if it is not there yet."""
    recipe = [Path(str(module.__file__)) for module in (filesystem, layout, base)]
    key = digest([tree.base.name, tree.product.name, *fingerprint([Path(__file__), *recipe])])
    return built(f"slot-{tree.board}", key, lambda target: _build(tree, target)) / NAME


def _build(tree: Tree, target: Path) -> None:
    target.mkdir()
    with step("the slot's file system"), mounted_tree(tree) as root:
        if tree.board is Board.RPI:  # Its firmware takes kernel and initramfs from the slot's boot partition.
            run(["mount", "-t", "tmpfs", "-o", "mode=0700", "empty", root / "boot"])
        make_slot(target / NAME, root, layout.SLOT_SIZE)
