"""Meetings in the booted box: by command, by applications over the web, and as rooms."""

import asyncio
import json
import time
from typing import Any

from tests.box.attendee import attendee
from tests.box.door import ask
from tests.box.house import ClaimedBox
from tests.box.test_rooms_socket import refusal


def api(box: ClaimedBox, key: str, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """What an application gets."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body is not None else b""
    answer = ask(box.address, box.domain, f"/rooms/api/v1{path}", method=method, headers=headers, body=data)
    return answer.status, answer.json()


def new_key(box: ClaimedBox, name: str = "Practice") -> str:
    """The key of a new application."""
    return str(json.loads(box.parlor("application", "make", name, "--json").stdout)["key"])


def test_a_meeting_from_the_command_line_is_a_room(box: ClaimedBox) -> None:
    made = json.loads(box.parlor("meeting", "make", "Family talk", "--json").stdout)
    assert made["link"] == f"https://{box.domain}/r/{made['name']}"
    assert made["name"] in box.parlor("meeting", "list").stdout

    async def scene() -> None:
        async with attendee(box, made["name"], name="Gus") as guest:
            welcome = await guest.wait("welcome")
            assert welcome["room"]["title"] == "Family talk"
            assert "Gus (guest)" in box.parlor("meeting", "show", made["name"]).stdout
            box.parlor("meeting", "end", made["name"])
            assert (await guest.wait("ended"))["why"] == "host"
        box.parlor("meeting", "delete", made["name"])
        assert await refusal(box, made["name"]) == "no-room"

    asyncio.run(scene())


def test_an_application_makes_a_meeting_and_its_tokens_open_it(box: ClaimedBox) -> None:
    key = new_key(box)
    status, made = api(box, key, "POST", "/meetings", {"title": "Visit", "waiting": True})
    assert (status, made["application"] != "") == (201, True)
    tokens = {
        role: api(box, key, "POST", f"/meetings/{made['name']}/tokens", {"role": role, "name": role.title()})[1]
        for role in ("host", "guest", "viewer")
    }

    async def scene() -> None:
        async with attendee(box, made["name"], token=tokens["guest"]["token"]) as patient:
            assert (await patient.wait("waiting"))["for"] == "host"
            async with attendee(box, made["name"], token=tokens["host"]["token"]) as doctor:
                welcome = await doctor.wait("welcome")
                assert welcome["you"]["role"] == "host"
                assert [each["name"] for each in welcome["door"]] == ["Guest"]
                await doctor.say("admit", all=True)
                await patient.wait("welcome")
                people = api(box, key, "GET", f"/meetings/{made['name']}/people")[1]["people"]
                assert sorted(each["name"] for each in people) == ["Guest", "Host"]
                assert api(box, key, "POST", f"/meetings/{made['name']}/end")[0] == 200
                assert (await patient.wait("ended"))["why"] == "host"

    asyncio.run(scene())


def test_another_key_sees_nothing_and_a_wrong_one_less(box: ClaimedBox) -> None:
    key, other = new_key(box), new_key(box, "Other")
    name = api(box, key, "POST", "/meetings", {"title": "Visit"})[1]["name"]
    assert api(box, other, "GET", f"/meetings/{name}")[0] == 404
    assert api(box, other, "GET", "/meetings")[1]["meetings"] == []
    status, document = api(box, "parlor_wrong", "GET", "/meetings")
    assert status == 401
    assert "key" in document["error"]["message"]
    application = next(
        a for a in json.loads(box.parlor("application", "list", "--json").stdout) if a["name"] == "Other"
    )
    box.parlor("application", "delete", application["id"])
    assert api(box, other, "GET", "/meetings")[0] == 401


def test_when_its_time_is_over_everybody_goes_home(box: ClaimedBox) -> None:
    key = new_key(box)
    made = api(box, key, "POST", "/meetings", {"title": "Short"})[1]

    async def scene() -> None:
        async with attendee(box, made["name"]) as guest:
            await guest.wait("welcome")
            ends = {"ends": int(time.time()) + 1}
            await asyncio.to_thread(api, box, key, "PATCH", f"/meetings/{made['name']}", ends)
            assert (await guest.wait("ended"))["why"] == "meeting"
        assert await refusal(box, made["name"]) == "no-room"

    asyncio.run(scene())


def test_meetings_and_keys_outlive_a_kill(box: ClaimedBox) -> None:
    key = new_key(box)
    made = api(box, key, "POST", "/meetings", {"title": "Lasting"})[1]
    box.box.run(["systemctl", "kill", "--signal=KILL", "parlor-rooms.service"])
    box.wait_until_well(15)
    assert api(box, key, "GET", f"/meetings/{made['name']}")[1]["title"] == "Lasting"


def test_the_inner_way_is_not_open_to_the_web(box: ClaimedBox) -> None:
    """Whoever claims over the web to be an admin is nobody."""
    headers = {"X-Parlor-Person": "ann", "X-Parlor-Role": "admin"}
    for path in ("/rooms/api/v1/meetings", "/rooms/api/v1/applications"):
        assert ask(box.address, box.domain, path, headers=headers).status == 401
