"""Meetings and applications on the disk: one SQLite file, made in WAL mode before the daemon starts.

With SQLite's default `synchronous=FULL` a change is on the disk before it is acknowledged. All of it is in memory too,
so a look never waits; a change waits for the disk in a thread.
"""

import asyncio
import hashlib
import secrets
import sqlite3
import time
from collections.abc import Callable
from dataclasses import asdict, astuple, fields, replace
from pathlib import Path

from appliance.model import DATA, Conflict, Missing, Unavailable
from appliance.rooms.meetings import MOST, MOST_OF_ONE, Application, Meeting, Wish, new_name
from appliance.settings import N_

FOLDER = DATA / "rooms"
DATABASE = FOLDER / "rooms.db"
KEY_PREFIX = "parlor_"
REPEATED_S = 86400.0  # how long an Idempotency-Key stands for its meeting

_TABLES = """
CREATE TABLE IF NOT EXISTS meetings (
    name TEXT PRIMARY KEY, title TEXT NOT NULL, owner TEXT NOT NULL, application TEXT NOT NULL,
    waiting INTEGER NOT NULL, encrypted INTEGER NOT NULL,
    starts INTEGER, ends INTEGER, made INTEGER NOT NULL, used INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS applications (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, made INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS repeats (key TEXT PRIMARY KEY, meeting TEXT NOT NULL, at REAL NOT NULL) STRICT;
"""


class MeetingStore:
    """Every meeting and every application."""

    def __init__(self, path: Path = DATABASE, clock: Callable[[], float] = time.time) -> None:
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.executescript(_TABLES)
        self._lock = asyncio.Lock()
        self._clock = clock
        names = ", ".join(field.name for field in fields(Meeting))
        rows = self._database.execute(f"SELECT {names} FROM meetings")  # noqa: S608 (our own names)
        self.meetings = {row[0]: _meeting(row) for row in rows}
        found = self._database.execute("SELECT id, name, digest, made FROM applications")
        self.applications = {row[0]: Application(*row) for row in found}

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def find(self, name: str) -> Meeting:
        """A meeting. Raises `Missing`."""
        if (meeting := self.meetings.get(name)) is None:
            raise Missing(N_("There is no such meeting."))
        return meeting

    async def add(self, wish: Wish, owner: str = "", application: str = "", repeat: str = "") -> Meeting:
        """A new meeting; the one that was made before, if this is the same wish again. Raises `Conflict`."""
        async with self._lock:
            now = self._clock()
            mark = hashlib.sha256(f"{application}\n{owner}\n{repeat}".encode()).hexdigest() if repeat else ""
            if mark and (known := self._repeated(mark, now)) is not None:
                return known
            same = sum((each.owner, each.application) == (owner, application) for each in self.meetings.values())
            if same >= MOST_OF_ONE or len(self.meetings) >= MOST:
                raise Conflict(N_("There are too many meetings. Delete some that are over."))
            meeting = Meeting(
                new_name(),
                wish.title or "",
                owner,
                application,
                waiting=bool(wish.waiting),
                encrypted=bool(wish.encrypted),
                starts=wish.starts,
                ends=wish.ends,
                made=int(now),
            )
            await self._write(_PUT, astuple(meeting))
            if mark:
                await self._write("INSERT OR REPLACE INTO repeats VALUES (?, ?, ?)", (mark, meeting.name, now))
            self.meetings[meeting.name] = meeting
            return meeting

    def _repeated(self, mark: str, now: float) -> Meeting | None:
        row = self._database.execute("SELECT meeting, at FROM repeats WHERE key = ?", (mark,)).fetchone()
        return self.meetings.get(row[0]) if row and row[1] > now - REPEATED_S else None

    async def change(self, name: str, wish: Wish) -> Meeting:
        """Change what was said of a meeting; `starts` and `ends` can be taken back with null. Raises `Missing`."""
        said = wish.model_dump(exclude_unset=True)
        values = {key: value for key, value in said.items() if value is not None or key in ("starts", "ends")}
        return await self._put(replace(self.find(name), **values))

    async def use(self, name: str) -> None:
        """Somebody is in it: it does not count as forgotten. Noted once a day."""
        meeting, now = self.meetings.get(name), int(self._clock())
        if meeting is not None and now - meeting.used > REPEATED_S:
            await self._put(replace(meeting, used=now))

    async def _put(self, meeting: Meeting) -> Meeting:
        async with self._lock:
            await self._write(_PUT, astuple(meeting))
            self.meetings[meeting.name] = meeting
        return meeting

    async def delete(self, name: str) -> None:
        """Forget a meeting. Raises `Missing`."""
        self.find(name)
        async with self._lock:
            await self._write("DELETE FROM meetings WHERE name = ?", (name,))
            self.meetings.pop(name, None)

    async def prune(self) -> None:
        """Forget what has long been over."""
        now = self._clock()
        for meeting in [each for each in self.meetings.values() if each.is_forgotten(now)]:
            await self.delete(meeting.name)
        async with self._lock:
            await self._write("DELETE FROM repeats WHERE at < ?", (now - REPEATED_S,))

    async def add_application(self, name: str) -> tuple[Application, str]:
        """A new application and its key, which is told this once."""
        key = KEY_PREFIX + secrets.token_urlsafe(32)
        made = Application(secrets.token_hex(4), name, digest(key), int(self._clock()))
        async with self._lock:
            await self._write("INSERT INTO applications VALUES (:id, :name, :digest, :made)", asdict(made))
            self.applications[made.id] = made
        return made, key

    async def delete_application(self, identity: str) -> None:
        """End an application's key. Raises `Missing`."""
        if identity not in self.applications:
            raise Missing(N_("There is no such application."))
        async with self._lock:
            await self._write("DELETE FROM applications WHERE id = ?", (identity,))
            self.applications.pop(identity, None)

    def application(self, key: str) -> Application | None:
        """Whose key this is."""
        given = digest(key)
        return next((each for each in self.applications.values() if secrets.compare_digest(each.digest, given)), None)

    async def _write(self, statement: str, values: tuple[object, ...] | dict[str, object]) -> None:
        try:
            await asyncio.to_thread(self._database.execute, statement, values)
        except sqlite3.Error as error:
            raise Unavailable(N_("This cannot be kept now: %(why)s. Is the disk full?"), why=str(error)) from error


_PUT = f"INSERT OR REPLACE INTO meetings VALUES ({', '.join('?' * len(fields(Meeting)))})"  # noqa: S608 (marks only)


def digest(key: str) -> str:
    """What is kept of an application's key: it has 256 random bits, so a plain hash will do."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def _meeting(row: tuple[object, ...]) -> Meeting:
    values = dict(zip((field.name for field in fields(Meeting)), row, strict=True))
    return Meeting(**values | {"waiting": bool(values["waiting"]), "encrypted": bool(values["encrypted"])})  # type: ignore[arg-type]
