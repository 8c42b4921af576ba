"""The last good state: written whole or not at all, put back as it was."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from appliance.model import Unavailable
from appliance.system import database, keep
from appliance.system.keep import Source
from tests.unit.power_cut import PowerCut, cut_at
from tests.unit.test_database import rows, spoil

CUTS = ("unlink", "rmdir", "fsync", "replace", "rename", "mkdir")


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A box's settings and database."""
    data = tmp_path / "data"
    (data / "core").mkdir(parents=True)
    (data / "core/settings-v1.json").write_text("the settings")
    (data / "core/settings-v1.json").chmod(0o600)
    os.chown(data / "core/settings-v1.json", 901, 33)
    path = data / "chat.sqlite"
    database.prepare_database(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE archive (body BLOB)")
        connection.execute("CREATE TABLE people (name TEXT)")
        connection.execute("INSERT INTO people VALUES ('ann')")
        connection.commit()
    return Source((data / "core/settings-v1.json", data / "core/none"), (path,), ("archive",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "keep"
    made.mkdir()
    return made


def save(source: Source, folder: Path, made: int = 1_700_000_000) -> keep.Generation:
    return keep.save(source, folder, made, "0.1", source.files[0].parent)


def newest(folder: Path) -> keep.Generation:
    found = keep.newest(folder)
    assert found is not None
    return found


def grow(source: Source, megabytes: int) -> None:
    with closing(sqlite3.connect(source.databases[0])) as connection:
        connection.executemany("INSERT INTO archive VALUES (?)", ((os.urandom(1_000_000),) for _ in range(megabytes)))
        connection.commit()


def test_what_was_kept_comes_back_as_it_was(source: Source, folder: Path) -> None:
    save(source, folder)
    settings, people = source.files[0], source.databases[0]
    shutil.rmtree(settings.parent)
    people.unlink()
    kept = newest(folder)
    assert (kept.made, kept.version, kept.whole) == (1_700_000_000, "0.1", True)
    keep.restore(kept, kept.entries)
    assert settings.read_text() == "the settings"
    status = settings.stat()
    assert (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (0o600, 901, 33)
    assert rows(people, "people") == 1
    assert not list(settings.parent.glob(".*"))


def test_two_generations_are_kept_and_the_newest_readable_one_counts(source: Source, folder: Path) -> None:
    for made in (1, 2, 3):
        save(source, folder, made)
    assert sorted(path.name for path in folder.iterdir()) == ["000002", "000003"]
    assert newest(folder).made == 3
    spoil(folder / "000003/1.zst")
    assert newest(folder).made == 2
    (folder / "000002/manifest.json").write_text("{")
    assert keep.newest(folder) is None
    assert save(source, folder, 4).folder.name == "000004"


def test_a_copy_that_is_not_what_it_was_is_not_put_back(source: Source, folder: Path) -> None:
    kept = save(source, folder)
    shutil.copy(kept.folder / "1.zst", kept.folder / "0.zst")
    with pytest.raises(OSError, match="not what it was"):
        keep.restore(kept, kept.entries)
    assert source.files[0].read_text() == "the settings"


def test_a_damaged_database_is_not_kept(source: Source, folder: Path) -> None:
    grow(source, 1)
    good = save(source, folder, 1)
    spoil(source.databases[0])
    with pytest.raises(keep.DamagedDatabase) as found:
        save(source, folder, 2)
    assert found.value.path == source.databases[0]
    assert newest(folder) == good


def disk(total: int, free: int) -> Callable[[Path], Any]:
    return lambda _: type("usage", (), {"total": total, "free": free})


def test_what_does_not_fit_goes_without_its_archive(
    source: Source, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(source, 5)
    monkeypatch.setattr(shutil, "disk_usage", disk(10_000_000, 100_000_000))
    kept = save(source, folder)
    assert not kept.whole
    assert rows(source.databases[0], "archive") == 5  # the box's own has all
    keep.restore(kept, kept.entries)
    assert (rows(source.databases[0], "archive"), rows(source.databases[0], "people")) == (0, 1)


def test_what_does_not_fit_at_all_says_so_and_leaves_the_older(
    source: Source, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(source, folder, 1)
    for usage, words in ((disk(100, 100_000_000), "does not fit"), (disk(10_000_000, 100), "no room")):
        with monkeypatch.context() as patched:
            patched.setattr(shutil, "disk_usage", usage)
            with pytest.raises(Unavailable, match=words):
                save(source, folder, 2)
        assert newest(folder).made == 1
        assert not list(source.files[0].parent.glob(".keep-*"))


def is_cut(top: Path, source: Source, monkeypatch: pytest.MonkeyPatch, number: int) -> bool:
    """Save while the power goes at a system call; what was kept is the old or the new."""
    folder = top / str(number)
    folder.mkdir()
    save(source, folder, 1)
    save(source, folder, 2)
    cut = False
    with monkeypatch.context() as patched:
        cut_at(number, CUTS, patched)
        try:
            save(source, folder, 3)
        except PowerCut:
            cut = True
    assert newest(folder).made in (2, 3)
    if not cut:
        assert newest(folder).made == 3
    assert save(source, folder, 4).made == newest(folder).made
    return cut


def test_a_power_cut_at_any_step_leaves_a_good_copy(
    tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = next(n for n in range(1, 100) if not is_cut(tmp_path, source, monkeypatch, n))
    assert steps > 10, "the test itself cuts nothing"
