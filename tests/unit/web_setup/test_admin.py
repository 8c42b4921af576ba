"""The admin's pages: the state of the box, its people, its settings."""

import pytest

from tests.unit.web_setup.conftest import Browser
from tests.unit.web_setup.fake_core import FakeCore


def test_the_overview_says_in_words_what_works_and_what_does_not(core: FakeCore, admin: Browser) -> None:
    assert "Everything works" in admin.get("/").text
    core.box.broken = {"janus": "exit code <1>"}
    core.box.settings_problem = "The settings were damaged; the last good ones are in use."
    page = admin.get("/").text
    assert "Something needs attention" in page
    assert "does not work" in page
    assert "exit code &lt;1&gt;" in page
    assert "The settings were damaged" in page
    assert "21 GB free of 31 GB" in page
    assert "does not work" in admin.get("/status").text


def test_an_invitation_is_shown_as_link_and_code(core: FakeCore, admin: Browser) -> None:
    admin.get("/people")
    page = admin.post("/people", name="dora", way="invitation")
    assert page.request.path == "/people/dora"
    invitation = next(i for i in core.box.invitations.values() if i["name"] == "dora")
    assert invitation["link"] in page.text
    assert "QR code for dora" in page.text
    assert core.box.people["dora"]["role"] == "member"


def test_an_account_with_a_password_is_made_at_once(core: FakeCore, admin: Browser) -> None:
    admin.get("/people")
    page = admin.post("/people", name="dora", way="password", password="pass  word: {}", admin="on")
    assert "dora can log in now." in page.text
    assert core.box.passwords["dora"] == "pass  word: {}"
    assert core.box.people["dora"]["role"] == "admin"


@pytest.mark.parametrize(
    ("form", "field", "message"),
    [
        ({"name": "Do ra"}, "f-name", "cannot be a name"),
        ({"name": "bob"}, "f-name", "There is already somebody called “bob”."),
        ({"name": "dora", "way": "password", "password": "short"}, "f-password", "at least 8 characters"),
    ],
)
def test_a_wrong_entry_is_shown_at_its_field(admin: Browser, form: dict[str, str], field: str, message: str) -> None:
    admin.get("/people")
    page = admin.post("/people", form)
    assert page.status_code in (409, 422)
    assert f'id="{field}-wrong"' in page.text
    assert message in page.text
    assert f'value="{form["name"]}"' in page.text


def test_people_are_disabled_enabled_and_given_roles(core: FakeCore, admin: Browser) -> None:
    for action, key, value in (
        ("disable", "state", "disabled"),
        ("enable", "state", "active"),
        ("role", "role", "admin"),
    ):
        admin.get("/people/bob")
        page = admin.post(f"/people/bob/{action}", role="admin")
        assert page.request.path == "/people/bob"
        assert core.box.people["bob"][key] == value
    admin.get("/people/bob")
    admin.post("/people/bob/role", role="member")
    assert core.box.people["bob"]["role"] == "member"


def test_the_last_admin_stays_and_the_page_says_why(core: FakeCore, admin: Browser) -> None:
    admin.get("/people/ann")
    page = admin.post("/people/ann/role", role="member")
    assert page.status_code == 409
    assert "“ann” is the only admin." in page.text
    assert core.box.people["ann"]["role"] == "admin"


def test_a_reset_shows_a_link_that_survives_a_reload_until_it_was_used(core: FakeCore, admin: Browser) -> None:
    admin.get("/people/bob")
    page = admin.post("/people/bob/reset")
    invitation = next(i for i in core.box.invitations.values() if i["name"] == "bob")
    assert invitation["link"] in page.text
    assert invitation["link"] in admin.get("/people/bob").text
    assert invitation["link"] not in admin.get("/people/cleo").text
    core.box.invitations.clear()
    assert invitation["link"] not in admin.get("/people/bob").text


def test_a_new_invitation_replaces_the_older(core: FakeCore, admin: Browser) -> None:
    old = next(i for i in core.box.invitations.values() if i["name"] == "cleo")
    admin.get("/people/cleo")
    page = admin.post("/people/cleo/invitation")
    assert old["link"] not in page.text
    assert "A new invitation is ready" in page.text


def test_logging_somebody_out_asks_the_core(core: FakeCore, admin: Browser) -> None:
    admin.get("/people/bob")
    admin.post("/people/bob/logout")
    assert core.changes()[-1] == "POST /v1/people/bob/logout"


