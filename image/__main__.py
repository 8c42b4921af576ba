"""What the Makefile calls inside the tools root: `python3 -m image COMMAND`."""

import sys

from image import tree
from image.progress import say


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status."""
    built = tree.build_tree()
    say(f"{built.base}\n{built.product}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
