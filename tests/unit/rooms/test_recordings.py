"""Recordings on the disk: begun, ended, found again after a power cut, deleted; and who may see them."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application

from appliance.http_api import errors
from appliance.model import Missing, Unavailable
from appliance.rooms import films, recordings
from appliance.rooms.recording_api import RecordingApi
from appliance.rooms.recordings import FILM, Recording, RecordingStore, State
from appliance.system.process import ProgramFailed


@pytest.fixture
def store(tmp_path: Path) -> RecordingStore:
    (tmp_path / "work").mkdir()
    (tmp_path / "ended").mkdir()
    return RecordingStore(tmp_path)


@pytest.fixture(autouse=True)
def own_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' files stay their own."""
    monkeypatch.setattr(os, "fchown", lambda *_: None)


def begun(store: RecordingStore) -> Recording:
    return store.begin("home", "Home")


def test_a_recording_is_marked_ready_for_the_film_when_it_ends(store: RecordingStore) -> None:
    recording = begun(store)
    assert not (store.ended / recording.id).exists()
    ended = store.end(recording, ["ben", "ann", "ann"])
    assert (store.ended / recording.id).exists()
    assert store.find(recording.id) == ended
    assert (ended.state, ended.people) == (State.PREPARING, ("ann", "ben"))


def test_what_a_power_cut_left_is_taken_up(store: RecordingStore) -> None:
    recording = begun(store)
    store.take_up()
    assert store.find(recording.id).state is State.PREPARING
    assert (store.ended / recording.id).exists()


def test_without_room_nothing_begins(store: RecordingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "TO_BEGIN_BYTES", 1 << 62)
    with pytest.raises(Unavailable, match="too little room"):
        begun(store)
    assert store.all() == []


@pytest.mark.parametrize("identity", ["", "..", "../../etc", "work", "x" * 16, "a" * 17])
def test_a_name_leads_nowhere_else(store: RecordingStore, identity: str) -> None:
    with pytest.raises(Missing):
        store.find(identity)


def test_half_a_recording_is_none(store: RecordingStore) -> None:
    recording = begun(store)
    (store.folder / recording.id / "about.json").write_text('{"id": ')
    assert store.all() == []


def test_a_film_without_room_is_made_once_something_was_deleted(
    store: RecordingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording, other = store.end(begun(store), ["ann"]), begun(store)
    room = False

    def run(argv: list[str], _limit_s: float) -> None:
        if not room:
            raise ProgramFailed(argv, films.EXIT_FULL, "")
        Path(argv[-1]).write_bytes(b"film")

    monkeypatch.setattr(films, "run_and_wait", run)
    monkeypatch.setattr(films, "RecordingStore", lambda: store)
    films.main()
    full = store.find(recording.id)
    assert (full.state, full.why) == (State.PREPARING, films.FULL)
    assert not list(store.ended.iterdir()), "else it would be tried without end"
    room = True
    store.delete(other)
    films.main()
    made = store.find(recording.id)
    assert (made.state, made.why) == (State.READY, "")


@pytest.mark.parametrize(
    ("outcome", "state", "why"),
    [
        (0, State.READY, ""),
        (2, State.FAILED, films.NOTHING),
        (1, State.FAILED, films.FAILED),
    ],
)
def test_films(store: RecordingStore, monkeypatch: pytest.MonkeyPatch, outcome: int, state: State, why: str) -> None:
    recording = store.end(begun(store), ["ann"])

    def run(argv: list[str], _limit_s: float) -> None:
        if outcome:
            raise ProgramFailed(argv, outcome, "")
        Path(argv[-1]).write_bytes(b"film")

    monkeypatch.setattr(films, "run_and_wait", run)
    monkeypatch.setattr(films, "RecordingStore", lambda: store)
    assert films.main() == 0
    made = store.find(recording.id)
    assert (made.state, made.why) == (state, why)
    assert not store.raw(recording.id).exists()
    assert not list(store.ended.iterdir())
    if outcome:
        with pytest.raises(Missing):
            store.film(made)
    else:
        assert store.film(made).read_bytes() == b"film"


def test_a_recording_that_was_deleted_meanwhile_leaves_nothing(
    store: RecordingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = store.end(begun(store), ["ann"])
    shutil.rmtree(store.folder / recording.id)
    monkeypatch.setattr(films, "RecordingStore", lambda: store)
    films.main()
    assert not store.raw(recording.id).exists()


def test_who_may_see_play_and_delete(store: RecordingStore) -> None:
    ready = store.end(begun(store), ["ann"])
    store.save(Recording(**{**vars(ready), "state": State.READY}))
    (store.folder / ready.id / FILM).write_bytes(bytes(range(100)))
    running = begun(store)

    async def scene() -> None:
        app = Application(middlewares=[errors])
        app.add_routes(RecordingApi(store).routes())
        async with TestClient(TestServer(app)) as client:
            ann: dict[str, Any] = {"headers": {"X-Parlor-Person": "ann", "X-Parlor-Role": "member"}}
            ben: dict[str, Any] = {"headers": {"X-Parlor-Person": "ben", "X-Parlor-Role": "member"}}
            admin: dict[str, Any] = {"headers": {"X-Parlor-Person": "eve", "X-Parlor-Role": "admin"}}
            path = f"/v1/recordings/{ready.id}"
            listed = (await (await client.get("/v1/recordings", **ann)).json())["recordings"]
            assert [(each["id"], each["bytes"]) for each in listed] == [(ready.id, 100)]
            assert (await (await client.get("/v1/recordings", **ben)).json())["recordings"] == []
            assert len((await (await client.get("/v1/recordings", **admin)).json())["recordings"]) == 2
            assert (await client.get(f"{path}/file", **ben)).status == 404
            assert (await client.delete(path, **ben)).status == 404
            part = await client.get(f"{path}/file", headers={**ann["headers"], "Range": "bytes=10-19"})
            assert (part.status, await part.read()) == (206, bytes(range(10, 20)))
            assert part.headers["Content-Type"] == "video/webm"
            assert (await client.delete(f"/v1/recordings/{running.id}", **admin)).status == 409
            assert (await client.delete(path, **ann)).status == 200
            assert (await client.get(f"{path}/file", **ann)).status == 404

    asyncio.run(scene())
