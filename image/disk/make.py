"""`make image`: the file that people flash, for one board."""

from image.board import Board
from image.disk.disk import disk_image
from image.disk.pack import instructions, pack
from image.product import version
from image.progress import say
from image.tree import build_tree


def make_image(board: Board) -> int:
    """Build what is not built yet, pack it and say how to flash it; returns the exit status."""
    packed = pack(disk_image(build_tree(board)), board, version())
    say(instructions(packed, board))
    return 0
