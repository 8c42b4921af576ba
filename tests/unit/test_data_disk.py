"""A disk that the kernel has found damaged has the machine restart, when that helps and disturbs nobody."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from appliance.core import upkeep
from appliance.core.context import Context
from appliance.system import data_disk


def sysfs(folder: Path, place: Path, count: str) -> Path:
    """What `/sys` says of the disk that holds `place`."""
    device = place.stat().st_dev
    (folder / "devices/vda/vda5").mkdir(parents=True)
    (folder / "dev/block").mkdir(parents=True)
    (folder / "dev/block" / f"{os.major(device)}:{os.minor(device)}").symlink_to(folder / "devices/vda/vda5")
    (folder / "fs/ext4/vda5").mkdir(parents=True)
    (folder / "fs/ext4/vda5/errors_count").write_text(count)
    return folder


def test_the_errors_are_those_of_the_disk_below_the_folder(tmp_path: Path) -> None:
    assert data_disk.errors(tmp_path, sysfs(tmp_path / "sys", tmp_path, "3\n")) == 3


def test_a_disk_that_is_no_ext4_has_none(tmp_path: Path) -> None:
    assert data_disk.errors(tmp_path, tmp_path / "sys") == 0


@pytest.mark.parametrize(
    ("errors", "up_s", "undisturbed", "restarts"),
    [
        (1, upkeep.MENDING_S, True, True),
        (0, upkeep.MENDING_S, True, False),
        (1, upkeep.MENDING_S - 1, True, False),
        (1, upkeep.MENDING_S, False, False),
    ],
    ids=["damaged", "sound", "just started", "in a call"],
)
def test_when_a_damaged_disk_restarts_the_machine(
    errors: int, up_s: float, undisturbed: bool, restarts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_disk, "errors", lambda: errors)
    monkeypatch.setattr(upkeep, "clock_gettime", lambda _clock: up_s)
    context = SimpleNamespace(updates=SimpleNamespace(may_be_interrupted=undisturbed))
    assert upkeep.needs_mending(cast("Context", context)) is restarts
