"""The pages of meetings, applications and recordings."""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.unit.web_setup.conftest import Browser
from tests.unit.web_setup.fake_core import FakeCore


@pytest.fixture
def member(core: FakeCore, browser: Browser) -> Browser:
    """A browser whose owner runs nothing. The box stands in Madrid."""
    core.box.claim()
    stands = core.box.settings.box.model_copy(update={"time_zone": "Europe/Madrid"})
    core.box.settings = core.box.settings.model_copy(update={"box": stands})
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


def make(browser: Browser, **form: str) -> str:
    """The name of a new meeting."""
    browser.get("/meetings")
    return browser.post("/meetings", {"title": "Talk", **form}).request.path.removeprefix("/meetings/")


def switch(browser: Browser, name: str, password: str) -> None:
    """Somebody else at the same browser."""
    browser.get("/account")
    browser.post("/logout")
    browser.log_in(name, password)


def in_madrid(*when: int) -> int:
    year, month, day, hour, minute = when
    return int(datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("Europe/Madrid")).timestamp())


def test_times_are_those_of_the_boxs_clock(core: FakeCore, member: Browser) -> None:
    name = make(member, starts="2026-07-01T18:30", ends="2026-12-01T18:30")
    made = core.box.rooms.meetings[name]
    assert (made["starts"], made["ends"]) == (in_madrid(2026, 7, 1, 18, 30), in_madrid(2026, 12, 1, 18, 30))
    page = member.get(f"/meetings/{name}").text
    assert 'value="2026-07-01T18:30"' in page
    assert 'value="2026-12-01T18:30"' in page
    assert "Wednesday, July 1, 2026, 6:30" in page
    assert "On the box's clock: Central European Time" in page
    assert "Wednesday, July 1, 2026, 6:30" in member.get("/meetings").text


def test_a_meeting_is_changed_and_an_empty_time_takes_the_time_back(core: FakeCore, member: Browser) -> None:
    name = make(member, starts="2026-07-01T18:30", ends="2026-07-01T19:30", waiting="on")
    member.get(f"/meetings/{name}")
    page = member.post(f"/meetings/{name}/change", title="Other", starts="", ends="")
    changed = core.box.rooms.meetings[name]
    assert "The meeting is changed." in page.text
    assert (changed["title"], changed["starts"], changed["ends"], changed["waiting"]) == ("Other", None, None, False)


@pytest.mark.parametrize(
    ("form", "field", "message"),
    [
        ({"title": ""}, "title", "This is missing."),
        ({"title": "T", "starts": "soon"}, "starts", "Write a date of this century"),
        ({"title": "T", "ends": "2026-01-31"}, "ends", "Write a date of this century"),
        ({"title": "T", "ends": "2026-01-31T10:00Z"}, "ends", "Write a date of this century"),
        ({"title": "T", "ends": "0001-01-01T00:00"}, "ends", "Write a date of this century"),
        ({"title": "T", "ends": "9999-12-31T23:59"}, "ends", "Write a date of this century"),
        ({"title": "T", "starts": "2026-07-01T18:30", "ends": "2026-07-01T17:30"}, "ends", "ends after it starts"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(
    core: FakeCore, member: Browser, form: dict[str, str], field: str, message: str
) -> None:
    member.get("/meetings")
    page = member.post("/meetings", form)
    assert page.status_code == 422
    assert f'id="f-{field}-wrong"' in page.text
    assert message in page.text
    assert f'value="{form[field]}"' in page.text
    assert core.box.rooms.meetings == {}
    name = make(member)
    assert member.post(f"/meetings/{name}/change", form).status_code == 422
    assert core.box.rooms.meetings[name]["title"] == "Talk"


def test_too_many_meetings_are_told(core: FakeCore, member: Browser) -> None:
    member.get("/meetings")
    core.box.rooms.is_full = True
    page = member.post("/meetings", title="T")
    assert page.status_code == 409
    assert "There are too many meetings." in page.text


def test_the_pages_say_who_is_in_and_what_is_over(core: FakeCore, member: Browser) -> None:
    name = make(member, title="Now")
    make(member, title="Past", ends="2020-01-01T10:00")
    core.box.rooms.inside[name] = ["Gus", "<b>Zoe</b>"]
    page = member.get("/meetings").text
    assert page.count("in it now") == 1
    assert "2 in it now" in page
    assert page.count(">over<") == 1
    assert "<li>&lt;b&gt;Zoe&lt;/b&gt;</li>" in member.get(f"/meetings/{name}").text


def test_one_page_view_makes_the_key_of_an_encrypted_meeting(core: FakeCore, member: Browser) -> None:
    """A key made anew in another browser would be a wrong one: the link would let nobody in."""
    member.get("/meetings")
    assert member.post("/meetings", title="T", encrypted="on").text.count(" data-make") == 1
    (name,) = core.box.rooms.meetings
    for page in (member.get(f"/meetings/{name}").text, member.get(f"/meetings/{name}").text):
        assert f'data-key-of="{name}"' in page
        assert "data-make" not in page
        assert "The key is not in this browser." in page


def test_a_key_is_made_when_a_meeting_becomes_encrypted_and_not_when_it_was(core: FakeCore, member: Browser) -> None:
    name = make(member)
    assert "data-make" in member.post(f"/meetings/{name}/change", title="T", encrypted="on").text
    assert "data-make" not in member.post(f"/meetings/{name}/change", title="U", encrypted="on").text


def test_others_meetings_are_for_admins(core: FakeCore, member: Browser) -> None:
    name = make(member, title="Bobs own")
    switch(member, "ann", "correct horse")
    page = member.get("/meetings").text
    assert "Bobs own" in page
    assert "· bob" in page
    mine = make(member, title="Anns own")
    switch(member, "bob", "battery staple")
    assert "Anns own" not in member.get("/meetings").text
    for path in ("", "/change", "/end", "/delete"):
        call = member.post if path else member.get
        assert call(f"/meetings/{mine}{path}").status_code == 404
    assert set(core.box.rooms.meetings) == {name, mine}
    assert core.box.rooms.ended == []


@pytest.mark.parametrize("name", ["", "x" * 81, "a\u202eb"])
def test_a_name_that_an_application_cannot_have(core: FakeCore, admin: Browser, name: str) -> None:
    admin.get("/applications")
    page = admin.post("/applications", name=name)
    assert page.status_code == 422
    assert "A name is one line of 1 to 80 characters." in page.text
    assert core.box.rooms.applications == []


@pytest.mark.parametrize("value", ["<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "{{ 7 * 7 }}"])
def test_hostile_words_run_nowhere(core: FakeCore, admin: Browser, value: str) -> None:
    name = make(admin, title=value)
    core.box.rooms.meetings[name]["owner"] = value
    admin.get("/applications")
    pages = [admin.post("/applications", name=value).text, admin.get("/meetings").text]
    pages.append(admin.get(f"/meetings/{name}").text)
    pages.append(admin.post("/meetings", title="T", starts=value).text)
    for page in pages:
        assert not re.search(r"<(script(?! type=\"module\")|img)\b|>49<", page)
