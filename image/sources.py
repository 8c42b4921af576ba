"""apt's sources in a root: derived from the ones that mmdebstrap wrote, so that no mirror is named here.

Runs on the host's Python as well (3.9 or newer).
"""

from __future__ import annotations

import os
from pathlib import Path

SOURCES = Path("etc/apt/sources.list")


def choose_mirror(root: Path) -> None:
    """Put MIRROR and MIRROR_SECURITY, where set, in place of the mirrors that mmdebstrap chose (a hook)."""
    text = (root / SOURCES).read_text(encoding="utf-8")
    chosen = with_mirrors(text, os.environ.get("MIRROR", ""), os.environ.get("MIRROR_SECURITY", ""))
    (root / SOURCES).write_text(chosen, encoding="utf-8")


def add_suite(root: Path, kind: str, suite: str, *options: str) -> None:
    """Add packages ("deb") or source packages ("deb-src") of another suite, from the mirror that has trixie."""
    text = (root / SOURCES).read_text(encoding="utf-8")
    (root / SOURCES).write_text(text + of_suite(text, kind, suite, *options), encoding="utf-8")


def with_mirrors(sources: str, mirror: str, security: str) -> str:
    """One-line sources with other addresses; an empty one stays as it is."""
    return "".join(f"{_with_mirror(line, mirror, security)}\n" for line in sources.splitlines())


def of_suite(sources: str, kind: str, suite: str, *options: str) -> str:
    """The line for another suite on the mirror that has trixie itself; `options` as in sources.list(5)."""
    words = next(line.split() for line in sources.splitlines() if "trixie" in line.split())
    words[0] = kind
    words[words.index("trixie")] = suite
    if options and words[1].startswith("["):
        words[1] = f"[{' '.join(options)} {words[1][1:]}"
    elif options:
        words.insert(1, f"[{' '.join(options)}]")
    return f"{' '.join(words)}\n"


def _with_mirror(line: str, mirror: str, security: str) -> str:
    words = line.split()
    if not words or words[0] not in ("deb", "deb-src"):
        return line
    place = next(index for index, word in enumerate(words) if "://" in word)
    chosen = security if words[place + 1].endswith("-security") else mirror
    words[place] = chosen or words[place]
    return " ".join(words)
