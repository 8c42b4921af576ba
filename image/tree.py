"""The box's root file system: Debian's packages below, our own files above.

The base changes seldom and takes a minute; the product takes seconds. Both are folders that never change once made, so
boxes run from them while newer ones are built. Together they are mounted with overlayfs, read-only.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from image.base import build_base
from image.board import Board
from image.cache import hold
from image.janus import janus_packages
from image.process import run
from image.product import build_product

# Where mounted trees are; /run is private to each invocation of image/enter.
MOUNTS = Path("/run/parlor")


@dataclass(frozen=True)
class Tree:
    """The two folders that make the root file system of a board."""

    board: Board
    base: Path
    product: Path


def build_tree(board: Board = Board.X86) -> Tree:
    """Build a board's root file system, each part only if what goes into it has changed."""
    janus = janus_packages(board.architecture)
    base = build_base(board, janus)
    return Tree(board, base, build_product(board, base))


@contextmanager
def mounted_tree(tree: Tree | None = None) -> Iterator[Path]:
    """The root file system as one read-only folder, built if needed, for as long as the body runs."""
    tree = tree or build_tree()
    held = [hold(tree.base), hold(tree.product)]
    MOUNTS.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="tree-", dir=MOUNTS))
    place.chmod(0o755)
    try:
        run(["mount", "-t", "overlay", "-o", f"ro,lowerdir={tree.product}:{tree.base}", "tree", place])
        yield place
        run(["umount", "--lazy", place])
        place.rmdir()
    finally:
        for descriptor in held:
            os.close(descriptor)
