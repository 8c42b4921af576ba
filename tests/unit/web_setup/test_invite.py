"""The page an invitation's link leads to."""

import pytest

from tests.unit.web_setup.conftest import Browser
from tests.unit.web_setup.fake_core import FakeCore


@pytest.fixture
def token(core: FakeCore) -> str:
    core.box.claim()
    return next(iter(core.box.invitations))


def test_the_page_shows_three_ways_in(core: FakeCore, browser: Browser, token: str) -> None:
    page = browser.get(f"/invite/{token}").text
    assert core.box.invitations[token]["uri"].replace("&", "&amp;") in page
    assert "QR code to join" in page
    for app in ("Conversations", "Monal", "Siskin", "Gajim", "Dino"):
        assert app in page


def test_an_invitation_from_the_app_may_leave_the_name_open(core: FakeCore, browser: Browser, token: str) -> None:
    core.box.invitations[token] |= {"name": "", "jid": "@example.org"}
    page = browser.get(f"/invite/{token}").text
    assert "Hello, come on in!" in page
    assert "You choose your name in the app." in page
    assert "Join in the app" in page
    assert 'name="password"' not in page
    assert "@example.org" not in page.replace(core.box.invitations[token]["uri"], "")


def test_an_invitation_to_be_a_contact_makes_no_account(core: FakeCore, browser: Browser, token: str) -> None:
    core.box.invitations[token] |= {"kind": "contact", "name": "bob", "jid": "bob@example.org"}
    page = browser.get(f"/invite/{token}").text
    assert "bob would like to chat with you" in page
    assert "bob@example.org" in page
    assert 'name="password"' not in page


def test_a_password_chosen_here_makes_the_account_once(core: FakeCore, browser: Browser, token: str) -> None:
    browser.get(f"/invite/{token}")
    page = browser.post(f"/invite/{token}", password=" 'quotes\": {braces} ñ€ ")
    assert page.request.path == "/joined"
    assert "cleo@example.org" in page.text
    assert core.box.passwords["cleo"] == " 'quotes\": {braces} ñ€ "
    again = browser.post(f"/invite/{token}", password="another one")
    assert again.status_code == 410
    assert "This invitation has ended" in again.text


def test_a_short_password_is_told_at_the_field_and_the_invitation_stays(
    core: FakeCore, browser: Browser, token: str
) -> None:
    browser.get(f"/invite/{token}")
    page = browser.post(f"/invite/{token}", password="short")
    assert page.status_code == 422
    assert 'id="f-password-wrong"' in page.text
    assert "<details open>" in page.text
    assert token in core.box.invitations


def test_a_reset_asks_for_the_new_password_only(core: FakeCore, browser: Browser) -> None:
    core.box.claim()
    token = core.box.invite("bob", "reset")["token"]
    page = browser.get(f"/invite/{token}").text
    assert "Choose a new password" in page
    assert "Conversations" not in page
    browser.post(f"/invite/{token}", password="a new password")
    assert core.box.passwords["bob"] == "a new password"


@pytest.mark.parametrize("token", ["unknown", "..%2f..%2fv1%2fpeople", "%3Cscript%3E", "a" * 3000])
def test_an_invitation_that_is_no_more_is_a_friendly_page(core: FakeCore, browser: Browser, token: str) -> None:
    core.box.claim()
    page = browser.get(f"/invite/{token}")
    assert page.status_code in (404, 410)
    assert "<script>" not in page.text


def test_a_token_is_one_part_of_the_path_whatever_it_holds(core: FakeCore, browser: Browser, token: str) -> None:
    assert browser.get(f"/invite/{token}%3Fx").status_code == 410
    assert browser.get(f"/invite/{token}%2Fpassword").status_code == 404
    assert core.asked[-1].path != f"/v1/invitations/{token}?x"


def test_an_expired_invitation_is_a_friendly_page(core: FakeCore, browser: Browser, token: str) -> None:
    core.box.invitations[token]["expires"] = 1
    assert browser.get(f"/invite/{token}").status_code == 410


def test_the_token_is_neither_passed_on_nor_indexed_nor_kept(browser: Browser, token: str) -> None:
    answer = browser.get(f"/invite/{token}")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_token_stands_in_no_log(
    core: FakeCore, browser: Browser, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    browser.get(f"/invite/{token}")
    browser.post(f"/invite/{token}", password="short")
    core.box.invitations[token] = {"expires": 2**40}  # the page now breaks while it is being made
    assert browser.get(f"/invite/{token}").status_code == 500
    assert caplog.records
    assert token not in caplog.text
