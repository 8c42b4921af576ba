"""Shows what the build is doing: a spinner on a terminal, plain lines elsewhere.

Runs on the host's Python as well (3.9 or newer).
"""

from __future__ import annotations

import itertools
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from image.process import tail

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
PERIOD_S = 0.1


def say(text: str = "") -> None:
    """Print a line for the person in front of the terminal, at once."""
    print(text, flush=True)


@contextmanager
def step(title: str, log: Path | None = None) -> Iterator[None]:
    """Show `title` while the body runs, with the time it takes and the last line of `log`."""
    started = time.monotonic()
    if sys.stdout.isatty():
        with _spinner(title, started, log):
            yield
    else:
        say(f"  {title} …")
        yield
    say(f"  {title}: {_elapsed(started)}")


@contextmanager
def _spinner(title: str, started: float, log: Path | None) -> Iterator[None]:
    done = threading.Event()
    thread = threading.Thread(target=_spin, args=(title, started, log, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        print("\r\033[K", end="", flush=True)


def _spin(title: str, started: float, log: Path | None, done: threading.Event) -> None:
    for frame in itertools.cycle(FRAMES):
        if done.wait(PERIOD_S):
            return
        detail = tail(log, 1).strip() if log else ""
        line = f"{frame} {title} {_elapsed(started)}  {detail}"
        print(f"\r\033[K{line[: shutil.get_terminal_size().columns - 1]}", end="", flush=True)


def _elapsed(started: float) -> str:
    return f"{time.monotonic() - started:.0f} s"
