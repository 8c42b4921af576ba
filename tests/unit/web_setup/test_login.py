"""Logging in, staying in, and getting out."""

import pytest

from tests.unit.web_setup.conftest import Browser
from tests.unit.web_setup.fake_core import FakeCore


def test_a_login_leads_to_where_one_wanted_to_go(core: FakeCore, browser: Browser) -> None:
    core.box.claim()
    page = browser.get("/people/bob?x=1")
    assert page.request.path == "/login"
    assert page.request.args["next"] == "/people/bob?x=1"
    answer = browser.post("/login", name="ann", password="correct horse", next="/people/bob?x=1")
    assert answer.request.path == "/people/bob"


@pytest.mark.parametrize("typed", ["Ann", " ann ", "ann@example.org", "ANN@EXAMPLE.ORG"])
def test_the_name_may_be_typed_as_people_type(core: FakeCore, browser: Browser, typed: str) -> None:
    core.box.claim()
    assert browser.log_in(typed, "correct horse").request.path == "/"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/%0d%0aSet-Cookie:x\r\n",
        "\\\\evil.example",
        "",
    ],
)
def test_next_never_leads_away_from_the_box(core: FakeCore, browser: Browser, wanted: str) -> None:
    core.box.claim()
    browser.get("/login")
    answer = browser.post("/login", follow=False, name="ann", password="correct horse", next=wanted)
    assert answer.headers["Location"] == "/"
    browser.get("/")
    language = browser.post("/language", follow=False, language="de", next=wanted)
    assert language.headers["Location"] == "/"


def test_a_wrong_password_keeps_the_name_and_says_no_more_than_that(core: FakeCore, browser: Browser) -> None:
    core.box.claim()
    answers = [browser.log_in(name, "wrong") for name in ("ann", "nobody")]
    assert {answer.status_code for answer in answers} == {403}
    assert all("Name or password is wrong." in answer.text for answer in answers)
    assert 'value="ann"' in answers[0].text


def test_too_many_logins_say_how_long_to_wait(core: FakeCore, browser: Browser) -> None:
    core.box.claim()
    core.box.retry_s = 12
    answer = browser.log_in("ann", "correct horse")
    assert answer.status_code == 429
    assert "Wait 12 seconds." in answer.text
    assert answer.headers["Retry-After"] == "12"


def test_a_login_starts_a_new_session(core: FakeCore, browser: Browser) -> None:
    core.box.claim()
    browser.get("/login")
    before, cookie = browser.csrf_token, browser.session_cookie
    browser.log_in("ann", "correct horse")
    assert browser.session_cookie != cookie
    assert browser.csrf_token != before
    assert browser.post("/logout", token=before).status_code == 400


def test_the_cookie_is_locked_to_this_host_and_out_of_reach_of_scripts(core: FakeCore, browser: Browser) -> None:
    core.box.claim()
    answer = browser.get("/login")
    cookie = next(value for name, value in answer.headers if name == "Set-Cookie")
    assert cookie.startswith("__Host-parlor=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_logging_out_ends_the_session_in_the_core_too(core: FakeCore, admin: Browser) -> None:
    admin.get("/account")
    assert admin.post("/logout").request.path == "/login"
    assert core.box.sessions == {}
    assert admin.get("/people").request.path == "/login"


def test_a_session_that_the_core_ended_leads_to_the_login(core: FakeCore, admin: Browser) -> None:
    core.box.end_sessions("ann")
    page = admin.get("/people")
    assert page.request.path == "/login"
    assert "You were logged out." in page.text


def test_logging_out_everywhere_ends_every_session(core: FakeCore, admin: Browser) -> None:
    admin.get("/account")
    page = admin.post("/account/logout-everywhere")
    assert page.request.path == "/login"
    assert "You are logged out everywhere." in page.text
    assert "POST /v1/people/ann/logout" in core.changes()


def test_a_new_password_needs_the_old_one(core: FakeCore, admin: Browser) -> None:
    admin.get("/account")
    wrong = admin.post("/account/password", old="guess", new="new password")
    assert wrong.status_code == 403
    assert "This is not your password so far." in wrong.text
    short = admin.post("/account/password", old="correct horse", new="short")
    assert short.status_code == 422
    assert 'id="f-new-wrong"' in short.text
    page = admin.post("/account/password", old="correct horse", new="new password")
    assert "Your new password is in force." in page.text
    assert core.box.passwords["ann"] == "new password"


def test_a_member_sees_the_own_account_and_nothing_of_the_box(core: FakeCore, browser: Browser) -> None:
    core.box.claim()
    assert browser.log_in("bob", "battery staple").request.path == "/account"
    core.asked.clear()
    for path in ("/people", "/people/ann", "/people/ann/delete", "/settings", "/jobs/x", "/status"):
        assert browser.get(path).status_code == 403
    assert {asked.path for asked in core.asked} == {"/v1/box", "/v1/session"}  # the core was not even asked for more
    assert 'href="/people"' not in browser.get("/account").text


def test_a_role_that_was_taken_away_counts_at_once(core: FakeCore, admin: Browser) -> None:
    core.box.people["ann"]["role"] = "member"
    assert admin.get("/people").status_code == 403


def test_the_core_learns_the_address_of_the_browser(core: FakeCore, browser: Browser) -> None:
    core.box.claim()
    browser.get("/login", headers={"X-Forwarded-For": "203.0.113.9"})
    assert core.asked[-1].address == "203.0.113.9"
