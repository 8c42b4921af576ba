"""The page of updates: what runs, what is new, what failed and why, and its buttons."""

import pytest

from tests.unit.web_setup.conftest import Browser
from tests.unit.web_setup.fake_core import FakeCore
from tests.unit.web_setup.fake_update import REASON


def test_it_shows_the_version_that_really_runs(core: FakeCore, admin: Browser) -> None:
    core.box.update.document["version"] = "1.4.2"
    assert "Version 1.4.2 runs" in admin.get("/updates").text


def test_a_new_version_is_shown_with_its_changes_in_the_readers_language(core: FakeCore, admin: Browser) -> None:
    core.box.update.found()
    page = admin.get("/updates").text
    assert "New in version 2.0.0" in page
    assert "Calls &lt;work&gt;" in page
    assert "289 MB" in page
    admin.post("/language", language="de", next="/updates")
    assert "Anrufe gehen" in admin.get("/updates").text
    admin.post("/language", language="es", next="/updates")
    assert "Calls &lt;work&gt;" in admin.get("/updates").text


def test_it_is_looked_for_and_installed_by_buttons(core: FakeCore, admin: Browser) -> None:
    core.box.update.found()
    admin.get("/updates")
    assert "Asking the update server" in admin.post("/updates/check").text
    core.box.update.document["state"] = "idle"
    assert "Version 2.0.0 is being fetched" in admin.post("/updates/install").text
    assert [what for what, _ in core.box.update.asked] == ["check", "install"]


def test_the_progress_is_shown_and_the_page_follows_what_happens(core: FakeCore, admin: Browser) -> None:
    update = core.box.update
    update.document |= {"state": "installing", "progress": {"percent": 40, "message": "Copying image to rootfs.1"}}
    page = admin.get("/updates").text
    assert "40 percent" in page
    path = page.partition('data-poll="')[2].partition('"')[0].replace("&amp;", "&")
    update.document["progress"]["percent"] = 60
    assert "60 percent" in admin.get(path).text
    assert "rootfs" not in admin.get(path).text
    update.waits()
    answer = admin.get(path)
    assert (answer.status_code, answer.headers["X-Parlor-Go"]) == (204, "/updates")


def test_what_waits_is_started_now_or_in_its_window_or_not_at_all(core: FakeCore, admin: Browser) -> None:
    core.box.update.waits()
    page = admin.get("/updates").text
    assert "between 3:00 and 5:00 (Europe/Madrid), never in a call" in page
    assert "even_in_call" not in page
    assert "The box restarts into its new version" in admin.post("/updates/restart").text
    assert "is not started" in admin.post("/updates/cancel").text
    assert core.box.update.asked == [("restart", {"even_in_call": False}), ("cancel", {})]


def test_a_call_is_not_cut_off_without_being_told_to(core: FakeCore, admin: Browser) -> None:
    core.box.update.waits()
    core.box.update.document["in_call"] = True
    assert "Somebody is in a call now" in admin.get("/updates").text
    refused = admin.post("/updates/restart")
    assert refused.status_code == 409
    assert "Wait until it has ended" in refused.text
    assert admin.post("/updates/restart", even_in_call="on").status_code == 200


def test_a_failed_update_is_told_with_its_reason(core: FakeCore, admin: Browser) -> None:
    core.box.update.document["last"] = core.box.update.attempt("failed", reason=REASON)
    page = admin.get("/updates").text
    assert "The update to version 2.0.0 did not work" in page
    assert "so version 1.0.0 runs" in page
    assert "A message does not arrive: &lt;silence&gt;" in page


def test_a_version_that_proved_itself_is_told(core: FakeCore, admin: Browser) -> None:
    core.box.update.document["last"] = core.box.update.attempt("good")
    assert "Version 2.0.0 was installed and everything was tried out" in admin.get("/updates").text


def test_a_box_that_cannot_update_itself_says_so_and_has_no_buttons(core: FakeCore, admin: Browser) -> None:
    words = "This box cannot update itself: it does not run from an installed image. Replace it as a whole instead."
    core.box.update.document |= {"state": "unable", "unable": {"template": words, "params": {}, "message": words}}
    page = admin.get("/updates").text
    assert "This box cannot update itself" in page
    assert "/updates/" not in page.replace("/updates/fragment", "")


def test_without_a_server_it_says_where_to_name_one(core: FakeCore, admin: Browser) -> None:
    core.box.update.document["server"] = ""
    page = admin.get("/updates").text
    assert "No update server is set" in page
    assert 'action="/updates/check"' not in page


def test_a_look_that_failed_says_why(core: FakeCore, admin: Browser) -> None:
    core.box.update.document |= {
        "checked": 1_790_000_000,
        "check_problem": {"template": "The update server is too slow. Try again later.", "params": {}, "message": ""},
    }
    page = admin.get("/updates").text
    assert "could not look for updates" in page
    assert "too slow" in page


@pytest.mark.parametrize("path", ["/updates", "/updates/fragment"])
def test_members_do_not_see_it(core: FakeCore, browser: Browser, path: str) -> None:
    core.box.claim()
    browser.log_in("bob", "battery staple")
    assert browser.get(path).status_code == 403
