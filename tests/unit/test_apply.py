"""Plan and apply: by digest, remembered only after the unit took it."""

import asyncio
from pathlib import Path

import pytest

from appliance import apply as pipeline
from appliance.apply import Action, digest, plan
from appliance.model import Certificate, Host, RenderedFile, Service
from appliance.settings import Box, Settings
from appliance.system import files, units
from appliance.system.process import ProgramFailed

HOST = Host("10.0.0.2", "", Certificate(b"", b""))


def service(enabled: bool = True, can_reload: bool = True, restart_on: tuple[str, ...] = ()) -> Service:
    def render(settings: Settings, _host: Host) -> tuple[RenderedFile, ...]:
        return (
            RenderedFile(Path("/run/parlor/demo/name"), settings.box.name.encode()),
            RenderedFile(Path("/run/parlor/demo/still"), b"still"),
        )

    return Service(
        "demo", "Demo", "demo.service", render, lambda _: enabled, can_reload=can_reload, restart_on=restart_on
    )


def loaded(name: str) -> dict[str, pipeline.Digests]:
    return {"demo": digest(service().render(Settings(box=Box(name=name)), HOST))}


def test_a_new_service_starts() -> None:
    (change,) = plan([service()], Settings(), HOST, {})
    assert change.action is Action.START
    assert [file.path.name for file in change.write] == ["name", "still"]


def test_nothing_changes_when_nothing_changed() -> None:
    assert plan([service()], Settings(), HOST, loaded("parlor")) == ()


def test_a_changed_file_reloads_the_unit() -> None:
    (change,) = plan([service()], Settings(), HOST, loaded("other"))
    assert change.action is Action.RELOAD


def test_a_changed_file_restarts_a_unit_that_cannot_reload_it() -> None:
    assert plan([service(can_reload=False)], Settings(), HOST, loaded("other"))[0].action is Action.RESTART
    assert plan([service(restart_on=("name",))], Settings(), HOST, loaded("other"))[0].action is Action.RESTART


def test_a_disabled_service_stops_and_its_files_go() -> None:
    (change,) = plan([service(enabled=False)], Settings(), HOST, loaded("parlor"))
    assert change.action is Action.STOP
    assert {path.name for path in change.remove} == {"name", "still"}
    assert plan([service(enabled=False)], Settings(), HOST, {}) == ()


def test_permissions_count_as_change() -> None:
    assert digest([RenderedFile(Path("/x"), b"")]) != digest([RenderedFile(Path("/x"), b"", mode=0o600)])


@pytest.fixture
def edge(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, str]]:
    calls: list[tuple[str, str]] = []

    async def act(verb: str, unit: str) -> None:
        calls.append((verb, unit))

    monkeypatch.setattr(units, "act", act)
    monkeypatch.setattr(files, "write_rendered", lambda rendered: None)
    monkeypatch.setattr(files, "remove", lambda paths: None)
    monkeypatch.setattr(pipeline, "LOADED", tmp_path / "loaded.json")
    return calls


def test_what_the_unit_took_is_remembered(edge: list[tuple[str, str]]) -> None:
    asyncio.run(pipeline.apply(plan([service()], Settings(), HOST, {})))
    assert edge == [("restart", "demo.service")]
    assert pipeline.load_record() == loaded("parlor")


def test_a_refused_change_is_tried_again_and_the_way_back_restarts(
    edge: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.save_record(loaded("parlor"))

    async def refuse(verb: str, unit: str) -> None:
        raise ProgramFailed(["systemctl", verb, unit], 1, "no")

    monkeypatch.setattr(units, "act", refuse)
    wanted = Settings(box=Box(name="kitchen"))
    with pytest.raises(ProgramFailed):
        asyncio.run(pipeline.apply(plan([service()], wanted, HOST, pipeline.load_record())))
    # The file on the disk is the refused one: neither way may be taken for loaded.
    assert plan([service()], wanted, HOST, pipeline.load_record())[0].action is Action.START
    assert plan([service()], Settings(), HOST, pipeline.load_record())[0].action is Action.START
    # Switched off again, the refused files go.
    off = plan([service(enabled=False)], Settings(), HOST, pipeline.load_record())[0]
    assert off.action is Action.STOP
    assert {path.name for path in off.remove} == {"name", "still"}


def test_a_torn_record_means_nothing_is_loaded(edge: list[tuple[str, str]]) -> None:
    pipeline.LOADED.write_text('{"demo": {')
    assert pipeline.load_record() == {}