def test_deleting_needs_the_name_typed(core: FakeCore, admin: Browser) -> None:
    page = admin.get("/people/bob/delete")
    assert "What is lost" in page.text
    assert admin.post("/people/bob/delete", confirm="bo").status_code == 422
    assert "bob" in core.box.people
    page = admin.post("/people/bob/delete", confirm="bob")
    assert "bob is deleted." in page.text
    assert "bob" not in core.box.people


def test_somebody_who_is_not_there_is_a_page(admin: Browser) -> None:
    assert admin.get("/people/nobody").status_code == 404
    admin.get("/people")
    assert admin.post("/people/nobody/disable").status_code == 404


def form_of(core: FakeCore) -> dict[str, str]:
    """The settings form as a browser would send it, untouched."""
    settings = core.box.settings
    return {
        "box__name": settings.box.name,
        "box__language": "en",
        "box__time_zone": "UTC",
        "people__inviters": "admins",
        "people__invitation_days": "5",
        "files__max_mb": "100",
        "files__quota_mb": "5000",
        "files__keep_days": "0",
        "history__keep_days": "0",
        "network__public_address": "",
        "rooms__always": "home",
        "rooms__guests": "wait",
        "rooms__max_people": "16",
        "rooms__max_viewers": "100",
        "hardware__reset_pin": "0",
        "network__federation": "on",
        "updates__automatic": "on",
        "updates__channel": "stable",
        "updates__window_from": "3",
        "updates__window_to": "5",
        "updates__server": "",
    }


def test_only_what_changed_is_sent(core: FakeCore, admin: Browser) -> None:
    admin.get("/settings")
    form = form_of(core) | {"files__max_mb": "50"}
    del form["network__federation"]  # a switch that is off is not sent by browsers
    page = admin.post("/settings", form)
    assert core.asked[-2].path.startswith("/v1/jobs/") or core.box.job
    sent = [asked.body for asked in core.asked if asked.method == "PATCH"]
    assert sent == [{"files.max_mb": 50, "network.federation": False}]
    assert page.request.path.startswith("/jobs/")


def test_a_job_ends_at_the_settings_with_a_word(core: FakeCore, admin: Browser) -> None:
    core.box.job_turns = 1
    admin.get("/settings")
    page = admin.post("/settings", form_of(core) | {"files__max_mb": "50"})
    identity = page.request.path.rpartition("/")[2]
    assert admin.get(f"/jobs/{identity}/fragment").headers["X-Parlor-Go"] == f"/jobs/{identity}"
    end = admin.get(f"/jobs/{identity}")
    assert end.request.path == "/settings"
    assert "Saved." in end.text
    assert core.box.settings.files.max_mb == 50


def test_nothing_changed_is_said_and_not_sent(core: FakeCore, admin: Browser) -> None:
    admin.get("/settings")
    page = admin.post("/settings", form_of(core))
    assert "nothing was changed" in page.text
    assert not [call for call in core.changes() if call.startswith("PATCH")]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("files__max_mb", "0", "This must be at least 1."),
        ("files__max_mb", "ten", "This must be a whole number."),
        ("files__max_mb", "9" * 5000, "This value does not fit."),
        ("network__public_address", "<b>", "is not an IP address."),
        ("people__inviters", "all", "Choose one of"),
    ],
)
def test_a_wrong_setting_is_shown_at_its_field_and_changes_none(
    core: FakeCore, admin: Browser, field: str, value: str, message: str
) -> None:
    admin.get("/settings")
    page = admin.post("/settings", form_of(core) | {"history__keep_days": "30", field: value})
    assert page.status_code == 422
    assert message in page.text
    assert f'id="f-{field.replace("__", "-")}-wrong"' in page.text
    assert 'value="30"' in page.text  # the other changes are still in the form
    assert core.box.settings.history.keep_days == 0


def test_fixed_settings_are_shown_and_cannot_be_sent(core: FakeCore, admin: Browser) -> None:
    page = admin.get("/settings").text
    assert 'name="domain.name"' not in page
    assert "people's addresses hang on it" in page
    admin.post("/settings", form_of(core), domain__name="evil.example")
    assert core.box.settings.domain.name == "example.org"
    assert not [call for call in core.changes() if call.startswith("PATCH")]
