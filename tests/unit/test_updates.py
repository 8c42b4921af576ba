"""When the core looks, installs and restarts, with RAUC on a bus of its own and no machine to restart."""

import asyncio
import datetime as dt
import json
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from appliance.core import update_list
from appliance.core.jobs import Job, Jobs, JobState
from appliance.core.owner import Owner
from appliance.core.updates import Updates
from appliance.model import Conflict, Port, Protocol
from appliance.settings import Settings
from appliance.system import notices, units
from ota import signature, state
from ota.rauc import NoSlots, Rauc, close
from ota.state import Attempt, Outcome
from tests.fake_rauc import Behaviour, FakeRauc, on_bus
from tests.unit.ota.conftest import bus_address  # noqa: F401 (a fixture)

NOW = dt.datetime.now(dt.UTC)


def listed(version: str = "2.0.0", serial: int = 5, **more: Any) -> dict[str, Any]:
    release = {
        "version": version,
        "url": "../bundles/2.raucb",
        "size": 1000,
        "sha256": "5e" * 32,
        "changes": {"en": ["New"]},
    }
    ends = NOW + dt.timedelta(days=90)
    shared = {"format": 1, "board": "x86", "channel": "stable", "issued": NOW.isoformat(), "expires": ends.isoformat()}
    return shared | {"serial": serial, "releases": [release]} | more


