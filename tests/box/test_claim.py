"""Who may claim a fresh box: only whoever reads its code, and only one."""

import json
import time
from typing import Any

from image.box import Box
from tests.box.portal_user import as_portal

SETUP: dict[str, Any] = {
    "box": {"name": "parlor", "language": "en"},
    "domain": {"kind": "house"},
    "admin": {"name": "ann", "password": "correct: {horse} “☺”"},
    "people": ["bob"],
}


def code_of(box: Box) -> str:
    """The code that the box shows."""
    return box.run(["parlor", "claim-code"]).stdout.strip()


def test_wrong_codes_claim_nothing_and_the_right_one_still_works(unclaimed_box: Box) -> None:
    answers = as_portal(
        unclaimed_box,
        """
import random, string
def guess(i):
    code = "".join(random.choices(string.ascii_uppercase, k=8))
    return call("POST", "/v1/claim", {"code": code}, address=f"10.9.0.{i % 50}")
result = [guess(i) for i in range(1000)]
""",
    )
    assert not [answer for answer in answers if "token" in answer]
    assert {answer["error"] for answer in answers} == {"denied", "too-many"}
    answer: dict[str, Any] = {}
    deadline = time.monotonic() + 60
    while "token" not in answer and time.monotonic() < deadline:
        body = 'result = call("POST", "/v1/claim", {"code": code}, address="10.9.0.1")'
        answer = as_portal(unclaimed_box, body, code=code_of(unclaimed_box))
        time.sleep(1)
    assert "token" in answer


def test_two_hundred_at_once_make_one_claim(unclaimed_box: Box) -> None:
    body = 'result = at_once(200, lambda i: call("POST", "/v1/claim", {"code": code}, address=f"10.9.1.{i}"))'
    answers = as_portal(unclaimed_box, body, code=code_of(unclaimed_box))
    assert len([answer for answer in answers if "token" in answer]) == 1


def test_a_race_of_setups_makes_one_admin(unclaimed_box: Box) -> None:
    answers = as_portal(
        unclaimed_box,
        """
import time
token = call("POST", "/v1/claim", {"code": code})["token"]
def one(i):
    mine = setup | {"admin": setup["admin"] | {"name": f"admin{i}"}}
    return call("POST", "/v1/setup", mine, token=token)
answers = at_once(20, one)
job = answers[0]
while job.get("state") == "running":
    job = call("GET", f"/v1/jobs/{job['id']}?wait=20", token=token)
late = call("POST", "/v1/setup", setup, token=token)
result = {"ids": sorted({a.get("id", a.get("error")) for a in answers}), "job": job, "late": late}
""",
        code=code_of(unclaimed_box),
        setup=SETUP,
    )
    assert answers["job"]["state"] == "done", answers["job"]
    assert len(answers["ids"]) == 1
    assert answers["late"]["error"] == "conflict"
    people = json.loads(unclaimed_box.run(["parlor", "user", "list", "--json"]).stdout)
    assert [person["role"] for person in people].count("admin") == 1
    assert unclaimed_box.run(["parlor", "claim-code"], check=False).returncode == 1


def test_nobody_without_a_claim_sets_anything_up(unclaimed_box: Box) -> None:
    answers = as_portal(
        unclaimed_box,
        """
calls = [("POST", "/v1/setup", setup), ("PUT", "/v1/setup/draft", {}), ("GET", "/v1/setup", None),
         ("GET", "/v1/status", None), ("GET", "/v1/people", None), ("POST", "/v1/people", {"name": "eve"}),
         ("PATCH", "/v1/settings", {"files.max_mb": 1}), ("PUT", "/v1/certificate", {}), ("POST", "/v1/apply", {}),
         ("GET", "/v1/claim-code", None)]
result = [call(*each, token=token) for each in calls for token in ("", "guess", "x" * 5000)]
""",
        setup=SETUP,
    )
    assert {answer["error"] for answer in answers} <= {"logged-out", "unavailable"}
    assert not json.loads(unclaimed_box.run(["parlor", "status", "--json"]).stdout)["claimed"]


def test_other_users_of_the_system_are_turned_away(unclaimed_box: Box) -> None:
    for user in ("ejabberd", "www-data", "janus"):
        answer = as_portal(unclaimed_box, 'result = call("GET", "/v1/box")', user=user)
        assert answer["error"] in {"denied", "unavailable"}, user
