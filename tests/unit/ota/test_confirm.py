"""What is kept after a start and what is not, with RAUC on a bus and a core that says what it is told to."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, override

import pytest

from appliance.client import Client
from appliance.model import ParlorError, Unavailable
from appliance.system import notices
from ota import state
from ota.confirm import Confirmation
from ota.rauc import Rauc, close
from ota.state import Attempt, Outcome, State
from tests.fake_rauc import Behaviour, FakeRauc, on_bus

SILENCE = {"template": "A message does not arrive: %(why)s", "params": {"why": "silence"}}


class Core(Client):
    """A core that is silent `late` times, then as well as it is told; `proof` is the error its proof ends with."""

    def __init__(self, proof: dict[str, Any] | None = None, late: int = 0, healthy: bool = True) -> None:
        super().__init__(Path("/nowhere"))
        self.asked: list[str] = []
        self._proof, self._late, self._healthy = proof, late, healthy

    @override
    def call(self, method: str, path: str, body: object | None = None, timeout_s: float = 30) -> Any:
        self.asked.append(path)
        if self._late:
            self._late -= 1
            raise Unavailable("The box's core does not answer. Try again in a moment.")
        if path == "/v1/status":
            return {"healthy": self._healthy}
        ended = path != "/v1/update/proof"
        state_ = ("failed" if self._proof else "done") if ended else "running"
        return {"id": "7", "state": state_, "error": self._proof if ended else None}


@dataclass
class Machine:
    """What a start of a machine came to."""

    folder: Path
    marks: list[list[Any]] = field(default_factory=list)
    restarts: int = 0

    @property
    def kept(self) -> State:
        return state.load(self.folder)


def start(bus_address: str, data: Path, behaviour: Behaviour, core: Core, boot: str = "second") -> Machine:
    """One start of a machine."""
    machine = Machine(data / "ota")
    mark = data / f"mark-{boot}"
    mark.write_text(boot)

    async def restart() -> None:
        machine.restarts += 1

    async def scene() -> None:
        service = FakeRauc(behaviour)
        bus = await on_bus(service, bus_address)
        try:
            await Confirmation(
                Rauc(bus_address), core, machine.folder, mark, restart, core_s=0.5, proof_s=1, well_s=0.2, pause_s=0.01
            ).run()
        finally:
            machine.marks = [call for call in service.calls if call[0] == "Mark"]
            await close(bus)

    asyncio.run(scene())
    return machine


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """/data after an update to 2.0.0 was written to slot B."""
    attempt = Attempt("2.0.0", "1.0.0", "B", 1_800_000_000, "first", Outcome.INSTALLED)
    state.change(lambda _: State(attempt), tmp_path / "ota")
    return tmp_path


def outcome(machine: Machine) -> Outcome:
    assert machine.kept.attempt
    return machine.kept.attempt.outcome


def test_a_new_version_that_works_is_kept(bus_address: str, data: Path) -> None:
    core = Core(late=3)
    machine = start(bus_address, data, Behaviour(booted="B"), core)
    assert "/v1/update/proof" in core.asked
    assert machine.marks == [["Mark", "good", "booted"]]
    assert (outcome(machine), machine.restarts) == (Outcome.GOOD, 0)
    assert not (data / "ota" / "trial").exists()
    assert notices.load(data / "core") == ()


def test_a_new_version_that_does_not_work_goes_with_its_reason(bus_address: str, data: Path) -> None:
    machine = start(bus_address, data, Behaviour(booted="B"), Core(SILENCE))
    assert machine.marks == [["Mark", "bad", "booted"]]
    assert (outcome(machine), machine.restarts) == (Outcome.FAILED, 1)
    attempt = machine.kept.attempt
    assert attempt
    assert (attempt.reason, attempt.params) == (SILENCE["template"], SILENCE["params"])
    assert machine.kept.not_again == ("2.0.0",)
    assert [each.params["version"] for each in notices.load(data / "core")] == ["2.0.0"]
    back = start(bus_address, data, Behaviour(booted="A", bad=["B"]), Core(), "third")
    assert back.marks == [["Mark", "good", "booted"]]
    assert back.kept == machine.kept


def test_a_core_that_never_answers_is_a_version_that_does_not_work(bus_address: str, data: Path) -> None:
    machine = start(bus_address, data, Behaviour(booted="B"), Core(late=10_000))
    assert machine.marks == [["Mark", "bad", "booted"]]
    assert machine.restarts == 1


def test_a_proof_is_done_at_each_start_until_it_was_judged(bus_address: str, data: Path) -> None:
    for boot in ("second", "third"):
        state.change(lambda _: State(Attempt("2.0.0", "1.0.0", "B", 1, "first", Outcome.INSTALLED)), data / "ota")
        core = Core()
        start(bus_address, data, Behaviour(booted="B"), core, boot)
        assert "/v1/update/proof" in core.asked


def test_without_another_good_slot_nothing_is_thrown_away(bus_address: str, data: Path) -> None:
    machine = start(bus_address, data, Behaviour(booted="B", bad=["A"]), Core(SILENCE))
    assert machine.marks == [["Mark", "good", "booted"]]
    assert (outcome(machine), machine.restarts) == (Outcome.FAILED, 0)


def test_a_boot_loader_that_cannot_be_written_leaves_the_version_on_trial(bus_address: str, data: Path) -> None:
    with pytest.raises(ParlorError, match="could not note"):
        start(bus_address, data, Behaviour(booted="B", unwritable=True), Core(SILENCE))
    assert (data / "ota" / "trial").read_text() == "B"


def test_the_old_slot_notes_that_the_new_version_did_not_start(bus_address: str, data: Path) -> None:
    core = Core()
    machine = start(bus_address, data, Behaviour(booted="A"), core)
    assert "/v1/update/proof" not in core.asked
    assert machine.marks == [["Mark", "good", "booted"]]
    assert machine.kept.attempt
    assert machine.kept.attempt.reason == state.DID_NOT_START
    assert len(notices.load(data / "core")) == 1


def test_on_any_other_start_what_worked_before_is_kept_whatever_fails_now(bus_address: str, tmp_path: Path) -> None:
    for core in (Core(), Core(healthy=False), Core(late=10_000)):
        machine = start(bus_address, tmp_path, Behaviour(), core)
        assert machine.marks == [["Mark", "good", "booted"]]
        assert machine.restarts == 0
        assert "/v1/update/proof" not in core.asked


def test_a_restart_of_the_confirmation_in_the_same_run_judges_nothing_that_waits(bus_address: str, data: Path) -> None:
    machine = start(bus_address, data, Behaviour(booted="A"), Core(), "first")
    assert outcome(machine) is Outcome.INSTALLED
