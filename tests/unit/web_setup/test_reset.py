"""The factory reset and the box's messages, as pages."""

from tests.unit.web_setup.conftest import Browser
from tests.unit.web_setup.fake_core import FakeCore

NOTICE = {"id": "n1", "at": 1_700_000_000, "message": "x", "template": "Nothing was erased.", "params": {}}


def test_the_page_says_what_goes_and_what_stays(admin: Browser) -> None:
    assert 'href="/reset"' in admin.get("/settings").text
    page = admin.get("/reset").text
    assert "What is erased" in page
    assert "What stays: the system and its version, 0.1" in page


def test_name_and_password_erase_the_box_and_log_out(core: FakeCore, admin: Browser) -> None:
    admin.get("/reset")
    page = admin.post("/reset", name="parlor", password="correct horse")
    assert "The box erases itself" in page.text
    assert "/people" not in page.text  # no menu: nobody is logged in any more
    assert core.box.erased
    assert admin.get("/").request.path == "/login"


def test_a_wrong_name_or_password_erases_nothing(core: FakeCore, admin: Browser) -> None:
    for name, password, status, words in (
        ("parlour", "correct horse", 422, "Type “parlor”, the name of this box."),
        ("parlor", "battery staple", 403, "This is not your password."),
        ("", "", 422, "Nothing was erased."),
    ):
        admin.get("/reset")
        page = admin.post("/reset", name=name, password=password)
        assert page.status_code == status
        assert words in page.text
        assert password not in page.text or not password
    assert not core.box.erased


def test_a_member_cannot_even_ask(core: FakeCore, browser: Browser) -> None:
    core.box.claim()
    browser.log_in("bob", "battery staple")
    assert browser.get("/reset").status_code == 403
    assert browser.post("/reset", name="parlor", password="battery staple").status_code == 403
    assert not core.box.erased


def test_a_message_stays_until_it_was_seen(core: FakeCore, admin: Browser) -> None:
    core.box.notices = [NOTICE]
    assert "Nothing was erased." in admin.get("/").text
    assert "Nothing was erased." in admin.get("/status").text
    assert "Nothing was erased." not in admin.post("/notices/n1/dismiss").text
    assert core.box.notices == []
    assert admin.post("/notices/n1/dismiss").status_code == 200  # a second click


def test_a_box_without_an_owner_says_it_where_it_is_claimed(core: FakeCore, browser: Browser) -> None:
    core.box.notices = [NOTICE]
    assert "Nothing was erased." in browser.get("/").text
    core.box.claim()
    assert "Nothing was erased." not in browser.get("/").text
