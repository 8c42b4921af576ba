"""SQLite files: made before their daemon starts, in WAL mode from the first row; checked, copied, set aside."""

import os
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_UNREADABLE = frozenset({sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS})
_STEPS = 100_000  # of SQLite's virtual machine between two looks at the clock: a few milliseconds


def prepare_database(path: Path) -> None:
    """Make `path` a SQLite file in WAL mode, owned as its folder is; an existing one keeps its rows.

    WAL is a lasting property of the file (sqlite.org/wal.html); with SQLite's default
    `synchronous=FULL` every commit is then on the disk before it is acknowledged, at one fsync. Raises `OSError`.
    """
    owner = path.parent.stat()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    os.fchown(descriptor, owner.st_uid, owner.st_gid)
    os.close(descriptor)
    try:
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA journal_mode=WAL")
    except sqlite3.Error as error:
        raise OSError(f"{path} cannot be opened: {error}") from error
    finally:
        _give_away(path)


def is_sound(path: Path, budget_s: float | None = None) -> bool:
    """Whether SQLite finds nothing wrong (sqlite.org/pragma.html#pragma_integrity_check).

    With a budget, only as much is read as those seconds allow. What was not reached counts as sound, and so does what
    cannot be looked at for another reason than damage, a full disk for example.
    """
    deadline = time.monotonic() + (budget_s or 0)
    try:
        with closing(sqlite3.connect(path)) as database:
            if budget_s is not None:
                database.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
            found: list[tuple[str]] = database.execute("PRAGMA integrity_check(1)").fetchall()
            return found == [("ok",)]
    except sqlite3.DatabaseError as error:
        code = error.sqlite_errorcode
        return not (code in _UNREADABLE or code & 0xFF in _DAMAGED)
    finally:
        _give_away(path)


def copy(path: Path, target: Path) -> None:
    """Write a consistent copy of a database in use (sqlite.org/backup.html). Raises `OSError` when it does not work."""
    target.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as made:
            source.backup(made)
            made.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise OSError(f"{path} cannot be copied: {error}") from error
    finally:
        _give_away(path)


def leave_out(path: Path, tables: Iterable[str]) -> None:
    """Empty some tables of a copy, and give back the room they took. Raises `OSError`."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            there = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            for table in sorted(there.intersection(tables)):
                database.execute(f'DELETE FROM "{table}"')  # noqa: S608 (a name that the database itself gave)
            database.execute("VACUUM")
    except sqlite3.Error as error:
        raise OSError(f"{path} cannot be made smaller: {error}") from error


def set_aside(path: Path, aside: Path) -> None:
    """Rename a damaged database and its log: somebody may yet read it."""
    path.rename(aside)  # first: a log without its database would be thrown away, one beside another would be used
    for sidecar in ("-wal", "-shm"):
        log = path.with_name(path.name + sidecar)
        if log.exists():
            log.rename(aside.with_name(aside.name + sidecar))


def forget_log(path: Path) -> None:
    """Remove the log that a lost database has left: beside another one it would be taken for that one's."""
    for sidecar in ("-wal", "-shm"):
        path.with_name(path.name + sidecar).unlink(missing_ok=True)


def _give_away(path: Path) -> None:
    """Let the daemon open what root has made beside its database."""
    owner = path.stat()
    for sidecar in path.parent.glob(f"{path.name}-*"):
        os.chown(sidecar, owner.st_uid, owner.st_gid)
