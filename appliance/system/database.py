"""SQLite files, made before their daemon starts so that they are in WAL mode from the first row."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path


def prepare_database(path: Path) -> None:
    """Make `path` a SQLite file in WAL mode, owned as its folder is; an existing one keeps its rows.

    WAL is a lasting property of the file (sqlite.org/wal.html); with SQLite's default
    `synchronous=FULL` every commit is then on the disk before it is acknowledged, at one fsync.
    """
    owner = path.parent.stat()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    os.fchown(descriptor, owner.st_uid, owner.st_gid)
    os.close(descriptor)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL")
    for sidecar in path.parent.glob(f"{path.name}-*"):
        os.chown(sidecar, owner.st_uid, owner.st_gid)
