"""`make check` and `make test`: format, lint, types, unit tests; then the booted box."""

import sys
import time

from image.cache import REPOSITORY
from image.disk.disk import disk_image
from image.process import interact
from image.progress import say
from image.tree import build_tree

# What is ours to check, as far as it exists.
SOURCES = ("appliance", "web_setup", "web_client", "tv_mode", "ota", "hardware", "image", "tests")


def check() -> int:
    """The fast part: every check runs, also after one has failed."""
    sources = [name for name in SOURCES if any((REPOSITORY / name).rglob("*.py"))]
    return _all(
        {
            "format": ["ruff", "format", "--check", "--diff", "--quiet", *sources, "image/enter"],
            "lint": ["ruff", "check", "--quiet", *sources, "image/enter"],
            "types": ["mypy", "--strict", "--no-error-summary", *sources],
            "unit tests": _pytest("tests/unit"),
        }
    )


def test() -> int:
    """The fast part, then everything that needs a booted box or disk; the build comes before any time limit runs."""
    status = check()
    disk_image(build_tree())
    return _all({"booted box": _pytest("tests/box"), "booted image": _pytest("tests/image")}) or status


def test_long() -> int:
    """The tests that are marked as long, and no others."""
    disk_image(build_tree())
    folders = {"long tests of the box": "tests/box", "long tests of the image": "tests/image"}
    return _all({title: _pytest("-m", "long", folder) for title, folder in folders.items()})


def fix() -> int:
    """Format, and repair what ruff can repair by itself."""
    sources = [name for name in SOURCES if (REPOSITORY / name).is_dir()]
    return _all(
        {
            "lint": ["ruff", "check", "--fix", "--quiet", *sources, "image/enter"],
            "format": ["ruff", "format", "--quiet", *sources, "image/enter"],
        }
    )


def _pytest(*folders: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "--quiet", *folders]


def _all(commands: dict[str, list[str]]) -> int:
    failed = [title for title, argv in commands.items() if not _passes(title, argv)]
    if failed:
        say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def _passes(title: str, argv: list[str]) -> bool:
    started = time.monotonic()
    status = interact(argv)
    say(f"  {title}: {'ok' if status == 0 else 'FAILED'}, {time.monotonic() - started:.0f} s")
    return status == 0
