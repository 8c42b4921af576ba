"""The pages of meetings, applications and recordings."""

from typing import Any

import pytest

from tests.unit.web_setup.conftest import Browser
from tests.unit.web_setup.fake_core import FakeCore


@pytest.fixture
def member(core: FakeCore, browser: Browser) -> Browser:
    core.box.claim()
    browser.log_in("bob", "battery staple")
    return browser


def test_a_member_makes_a_meeting_and_shares_its_link(core: FakeCore, member: Browser) -> None:
    assert "always there" in member.get("/meetings").text
    page = member.post("/meetings", title="Family talk", waiting="on")
    made = next(iter(core.box.rooms.meetings.values()))
    assert (made["title"], made["waiting"], made["encrypted"]) == ("Family talk", True, False)
    assert made["link"] in page.text
    assert 'role="img"' in page.text or "<svg" in page.text
    assert "Share its link" in page.text


def test_an_encrypted_meeting_shows_no_qr_code_and_says_why(core: FakeCore, member: Browser) -> None:
    core.box.rooms.make(encrypted=True)
    page = member.get("/meetings/abcd-efgh-0000").text
    assert 'data-key-of="abcd-efgh-0000"' in page
    assert "there is no QR code" in page
    assert "QR code of the link" not in page


def test_a_title_that_is_missing_is_asked_for(core: FakeCore, member: Browser) -> None:
    member.get("/meetings")
    answer = member.post("/meetings", title="")
    assert answer.status_code == 422
    assert "This is missing." in answer.text
    assert core.box.rooms.meetings == {}


def test_titles_are_text(core: FakeCore, member: Browser) -> None:
    core.box.rooms.make("<script>alert(1)</script>")
    for path in ("/meetings", "/meetings/abcd-efgh-0000"):
        assert "<script>alert" not in member.get(path).text


def test_a_meeting_is_ended_and_deleted(core: FakeCore, member: Browser) -> None:
    core.box.rooms.make()
    member.get("/meetings/abcd-efgh-0000")
    assert "sent home" in member.post("/meetings/abcd-efgh-0000/end").text
    assert core.box.rooms.ended == ["abcd-efgh-0000"]
    assert "leads nowhere" in member.post("/meetings/abcd-efgh-0000/delete").text
    assert core.box.rooms.meetings == {}


def test_a_meeting_that_is_not_there(core: FakeCore, member: Browser) -> None:
    assert member.get("/meetings/none").status_code == 404


def test_an_admin_makes_a_key_that_is_shown_once(core: FakeCore, admin: Browser) -> None:
    admin.get("/applications")
    assert "parlor_KEY" in admin.post("/applications", name="Practice").text
    page = admin.get("/applications").text
    assert "Practice" in page
    assert "parlor_KEY" not in page
    identity = core.box.rooms.applications[0]["id"]
    assert "no longer works" in admin.post(f"/applications/{identity}/delete").text


def test_applications_are_not_for_members(member: Browser) -> None:
    assert member.get("/applications").status_code == 403
    assert "/applications" not in member.get("/meetings").text


def recording(**more: Any) -> dict[str, Any]:
    times = {"started": 1_790_000_000, "ended": 1_790_000_060}
    return {"id": "a" * 16, "title": "Talk", "state": "ready", "why": "", "bytes": 2_000_000} | times | more


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "2 MB"),
        ({"state": "recording"}, "is being recorded"),
        ({"state": "preparing"}, "is being prepared"),
        ({"state": "failed", "why": "No film could be made of this recording."}, "No film could be made"),
    ],
)
def test_recordings_say_how_far_they_are(core: FakeCore, member: Browser, more: dict[str, Any], words: str) -> None:
    core.box.rooms.recordings.append(recording(**more))
    page = member.get("/recordings").text
    assert words in page
    assert ("<video" in page) == (not more)


def test_a_recording_is_deleted(core: FakeCore, member: Browser) -> None:
    core.box.rooms.recordings.append(recording())
    member.get("/recordings")
    assert "The recording is deleted." in member.post(f"/recordings/{'a' * 16}/delete").text


def test_without_recordings_the_page_says_how_to_make_one(member: Browser, core: FakeCore) -> None:
    assert "an admin allows it" in member.get("/recordings").text
