"""A full disk has room for one more start."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from appliance.system import ballast


def with_free(monkeypatch: pytest.MonkeyPatch, bytes_free: int) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _folder: SimpleNamespace(f_bavail=bytes_free // 4096, f_frsize=4096))


def test_room_is_taken_once_while_there_is_plenty(tmp_path: Path) -> None:
    file = tmp_path / "ballast"
    assert not ballast.settle(file)
    assert file.stat().st_size == ballast.SIZE
    assert file.stat().st_blocks * 512 >= ballast.SIZE
    made = file.stat().st_mtime_ns
    assert not ballast.settle(file)
    assert file.stat().st_mtime_ns == made


def test_a_full_disk_gets_it_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ballast.settle(tmp_path / "ballast")
    with_free(monkeypatch, ballast.SIZE - 4096)
    assert ballast.settle(tmp_path / "ballast")
    assert not (tmp_path / "ballast").exists()
    assert ballast.settle(tmp_path / "ballast")


def test_what_is_left_of_a_small_disk_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_free(monkeypatch, 2 * ballast.SIZE)
    assert not ballast.settle(tmp_path / "ballast")
    assert not (tmp_path / "ballast").exists()


def test_a_file_that_did_not_get_its_room_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: int) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, "posix_fallocate", refused)
    with pytest.raises(OSError, match="no space"):
        ballast.settle(tmp_path / "ballast")
    assert not (tmp_path / "ballast").exists()
