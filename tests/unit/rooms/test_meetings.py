"""Meetings and their API, with the store on a real SQLite file and a hall of paper."""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application as WebApplication

from appliance.http_api import LARGEST_BODY, errors
from appliance.model import Conflict, Invalid, Missing
from appliance.rooms.api import MeetingApi
from appliance.rooms.asker import Asker, by_core, by_key
from appliance.rooms.meeting_store import MeetingStore
from appliance.rooms.meetings import KEPT_S, MOST_OF_ONE, Meeting, TokenWish, Wish, new_name, parse
from appliance.rooms.tokens import verify
from appliance.settings import Guests
from appliance.throttle import Throttle
from tests.unit.rooms.test_rules import CONFIG, KEY, NOW

Client = TestClient[Any, Any]


class PaperHall:
    """Writes down what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def people(self, name: str) -> list[dict[str, Any]]:
        """One, in every room."""
        return [{"id": "1", "name": f"somebody in {name}"}]

    async def end(self, name: str, why: str) -> None:
        """Note it."""
        self.asked.append(("end", name, str(why)))

    async def changed(self, name: str) -> None:
        """Note it."""
        self.asked.append(("changed", name))


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Callable[[], MeetingStore]]:
    """Opens the same file again and again."""
    opened = []

    def open_one(clock: Callable[[], float] = time.time) -> MeetingStore:
        opened.append(MeetingStore(tmp_path / "rooms.db", clock))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


@pytest.fixture
def store(stores: Callable[[], MeetingStore]) -> MeetingStore:
    return stores()


def wish(**values: object) -> Wish:
    return parse(Wish, {"title": "Talk", **values})


def test_what_was_made_is_there_after_a_restart(store: MeetingStore, stores: Callable[[], MeetingStore]) -> None:
    made = asyncio.run(store.add(wish(waiting=True, starts=10, ends=20), owner="ann"))
    store.close()
    again = stores()
    assert again.find(made.name) == made
    asyncio.run(again.change(made.name, parse(Wish, {"title": "Other", "ends": None})))
    again.close()
    third = stores().find(made.name)
    assert (third.title, third.waiting, third.starts, third.ends, third.owner) == ("Other", True, 10, None, "ann")


def test_a_change_that_the_disk_did_not_take_has_not_happened(store: MeetingStore) -> None:
    made = asyncio.run(store.add(wish(), owner="ann"))
    store._database.execute("PRAGMA query_only = 1")
    with pytest.raises(Exception, match="cannot be kept"):
        asyncio.run(store.change(made.name, wish(title="Lost")))
    assert store.find(made.name).title == "Talk"


def test_the_same_wish_twice_makes_one_meeting(store: MeetingStore) -> None:
    first = asyncio.run(store.add(wish(), application="a1", repeat="k"))
    assert asyncio.run(store.add(wish(), application="a1", repeat="k")) == first
    assert asyncio.run(store.add(wish(), application="a2", repeat="k")) != first
    assert asyncio.run(store.add(wish(), application="a1")) != first


def test_nobody_makes_more_than_enough(store: MeetingStore) -> None:
    async def many() -> None:
        for _ in range(MOST_OF_ONE):
            await store.add(wish(), owner="ann")
        with pytest.raises(Conflict):
            await store.add(wish(), owner="ann")
        await store.add(wish(), owner="ben")

    asyncio.run(many())


def test_what_is_long_over_is_forgotten(stores: Callable[..., MeetingStore]) -> None:
    now = [NOW]
    store = stores(clock=lambda: now[0])
    over = asyncio.run(store.add(wish(ends=int(NOW))))
    unused, used = asyncio.run(store.add(wish())), asyncio.run(store.add(wish()))
    now[0] += KEPT_S + 1
    asyncio.run(store.prune())
    with pytest.raises(Missing):
        store.find(over.name)
    now[0] += 300 * 86400
    asyncio.run(store.use(used.name))
    now[0] += 60 * 86400
    asyncio.run(store.prune())
    assert set(store.meetings) == {used.name}
    assert unused.name not in store.meetings


@pytest.mark.parametrize(
    "document",
    [
        {"title": ""},
        {"title": "x" * 81},
        {"title": "a\u202eb"},
        {"title": 7},
        {"title": "a", "waiting": "yes"},
        {"title": "a", "starts": 20, "ends": 20},
        {"title": "a", "ends": -1},
        {"title": "a", "owner": "ann"},
        [],
    ],
)
def test_wishes_that_are_none(document: object) -> None:
    with pytest.raises(Invalid):
        parse(Wish, document)


def test_what_does_not_fit_is_said_at_its_value() -> None:
    for kind, document, key in (
        (Wish, {"title": "a\u202eb"}, "title"),
        (Wish, {"title": "a", "starts": 20, "ends": 20}, "ends"),
        (TokenWish, {"role": "host", "name": "\n"}, "name"),
    ):
        with pytest.raises(Invalid) as error:
            parse(kind, document)
        assert [problem.key for problem in error.value.problems] == [key]


def test_times_fit_each_other_also_when_one_of_them_changes(store: MeetingStore) -> None:
    async def scene() -> None:
        ann = {"X-Parlor-Person": "ann", "X-Parlor-Role": "member"}
        async with served(store, PaperHall(), inner=True) as client:
            made = await answered(
                await client.post("/v1/meetings", json={"title": "T", "starts": 10, "ends": 20}, headers=ann), 201
            )
            path = f"/v1/meetings/{made['name']}"
            for times in ({"starts": 20}, {"ends": 10}, {"starts": 30, "ends": 25}):
                refused = await answered(await client.patch(path, json=times, headers=ann), 422)
                assert [problem["key"] for problem in refused["error"]["problems"]] == ["ends"]
            for fitting in ({"ends": None}, {"starts": 30}, {"starts": None}, {"ends": 5}):
                await answered(await client.patch(path, json=fitting, headers=ann))

    asyncio.run(scene())


def test_names_are_not_guessed_and_are_good_addresses() -> None:
    names = {new_name() for _ in range(1000)}
    assert len(names) == 1000
    assert all(len(name) == 14 and name.replace("-", "").isalpha() for name in names)


def test_a_meeting_as_a_room() -> None:
    rules = Meeting("n", "Talk", owner="ann", waiting=True).rules(CONFIG.rooms)
    assert (rules.guests, rules.members_wait, rules.members_are_hosts) == (Guests.WAIT, True, False)
    assert Meeting("n", "Talk").rules(CONFIG.rooms).guests is Guests.WALK_IN


@asynccontextmanager
async def served(store: MeetingStore, hall: PaperHall, inner: bool = False) -> AsyncIterator[Client]:
    app = WebApplication(middlewares=[errors], client_max_size=LARGEST_BODY)
    app.add_routes(MeetingApi(store, hall, CONFIG, by_core if inner else by_key(store, Throttle())).routes())
    async with TestClient(TestServer(app)) as client:
        yield client


async def answered(response: ClientResponse, status: int = 200) -> Any:
    document = json.loads(await response.text())
    assert response.status == status, document
    return document


def test_an_application_sees_its_own_meetings_only(store: MeetingStore) -> None:
    async def scene() -> None:
        _, key = await store.add_application("Practice")
        _, other = await store.add_application("Other")
        mine, theirs = {"Authorization": f"Bearer {key}"}, {"Authorization": f"Bearer {other}"}
        hall = PaperHall()
        async with served(store, hall) as client:
            made = await answered(await client.post("/v1/meetings", json={"title": "Visit"}, headers=mine), 201)
            path = f"/v1/meetings/{made['name']}"
            assert made["link"] == f"https://example.org/r/{made['name']}"
            assert (await answered(await client.get("/v1/meetings", headers=mine)))["meetings"] == [made]
            assert (await answered(await client.get("/v1/meetings", headers=theirs)))["meetings"] == []
            for method, where in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/end"), ("GET", "/people")):
                await answered(await client.request(method, path + where, json={}, headers=theirs), 404)
            await answered(await client.post(f"{path}/tokens", json={"role": "host", "name": "E"}, headers=theirs), 404)
            await answered(await client.post("/v1/applications", json={"name": "x"}, headers=mine), 403)
            assert hall.asked == []
            await answered(await client.patch(path, json={"title": "New"}, headers=mine))
            await answered(await client.post(f"{path}/end", headers=mine))
            await answered(await client.delete(path, headers=mine))
            assert hall.asked == [
                ("changed", made["name"]),
                ("end", made["name"], "host"),
                ("end", made["name"], "meeting"),
            ]

    asyncio.run(scene())


def test_wrong_keys_are_refused_and_slowed_down(store: MeetingStore) -> None:
    async def scene() -> None:
        async with served(store, PaperHall()) as client:
            for header in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}):
                await answered(await client.get("/v1/meetings", headers=header), 401)
            statuses = [(await client.get("/v1/meetings")).status for _ in range(5)]
            assert statuses[-1] == 429

    asyncio.run(scene())


def test_a_token_says_what_was_asked_for_and_who_vouches(store: MeetingStore) -> None:
    async def scene() -> None:
        application, key = await store.add_application("Practice")
        header = {"Authorization": f"Bearer {key}"}
        async with served(store, PaperHall()) as client:
            made = await answered(await client.post("/v1/meetings", json={"title": "Visit"}, headers=header), 201)
            ask = {"role": "host", "name": "Dr Ada", "expires_s": 600}
            given = await answered(
                await client.post(f"/v1/meetings/{made['name']}/tokens", json=ask, headers=header), 201
            )
        token = verify(given["token"], KEY, NOW)
        assert (token.room, token.role, token.name, token.person) == (made["name"], "host", "Dr Ada", "")
        assert token.application == application.id
        assert given["link"].endswith(f"#t={given['token']}")

    asyncio.run(scene())


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"role": "king", "name": "A"},
        {"role": "host", "name": "a\nb" * 60},
        {"role": "host", "name": "A", "expires_s": 1},
    ],
)
def test_tokens_that_cannot_be(document: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        parse(TokenWish, document)


def test_people_see_their_own_and_admins_all(store: MeetingStore) -> None:
    async def scene() -> None:
        ann = {"X-Parlor-Person": "ann", "X-Parlor-Role": "member"}
        ben = {"X-Parlor-Person": "ben", "X-Parlor-Role": "member"}
        root = {"X-Parlor-Person": "", "X-Parlor-Role": "root"}
        async with served(store, PaperHall(), inner=True) as client:
            made = await answered(await client.post("/v1/meetings", json={"title": "Talk"}, headers=ann), 201)
            assert made["owner"] == "ann"
            listed = await answered(await client.get("/v1/meetings", headers=ben))
            assert (listed["meetings"], [each["name"] for each in listed["always"]]) == ([], ["kitchen", "home"])
            assert (await answered(await client.get("/v1/meetings", headers=root)))["meetings"] == [made]
            await answered(await client.post("/v1/applications", json={"name": "x"}, headers=ann), 403)
            application = await answered(await client.post("/v1/applications", json={"name": "x"}, headers=root), 201)
            assert store.application(application["key"])
            await answered(await client.delete(f"/v1/applications/{application['id']}", headers=root))
            assert store.application(application["key"]) is None

    asyncio.run(scene())


def test_nobody_owns_what_nobody_made() -> None:
    assert not Asker().may_see(Meeting("n", "Talk"))
    assert not Asker(application="a").may_see(Meeting("n", "Talk", application="b"))


def test_keys_are_not_on_the_disk(store: MeetingStore, tmp_path: Path) -> None:
    _, key = asyncio.run(store.add_application("Practice"))
    store.close()
    with sqlite3.connect(tmp_path / "rooms.db") as database:
        dump = "\n".join(database.iterdump())
    database.close()
    assert "Practice" in dump
    assert key not in dump
