"""What the box has to tell its admin."""

import errno
import os
from pathlib import Path

import pytest

from appliance.system import notices


def test_a_notice_stays_until_it_is_dismissed(tmp_path: Path) -> None:
    notices.add("The disk of %(name)s is old.", folder=tmp_path / "core", name="ann")
    notices.add("Another.", folder=tmp_path / "core")
    first, second = notices.load(tmp_path / "core")
    assert first.message == "The disk of ann is old."
    assert notices.dismiss(first.id, tmp_path / "core")
    assert not notices.dismiss(first.id, tmp_path / "core")
    assert notices.load(tmp_path / "core") == (second,)


def test_what_is_said_already_is_not_said_again(tmp_path: Path) -> None:
    for _ in range(3):
        notices.add("The disk of %(name)s is old.", folder=tmp_path, name="ann")
    notices.add("The disk of %(name)s is old.", folder=tmp_path, name="bob")
    assert [notice.params["name"] for notice in notices.load(tmp_path)] == ["ann", "bob"]


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    for number in range(25):
        notices.add("%(number)s", folder=tmp_path, number=number)
    assert [notice.params["number"] for notice in notices.load(tmp_path)] == list(range(5, 25))


def test_on_a_full_disk_the_journal_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    notices.add("The disk is full.", folder=tmp_path)
    assert "The disk is full." in caplog.text


@pytest.mark.parametrize("damage", ["", "{", "[1]", '[{"strange": 1}]', "\0"])
def test_a_damaged_file_is_no_notices_and_takes_new_ones(tmp_path: Path, damage: str) -> None:
    (tmp_path / "notices.json").write_text(damage)
    assert notices.load(tmp_path) == ()
    notices.add("New.", folder=tmp_path)
    assert [notice.message for notice in notices.load(tmp_path)] == ["New."]
