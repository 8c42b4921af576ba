"""What the Makefile calls inside the tools root: `python3 -m image COMMAND`."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from image import bundle, check, compare, custody, publish, run, vm_run
from image.board import Board
from image.disk.make import make_image
from image.janus import JanusError
from image.keys import KeysError
from image.passphrase import PassphraseError
from image.process import CommandError
from image.progress import say
from image.publish import PublishError
from image.tree import build_tree


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status."""
    commands: dict[str, Callable[[], int]] = {
        "tree": tree,
        "run": run.run,
        "shell": run.shell,
        "reset": run.reset,
        "check": check.check,
        "fix": check.fix,
        "test": check.test,
        "test-long": check.test_long,
        "image": lambda: make_image(_board()),
        "vm": vm_run.vm,
        "compare": lambda: compare.compare(_board()),
        "bundle": lambda: bundle.bundle(_board()),
        "publish": lambda: publish.publish(_board() if os.environ.get("BOARD") else None),
        "keys": custody.new,
        "renew": custody.renew,
        "revoke": custody.revoke,
    }
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        return commands[arguments[0]]()
    except KeyboardInterrupt:
        return 130
    except (CommandError, JanusError, KeysError, PassphraseError, PublishError) as error:
        say(f"\n{error}")
        return 1


def tree() -> int:
    """Build a board's root file system and say where it is."""
    built = build_tree(_board())
    say(f"The tree is {built.product.name} on {built.base.name}, in build/cache.")
    return 0


def _board() -> Board:
    name = os.environ.get("BOARD", Board.X86)
    if name not in list(Board):
        raise SystemExit(f"BOARD={name}: there is no such board; it is one of {', '.join(Board)}.")
    return Board(name)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