@dataclass
class Bench:
    """The updates of a box that runs 1.0.0, and what it is made of."""

    updates: Updates
    owner: SimpleNamespace
    service: FakeRauc
    folder: Path
    restarts: list[float]

    def set(self, **values: Any) -> None:
        """Change settings of updates."""
        settings: Settings = self.owner.settings
        changed = settings.updates.model_copy(update=values)
        self.owner.settings = settings.model_copy(update={"updates": changed})

    async def ended(self, job: Job) -> Job:
        """Wait for a job."""
        for _ in range(500):
            if job.state is not JobState.RUNNING:
                return job
            await asyncio.sleep(0.01)
        raise TimeoutError

    async def ticks(self, count: int = 6) -> None:
        """Some of what the box does by itself."""
        for _ in range(count):
            await self.updates.tick()
            if self.updates.job:
                await self.ended(self.updates.job)

    @property
    def attempt(self) -> Attempt:
        attempt = state.load(self.folder).attempt
        assert attempt
        return attempt

    @property
    def installed(self) -> list[str]:
        return [call[1] for call in self.service.calls if call[0] == "InstallBundle"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the update server says; its signature is another test's affair."""
    said = listed()

    async def fetched(_url: str) -> bytes:
        return json.dumps(said).encode()

    async def verified(content: bytes) -> str:
        return content.decode()

    monkeypatch.setattr(update_list, "_fetch", fetched)
    monkeypatch.setattr(signature, "verify", verified)
    return said


Scene = Callable[[Bench], Awaitable[None]]
Play = Callable[..., Bench]


@pytest.fixture
def play(bus_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:  # noqa: F811
    """Run a scene on a bench."""

    def run(scene: Scene, behaviour: Behaviour | None = None, *, slots: bool = True) -> Bench:
        restarts: list[float] = []

        async def reboot() -> None:
            restarts.append(time.monotonic())

        monkeypatch.setattr(units, "reboot", reboot)

        async def whole() -> Bench:
            settings = Settings().model_copy(update={"claimed": True})
            owner = SimpleNamespace(settings=settings, services=())
            service = FakeRauc(behaviour or Behaviour(version="2.0.0"))

            async def run_once(unit: str, _timeout_s: float) -> None:
                service.calls.append([unit])

            monkeypatch.setattr(units, "run_once", run_once)
            rauc, folder = Rauc(bus_address), tmp_path / "ota"
            made = Updates(cast("Owner", owner), Jobs(), "1.0.0", rauc, folder=folder, boot_mark=tmp_path / "mark")
            bench = Bench(made, owner, service, folder, restarts)
            bench.set(server="https://updates.example.org", window_from=0, window_to=0)
            bus = await on_bus(service, bus_address) if slots else None
            try:
                await asyncio.wait_for(scene(bench), 30)
            finally:
                if bus:
                    await close(bus)
            return bench

        return asyncio.run(whole())

    return run


def hour(offset: int = 0) -> int:
    return (dt.datetime.now(dt.UTC).hour + offset) % 24


def test_what_is_new_is_found_and_installed_and_started_by_itself(play: Play, server: dict[str, Any]) -> None:
    async def scene(bench: Bench) -> None:
        await bench.ticks()
        document = await bench.updates.document()
        assert (document["state"], document["last"]["outcome"]) == ("waiting", "installed")

    bench = play(scene)
    assert bench.installed == ["https://updates.example.org/bundles/2.raucb"]
    assert bench.restarts
    assert bench.attempt.automatic
    assert (bench.folder / "trial").read_text() == "B"


def test_the_last_good_state_is_copied_before_anything_is_written(play: Play, server: dict[str, Any]) -> None:
    async def scene(bench: Bench) -> None:
        await bench.ticks()

    calls = [call[0] for call in play(scene).service.calls]
    assert calls.index("parlor-keep.service") < calls.index("InstallBundle")


def test_it_is_only_told_where_the_owner_installs_by_hand(play: Play, server: dict[str, Any]) -> None:
    async def scene(bench: Bench) -> None:
        bench.set(automatic=False)
        await bench.ticks()
        document = await bench.updates.document()
        assert document["available"] == {"version": "2.0.0", "size": 1000, "changes": {"en": ["New"]}}
        assert document["state"] == "idle"

    assert play(scene).installed == []


def test_nothing_restarts_outside_the_window_or_in_a_call(play: Play, server: dict[str, Any]) -> None:
    async def scene(bench: Bench) -> None:
        bench.set(window_from=hour(2), window_to=hour(3))
        await bench.ticks()
        assert bench.attempt.outcome is Outcome.INSTALLED
        bench.set(window_from=0, window_to=0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as call:
            call.bind(("127.0.0.1", 0))
            port = Port(Protocol.UDP, call.getsockname()[1], "", last=call.getsockname()[1])
            bench.owner.services = (SimpleNamespace(ports=(port,)),)
            await bench.ticks()
            with pytest.raises(Conflict, match="in a call"):
                await bench.updates.restart()
            assert bench.restarts == []
            await bench.updates.restart(even_in_call=True)
            assert len(bench.restarts) == 1
        await bench.ticks(1)
        assert len(bench.restarts) == 2

    play(scene)


def test_a_version_that_failed_is_not_tried_again_by_itself(play: Play, server: dict[str, Any]) -> None:
    async def scene(bench: Bench) -> None:
        await bench.ticks()
        assert len(bench.installed) == 1
        assert bench.attempt.outcome is Outcome.FAILED
        assert "does not trust" in (await bench.updates.document())["last"]["reason"]["message"]
        again = await bench.ended(await bench.updates.install())  # but a person may
        assert again.state is JobState.FAILED

    bench = play(scene, Behaviour(refusal="Verify error: unable to get local issuer certificate"))
    assert len(bench.installed) == 2
    assert state.load(bench.folder).not_again == ("2.0.0",)
    assert [each.params["version"] for each in notices.load(bench.folder.parent / "core")] == ["2.0.0"]


def test_what_may_pass_by_itself_is_tried_again_later(play: Play, server: dict[str, Any]) -> None:
    async def scene(bench: Bench) -> None:
        await bench.ticks()
        assert len(bench.installed) == 1
        hours_ago = int(time.time()) - 2 * 3600
        state.change(lambda now: replace(now, attempt=replace(bench.attempt, ended=hours_ago)), bench.folder)
        await bench.ticks()

    assert len(play(scene, Behaviour(refusal="Could not resolve host: x")).installed) == 2


def test_an_older_list_shown_again_is_refused(play: Play, server: dict[str, Any]) -> None:
    async def scene(bench: Bench) -> None:
        bench.set(automatic=False)
        await bench.ended(bench.updates.check())
        server.update(listed("1.5.0", serial=4))
        job = await bench.ended(bench.updates.check())
        assert job.state is JobState.FAILED
        document = await bench.updates.document()
        assert "older list" in document["check_problem"]["message"]
        assert document["available"]["version"] == "2.0.0"

    play(scene)


def test_nothing_older_is_offered(play: Play, server: dict[str, Any]) -> None:
    async def scene(bench: Bench) -> None:
        server.update(listed("1.0.0"))
        await bench.ended(bench.updates.check())
        document = await bench.updates.document()
        assert document["available"] is None
        assert document["checked"]
        with pytest.raises(Conflict, match="no newer version"):
            await bench.updates.install()

    play(scene)


def test_two_clicks_are_one_installation(play: Play, server: dict[str, Any]) -> None:
    async def scene(bench: Bench) -> None:
        bench.set(automatic=False)
        await bench.ended(bench.updates.check())
        first, second = await asyncio.gather(bench.updates.install(), bench.updates.install())
        assert first is second
        with pytest.raises(Conflict):
            bench.updates.check()
        with pytest.raises(Conflict):
            await bench.updates.cancel()
        seen = set()
        while first.state is JobState.RUNNING:
            document = await bench.updates.document()
            seen |= {document["progress"]["percent"]} if document["progress"] else set()
            await asyncio.sleep(0.005)
        assert len(seen) > 3
        assert (await bench.updates.document())["progress"] is None

    assert len(play(scene).installed) == 1


def test_what_waits_can_be_called_off(play: Play, server: dict[str, Any]) -> None:
    async def scene(bench: Bench) -> None:
        bench.set(window_from=hour(2), window_to=hour(3))
        await bench.ticks()
        await bench.updates.cancel()
        assert bench.attempt.outcome is Outcome.CANCELLED
        await bench.ticks()
        with pytest.raises(Conflict):
            await bench.updates.restart()

    bench = play(scene)
    assert ["Mark", "active", "booted"] in bench.service.calls
    assert len(bench.installed) == 1
    assert bench.restarts == []


def test_an_installation_that_outlived_the_core_is_followed(play: Play, server: dict[str, Any]) -> None:
    async def scene(bench: Bench) -> None:
        attempt = Attempt("2.0.0", "1.0.0", "B", 1, state.boot_mark(bench.folder.parent / "mark"))
        state.change(lambda now: replace(now, attempt=attempt), bench.folder)
        bench.service.is_like.step_s = 0.05
        bench.service.InstallBundle("https://x/", {})
        await bench.updates.tick()
        assert (await bench.updates.document())["state"] == "installing"
        assert bench.updates.job
        await bench.ended(bench.updates.job)
        assert bench.attempt.outcome is Outcome.INSTALLED

    play(scene)


@pytest.mark.parametrize(("primary", "outcome"), [("B", Outcome.INSTALLED), ("A", Outcome.FAILED)])
def test_an_installation_that_ended_without_the_core_is_found_out(play: Play, primary: str, outcome: Outcome) -> None:
    async def scene(bench: Bench) -> None:
        attempt = Attempt("2.0.0", "1.0.0", "B", 1, state.boot_mark(bench.folder.parent / "mark"))
        state.change(lambda now: replace(now, attempt=attempt), bench.folder)
        await bench.ticks(1)
        assert bench.attempt.outcome is outcome

    assert state.load(play(scene, Behaviour(primary=primary)).folder).not_again == ()


def test_a_start_in_the_old_slot_tells_that_the_new_one_did_not_come_up(play: Play, server: dict[str, Any]) -> None:
    async def scene(bench: Bench) -> None:
        attempt = Attempt("2.0.0", "1.0.0", "B", 1, "a run before", Outcome.INSTALLED)
        state.change(lambda now: replace(now, attempt=attempt), bench.folder)
        await bench.ticks()
        last = (await bench.updates.document())["last"]
        assert (last["outcome"], last["reason"]["message"]) == ("failed", state.DID_NOT_START)

    assert play(scene).installed == []


def test_nothing_is_installed_over_the_way_back(play: Play, server: dict[str, Any]) -> None:
    async def scene(bench: Bench) -> None:
        attempt = Attempt("1.0.0", "0.9.0", "A", 1, "a run before", Outcome.INSTALLED)
        found = {"version": "2.0.0", "size": 1, "changes": {}, "url": "https://x/"}
        state.change(lambda now: replace(now, attempt=attempt, available=found), bench.folder)
        await bench.ticks()
        assert (await bench.updates.document())["state"] == "proving"
        with pytest.raises(Conflict, match="still trying out"):
            await bench.updates.install()

    bench = play(scene)
    assert bench.installed == []
    assert bench.restarts == []


@pytest.mark.parametrize(
    "behaviour", [Behaviour(version="0.9.0"), Behaviour(version="2.0.0", bundle_compatible="parlor-rpi")]
)
def test_a_bundle_somebody_names_is_looked_into_first(play: Any, behaviour: Behaviour) -> None:
    async def scene(bench: Bench) -> None:
        job = await bench.ended(await bench.updates.install("https://elsewhere.example/x.raucb"))
        assert job.state is JobState.FAILED

    assert play(scene, behaviour).installed == []


def test_without_slots_nothing_is_done_and_that_is_said(play: Play, server: dict[str, Any]) -> None:
    async def scene(bench: Bench) -> None:
        document = await bench.updates.document()
        assert document["state"] == "unable"
        assert "cannot update itself" in document["unable"]["message"]
        with pytest.raises(NoSlots):
            await bench.updates.install()
        with pytest.raises(NoSlots):
            await bench.updates.tick()

    play(scene, slots=False)
