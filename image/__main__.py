"""What the Makefile calls inside the tools root: `python3 -m image COMMAND`."""

import signal
import sys
from types import FrameType

from image import check, run
from image.janus import JanusError
from image.process import CommandError
from image.progress import say
from image.tree import build_tree


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status."""
    commands = {
        "tree": tree,
        "run": run.run,
        "shell": run.shell,
        "reset": run.reset,
        "check": check.check,
        "fix": check.fix,
        "test": check.test,
    }
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        return commands[arguments[0]]()
    except KeyboardInterrupt:
        return 130
    except (CommandError, JanusError) as error:
        say(f"\n{error}")
        return 1


def tree() -> int:
    """Build the box's root file system and say where it is."""
    built = build_tree()
    say(f"The tree is {built.product.name} on {built.base.name}, in build/cache.")
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
