"""The button for the factory reset: only a long press, and only a whole one."""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from appliance.services import button as service
from appliance.settings import Settings
from appliance.system.process import ProgramFailed
from hardware.button import FakeButton, GpioButton, await_long_press
from tests.unit.services.samples import host

LOOKS = 5


def fires(presses: Iterable[int]) -> bool:
    """Whether one of these presses, in looks, resets the box."""

    async def watch() -> bool:
        try:
            await asyncio.wait_for(await_long_press(FakeButton(presses), LOOKS * 0.001, 0.001), 2)
        except TimeoutError:
            return False
        return True

    return asyncio.run(watch())


def test_a_long_press_fires() -> None:
    assert fires([LOOKS])
    assert fires([0, 1, LOOKS - 1, LOOKS + 3])


def test_short_presses_and_bounces_do_not_however_many() -> None:
    assert not fires([0, 1, LOOKS - 1] * 20)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins for libgpiod's programs that write down how they were called."""
    for name, says in (("gpiomon", "echo falling"), ("gpioget", 'cat "$0.level"')):
        (tmp_path / name).write_text(f'#!/bin/sh\necho "$(basename $0) $*" >> {tmp_path}/calls\n{says}\n')
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


@pytest.mark.parametrize(("level", "down"), [("0", True), ("1", False)])
def test_the_pin_is_asked_for_by_name_and_pulled_up(programs: Path, level: str, down: bool) -> None:
    (programs / "gpioget.level").write_text(f"{level}\n")

    async def ask() -> bool:
        await GpioButton(17).pressed()
        return await GpioButton(17).is_down()

    assert asyncio.run(ask()) is down
    watched, looked = (programs / "calls").read_text().splitlines()
    assert watched == "gpiomon --num-events=1 --bias=pull-up --edges=falling GPIO17"
    assert looked == "gpioget --numeric --bias=pull-up GPIO17"


def test_a_pin_that_is_not_there_is_an_error_and_no_press(programs: Path) -> None:
    (programs / "gpiomon").write_text("#!/bin/sh\necho 'cannot find line GPIO99' >&2; exit 1\n")
    with pytest.raises(ProgramFailed, match="GPIO99"):
        asyncio.run(GpioButton(99).pressed())


def test_without_a_pin_there_is_no_button() -> None:
    assert not service.SERVICE.enabled(Settings())
    wired = Settings.model_validate({"hardware": {"reset_pin": 17}})
    assert service.SERVICE.enabled(wired)
    assert service.render(wired, host())[0].content == b"PIN=17\n"
