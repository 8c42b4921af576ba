"""A disk that the kernel has found damaged has the machine restart, when that helps and disturbs nobody."""

import asyncio
import os
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from appliance.core import upkeep
from appliance.core.context import Context
from appliance.model import ParlorError
from appliance.system import data_disk, facts, units


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


def test_the_disk_is_followed_until_it_can_be_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[bool | Exception] = [False, OSError("not now"), ParlorError("not now either"), True]
    asked: list[Context] = []

    def needs_mending(context: Context) -> bool:
        asked.append(context)
        answer = answers[len(asked) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def reboot() -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(upkeep, "REFRESH_S", 0)
    monkeypatch.setattr(upkeep, "needs_mending", needs_mending)
    monkeypatch.setattr(facts, "is_container", lambda: False)
    monkeypatch.setattr(units, "reboot", reboot)
    context = cast("Context", object())
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(upkeep.follow_disk(context))
    assert asked == [context] * 4


def test_a_container_leaves_its_disk_to_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "is_container", lambda: True)
    asyncio.run(asyncio.wait_for(upkeep.follow_disk(cast("Context", object())), 1))
