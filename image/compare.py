"""Two builds of one commit, compared file by file (reproducible-builds.org)."""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from image.base import make_base
from image.board import Board
from image.cache import BUILD, remove
from image.janus import janus_packages
from image.progress import say
from image.tree import build_tree

SECOND = BUILD / "second"


@dataclass(frozen=True)
class Entry:
    """What a reader of a file system can see of one file; `content` is a digest, a link's target or a device."""

    mode: int
    owner: tuple[int, int]
    changed: int
    content: str


def differences(one: Mapping[str, Entry], two: Mapping[str, Entry]) -> Iterator[str]:
    """Each path that is not the same in both, with what differs."""
    for path in sorted({*one, *two}):
        a, b = one.get(path), two.get(path)
        if a is None or b is None:
            yield f"{path}: only in the {'second' if a is None else 'first'}"
        elif a != b:
            names = [name for name in ("mode", "owner", "changed", "content") if getattr(a, name) != getattr(b, name)]
            yield f"{path}: {', '.join(names)}"


def entries(root: Path) -> dict[str, Entry]:
    """Everything below a folder, by path; the folder's own time says when it was last used (`image.cache`)."""
    return {str(path.relative_to(root)): _entry(path) for path in root.rglob("*")}


def compare(board: Board) -> int:
    """Build the base a second time and list what differs; 1 if anything does."""
    first = build_tree(board).base
    remove(SECOND)
    SECOND.mkdir(parents=True)
    base = SECOND / "base"
    make_base(base, board, janus_packages(board.architecture))
    found = list(differences(entries(first), entries(base)))
    for line in found:
        say(line)
    say(f"{len(found)} differences between two builds of the {board} base.")
    remove(SECOND)
    return 1 if found else 0


def _entry(path: Path) -> Entry:
    status = path.lstat()
    return Entry(status.st_mode, (status.st_uid, status.st_gid), int(status.st_mtime), _content(path, status))


def _content(path: Path, status: os.stat_result) -> str:
    if stat.S_ISLNK(status.st_mode):
        return str(path.readlink())
    if stat.S_ISREG(status.st_mode):
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return str(status.st_rdev)
