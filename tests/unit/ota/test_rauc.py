"""The client of RAUC, against a service on a bus of its own."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from appliance.model import ParlorError
from ota.rauc import Mark, NoSlots, Progress, Rauc, Refused, close
from tests.fake_rauc import Behaviour, FakeRauc, on_bus

Scene = Callable[[Rauc, FakeRauc], Awaitable[None]]


def play(address: str, scene: Scene, behaviour: Behaviour | None = None) -> FakeRauc:
    """Run a scene with a client and a service on the bus."""

    async def both() -> FakeRauc:
        service = FakeRauc(behaviour)
        bus = await on_bus(service, address)
        try:
            await asyncio.wait_for(scene(Rauc(address), service), 20)
        finally:
            await close(bus)
        return service

    return asyncio.run(both())


async def begun(rauc: Rauc) -> None:
    for _ in range(100):
        if await rauc.installing():
            return
        await asyncio.sleep(0.01)


def test_it_reads_slots_and_what_starts_next(bus_address: str) -> None:
    async def scene(rauc: Rauc, _service: FakeRauc) -> None:
        assert await rauc.compatible() == "parlor-x86"
        first, second = await rauc.slots()
        assert (first.name, first.bootname, first.booted, first.good) == ("rootfs.0", "A", True, True)
        assert (second.bootname, second.booted, second.good, second.version) == ("B", False, False, "1.2.3")
        assert await rauc.primary() == "rootfs.1"
        assert not await rauc.installing()

    play(bus_address, scene, Behaviour(primary="B", bad=["B"], versions={"B": "1.2.3"}))


def test_an_installation_tells_its_progress(bus_address: str) -> None:
    seen: list[Progress] = []

    async def scene(rauc: Rauc, _service: FakeRauc) -> None:
        await rauc.install("/data/new.raucb", seen.append)
        assert await rauc.primary() == "rootfs.1"

    service = play(bus_address, scene)
    assert service.calls[0] == ["InstallBundle", "/data/new.raucb"]
    assert [step.percent for step in seen] == list(range(0, 100, 10))
    assert seen[3].message == "Copying image to rootfs.3"


def test_a_failed_installation_is_said_in_words_with_the_original_beside(bus_address: str) -> None:
    original = "Installation error: bundle payload is corrupted"

    async def scene(rauc: Rauc, _service: FakeRauc) -> None:
        with pytest.raises(Refused, match="damaged or incomplete") as refused:
            await rauc.install("/data/new.raucb", lambda _: None)
        assert refused.value.original == original
        assert await rauc.primary() == "rootfs.0"

    play(bus_address, scene, Behaviour(refusal=original))


def test_an_installation_that_runs_is_followed(bus_address: str) -> None:
    async def scene(rauc: Rauc, _service: FakeRauc) -> None:
        assert not await rauc.follow(lambda _: None)
        running = asyncio.create_task(rauc.install("/data/new.raucb", lambda _: None))
        await begun(rauc)
        seen: list[Progress] = []
        assert await rauc.follow(seen.append)
        assert seen
        await running

    play(bus_address, scene, Behaviour(step_s=0.05))


def test_a_second_installation_is_refused_while_one_runs(bus_address: str) -> None:
    async def scene(rauc: Rauc, _service: FakeRauc) -> None:
        running = asyncio.create_task(rauc.install("/data/new.raucb", lambda _: None))
        await begun(rauc)
        with pytest.raises(Refused):
            await rauc.install("/data/other.raucb", lambda _: None)
        await running

    play(bus_address, scene, Behaviour(step_s=0.05))


def test_it_looks_into_a_bundle(bus_address: str) -> None:
    async def scene(rauc: Rauc, _service: FakeRauc) -> None:
        bundle = await rauc.inspect("/data/new.raucb")
        assert (bundle.compatible, bundle.version) == ("parlor-rpi", "2.0.0")

    play(bus_address, scene, Behaviour(version="2.0.0", bundle_compatible="parlor-rpi"))


def test_it_marks(bus_address: str) -> None:
    async def scene(rauc: Rauc, _service: FakeRauc) -> None:
        await rauc.mark(Mark.BAD)
        await rauc.mark(Mark.ACTIVE, "other")
        assert not (await rauc.slots())[0].good
        assert await rauc.primary() == "rootfs.1"

    assert play(bus_address, scene).calls[:2] == [["Mark", "bad", "booted"], ["Mark", "active", "other"]]


def test_a_boot_loader_that_cannot_be_written_is_an_error(bus_address: str) -> None:
    async def scene(rauc: Rauc, _service: FakeRauc) -> None:
        with pytest.raises(ParlorError, match="could not note"):
            await rauc.mark(Mark.GOOD)

    play(bus_address, scene, Behaviour(unwritable=True))


def test_rauc_that_dies_in_between_ends_the_installation(bus_address: str) -> None:
    async def scene() -> None:
        bus = await on_bus(FakeRauc(Behaviour(step_s=0.2)), bus_address)
        running = asyncio.create_task(Rauc(bus_address).install("/data/new.raucb", lambda _: None))
        await asyncio.sleep(0.3)
        await close(bus)
        with pytest.raises((Refused, NoSlots)):
            await asyncio.wait_for(running, 5)

    asyncio.run(scene())


@pytest.mark.parametrize("autostart", [True, False])
def test_without_rauc_the_box_says_that_it_cannot_update_itself(bus_address: str, autostart: bool) -> None:
    with pytest.raises(NoSlots, match="cannot update itself"):
        asyncio.run(Rauc(bus_address, autostart).slots())
