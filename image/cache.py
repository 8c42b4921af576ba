"""Keeps what was built under a digest of what went into it, for several builds at the same time.

A result appears by rename only, is never changed afterwards and stays as long as somebody holds it, so a box can run
from a tree while the next one is being built. Runs on the host's Python as well (3.9 or newer).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from image.process import run

REPOSITORY = Path(__file__).resolve().parents[1]
BUILD = REPOSITORY / "build"
CACHE = BUILD / "cache"
LOGS = BUILD / "logs"

# The current result and the one before it: going back one commit costs nothing.
KEPT = 2


def digest(parts: Iterable[str]) -> str:
    """A short name for a list of strings; each is delimited, so that ("ab", "c") is not ("a", "bc")."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode()
        total.update(f"{len(data)}:".encode())
        total.update(data)
    return total.hexdigest()[:16]


def fingerprint(paths: Iterable[Path]) -> Iterator[str]:
    """Name, kind, mode and content of files (folders count with all that is in them), for `digest`."""
    for top in paths:
        for path in [top, *sorted(top.rglob("*"))] if top.is_dir() else [top]:
            if "__pycache__" in path.parts:
                continue
            yield str(path.relative_to(REPOSITORY))
            if path.is_symlink():
                yield f"link {path.readlink()}"
            elif path.is_file():
                yield f"file {path.stat().st_mode & 0o111:o}"
                yield hashlib.sha256(path.read_bytes()).hexdigest()


def stored(kind: str, key: str) -> Path:
    """Where the result of this kind and digest is, or would be."""
    return CACHE / f"{kind}-{key}"


def built(kind: str, key: str, build: Callable[[Path], None], kept: int = KEPT) -> Path:
    """The result for a digest; `build` makes it (in the folder it is given, not yet existing) if it is not there.

    A second process that wants the same waits for the first. Results that nobody holds go away, but for `kept`.
    """
    target = stored(kind, key)
    CACHE.mkdir(parents=True, exist_ok=True)
    with _locked(CACHE / f"{kind}.lock"):
        if not target.exists():
            partial = CACHE / f"{kind}.partial"
            remove(partial)
            build(partial)
            partial.rename(target)
        os.utime(target)
        _prune(kind, kept)
    return target


def hold(result: Path) -> int:
    """Keep a result from being pruned until the returned descriptor is closed (or the process ends)."""
    descriptor = os.open(result, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def held() -> list[Path]:
    """The results that some program holds: a box runs from them, or somebody works in a tools root."""
    return [path for path in CACHE.glob("*-*") if path.is_dir() and not _take(path, lambda unused: None)]


def remove(path: Path) -> None:
    """Delete a file or folder, never anything mounted below it."""
    run(["rm", "-rf", "--one-file-system", "--", path])


def _prune(kind: str, kept: int) -> None:
    results = [path for path in CACHE.glob(f"{kind}-*") if len(path.name) == len(kind) + 17]
    for path in sorted(results, key=lambda each: each.stat().st_mtime)[:-kept]:
        _take(path, remove)


def _take(result: Path, action: Callable[[Path], None]) -> bool:
    """Do something with a result that nobody holds; returns whether that was so."""
    descriptor = os.open(result, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        action(result)
        return True
    finally:
        os.close(descriptor)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("  (waiting for another build in this folder)", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
