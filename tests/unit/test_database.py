"""SQLite files: what damage is and what is not, and copies of databases in use."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from appliance.system import database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of some hundred pages."""
    made = tmp_path / "chat.sqlite"
    database.prepare_database(made)
    with closing(sqlite3.connect(made)) as connection:
        connection.execute("CREATE TABLE archive (id INTEGER PRIMARY KEY, body TEXT)")
        connection.execute("CREATE TABLE people (name TEXT)")
        connection.executemany("INSERT INTO archive (body) VALUES (?)", [("x" * 1000,)] * 2000)
        connection.execute("INSERT INTO people VALUES ('ann')")
        connection.commit()
    return made


def spoil(path: Path) -> None:
    """Noise in the middle of a file."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(os.urandom(20_000))


def rows(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_noise_in_a_database_is_found(path: Path) -> None:
    assert database.is_sound(path)
    spoil(path)
    assert not database.is_sound(path)


def test_what_is_no_database_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(os.urandom(5000))
    assert not database.is_sound(tmp_path / "x")


def test_damage_that_the_budget_does_not_reach_counts_as_sound(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_STEPS", 1)
    spoil(path)
    assert database.is_sound(path, 0.0)
    assert not database.is_sound(path, 60)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR_SHMSIZE])
def test_a_full_disk_is_no_damage(path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def fails(_path: Path) -> sqlite3.Connection:
        error = sqlite3.OperationalError("it does not work")
        error.sqlite_errorcode = code
        raise error

    monkeypatch.setattr(sqlite3, "connect", fails)
    assert database.is_sound(path)


def test_a_database_that_cannot_be_opened_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "made.sqlite").write_bytes(b"noise" * 1000)
    with pytest.raises(OSError, match=r"made\.sqlite cannot be opened"):
        database.prepare_database(tmp_path / "made.sqlite")


def test_a_copy_holds_what_is_still_in_the_log(path: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("INSERT INTO people VALUES ('bob')")
        writer.commit()
        assert path.with_name("chat.sqlite-wal").stat().st_size > 0
        database.copy(path, tmp_path / "copy")
    assert rows(tmp_path / "copy", "people") == 2
    assert not list(tmp_path.glob("copy-*"))


def test_an_archive_is_left_out_with_its_room(path: Path, tmp_path: Path) -> None:
    database.copy(path, tmp_path / "copy")
    before = (tmp_path / "copy").stat().st_size
    database.leave_out(tmp_path / "copy", ["archive", "no_such_table"])
    assert (rows(tmp_path / "copy", "archive"), rows(tmp_path / "copy", "people")) == (0, 1)
    assert (tmp_path / "copy").stat().st_size < before / 10


def test_what_cannot_be_copied_says_why(path: Path, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="cannot be copied"):
        database.copy(path, tmp_path / "no/such/folder")


def test_a_database_set_aside_keeps_its_log(path: Path, tmp_path: Path) -> None:
    writer = sqlite3.connect(path)
    writer.execute("INSERT INTO people VALUES ('bob')")
    writer.commit()
    database.set_aside(path, tmp_path / "aside")
    writer.close()
    assert not path.exists()
    assert not path.with_name("chat.sqlite-wal").exists()
    assert rows(tmp_path / "aside", "people") == 2
