"""systemd's units: a restart that ends its own messenger."""

import asyncio
import signal

import pytest

from appliance.system import units
from appliance.system.process import ProgramFailed


def restart_that_ends_with(returncode: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(argv: list[str]) -> str:
        raise ProgramFailed(argv, returncode, "")

    monkeypatch.setattr(units, "run", run)
    asyncio.run(units.reboot())


def test_a_restart_that_ends_its_messenger_has_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    restart_that_ends_with(-signal.SIGTERM, monkeypatch)


def test_a_restart_that_is_refused_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ProgramFailed):
        restart_that_ends_with(1, monkeypatch)
