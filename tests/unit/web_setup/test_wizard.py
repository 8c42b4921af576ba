"""The wizard against a fake core: forgiving, never loses an answer, never does a thing twice."""

from typing import Any

import pytest
from flask import Flask

from appliance.model import Unavailable
from tests.unit.web_setup.conftest import Browser
from tests.unit.web_setup.fake_core import FakeCore

ANSWERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("language", {"box__language": "en"}),
    ("name", {"box__name": "ourhouse"}),
    ("domain", {"domain__kind": "own", "domain__name": "example.org"}),
    ("you", {"admin__name": "ann"}),
    ("people", {"people": ["bob", "", " cleo "]}),
)
PASSWORD = {"admin__password": "correct horse"}


def answer_all(browser: Browser) -> None:
    for step, form in ANSWERS:
        browser.get(f"/setup/{step}")
        browser.post(f"/setup/{step}", form)


@pytest.mark.parametrize(
    "path", ["/", "/login", "/people", "/settings", "/account", "/setup/name", "/invite/x", "/nowhere"]
)
def test_every_way_leads_to_the_code_while_nobody_owns_the_box(browser: Browser, path: str) -> None:
    assert browser.get(path).request.path == "/setup/"


@pytest.mark.parametrize("typed", ["K7QM-4TXP", "k7qm4txp", " k7qm 4txp "])
def test_the_code_may_be_typed_as_people_type(browser: Browser, typed: str) -> None:
    browser.get("/setup/")
    assert browser.post("/setup/", code=typed).request.path == "/setup/language"


def test_a_wrong_code_is_shown_at_its_field_with_what_was_typed(browser: Browser) -> None:
    browser.get("/setup/")
    answer = browser.post("/setup/", code="AAAA-AAAA")
    assert answer.status_code == 403
    assert 'value="AAAA-AAAA"' in answer.text
    assert answer.text.count("This is not the code the box shows.") == 2  # above and at the field
    assert 'aria-invalid="true" autofocus' in answer.text


def test_too_many_codes_say_how_long_to_wait(core: FakeCore, browser: Browser) -> None:
    core.box.retry_s = 7
    browser.get("/setup/")
    answer = browser.post("/setup/", code="AAAA-AAAA")
    assert answer.status_code == 429
    assert "Wait 7 seconds." in answer.text


def test_the_whole_wizard_sets_the_box_up(core: FakeCore, browser: Browser) -> None:
    browser.claim()
    answer_all(browser)
    browser.get("/setup/review")
    assert browser.post("/setup/review", PASSWORD).request.path == "/setup/progress"
    done = browser.get("/setup/progress")
    assert done.request.path == "/setup/done"
    assert core.box.settings.claimed
    assert core.box.settings.domain.name == "example.org"
    for name in ("bob", "cleo"):
        invitation = next(i for i in core.box.invitations.values() if i["name"] == name)
        assert invitation["link"] in done.text
    assert done.text.count('role="img" aria-label="QR code for') == 2
    assert browser.post("/setup/done").request.path == "/login"
    assert browser.log_in("ann", "correct horse").request.path == "/"


def test_a_reload_and_the_way_back_find_every_answer(browser: Browser) -> None:
    browser.claim()
    answer_all(browser)
    assert 'value="ourhouse"' in browser.get("/setup/name").text
    assert 'value="example.org"' in browser.get("/setup/domain").text
    assert 'value="ann"' in browser.get("/setup/you").text
    assert 'value="cleo"' in browser.get("/setup/people").text
    assert browser.get("/setup/").request.path == "/setup/review"


def test_a_closed_tab_goes_on_at_the_first_unanswered_step(browser: Browser) -> None:
    browser.claim()
    for step, form in ANSWERS[:3]:
        browser.get(f"/setup/{step}")
        browser.post(f"/setup/{step}", form)
    assert browser.get("/").request.path == "/setup/you"


def test_changing_the_language_later_keeps_the_name_of_the_box(core: FakeCore, browser: Browser) -> None:
    browser.claim()
    answer_all(browser)
    browser.get("/setup/language")
    browser.post("/setup/language", box__language="de")
    assert core.box.draft["box"] == {"language": "de", "name": "ourhouse"}


def test_no_password_ever_reaches_the_draft(core: FakeCore, browser: Browser) -> None:
    browser.claim()
    answer_all(browser)
    browser.get("/setup/review")
    browser.post("/setup/review", PASSWORD)
    drafts = [asked.body for asked in core.asked if asked.method == "PUT"]
    assert len(drafts) == len(ANSWERS)
    assert "correct horse" not in str(drafts)


@pytest.mark.parametrize(
    ("step", "form", "message"),
    [
        ("name", {"box__name": "My Home"}, "cannot be the box&#39;s name"),
        ("domain", {"domain__kind": "own", "domain__name": "nodomain"}, "is not a domain"),
        ("domain", {"domain__kind": "own", "domain__name": ""}, "Write your domain"),
        ("you", {"admin__name": "ann smith"}, "cannot be a name"),
        ("people", {"people": ["ok", "ann"]}, "stands here twice"),
        ("language", {"box__language": "xx"}, "Choose one of"),
    ],
)
def test_a_wrong_answer_stays_with_a_message_at_its_field(
    browser: Browser, step: str, form: dict[str, Any], message: str
) -> None:
    browser.claim()
    answer_all(browser)
    browser.get(f"/setup/{step}")
    answer = browser.post(f"/setup/{step}", form)
    assert answer.status_code == 422
    assert answer.request.path == f"/setup/{step}"
    assert answer.text.count(message) == 2
    assert 'role="alert"' in answer.text


def test_a_wrong_password_changes_nothing_and_asks_again(core: FakeCore, browser: Browser) -> None:
    browser.claim()
    answer_all(browser)
    browser.get("/setup/review")
    answer = browser.post("/setup/review", admin__password="short")
    assert answer.status_code == 422
    assert "A password has at least 8 characters." in answer.text
    assert core.box.job is None


def test_the_review_shows_which_answer_is_wrong_and_leads_there(core: FakeCore, browser: Browser) -> None:
    browser.claim()
    answer_all(browser)
    core.box.draft["box"]["name"] = "My Home"  # as if another version of the box had taken it
    browser.get("/setup/review")
    answer = browser.post("/setup/review", PASSWORD)
    assert answer.status_code == 422
    assert "cannot be the box&#39;s name" in answer.text
    assert 'href="/setup/name"' in answer.text


def test_a_double_click_starts_one_setup(core: FakeCore, browser: Browser) -> None:
    core.box.job_turns = 9
    browser.claim()
    answer_all(browser)
    browser.get("/setup/review")
    browser.post("/setup/review", PASSWORD, follow=False)
    first = core.box.job
    assert browser.post("/setup/review", PASSWORD).request.path == "/setup/progress"
    assert core.box.job is first
    assert browser.get("/setup/name").request.path == "/setup/progress"


def test_progress_is_watched_with_and_without_scripts(core: FakeCore, browser: Browser) -> None:
    core.box.job_turns = 3
    browser.claim()
    answer_all(browser)
    browser.get("/setup/review")
    page = browser.post("/setup/review", PASSWORD)
    assert '<noscript><meta http-equiv="refresh"' in page.text
    assert 'aria-live="polite"' in page.text
    assert "Start the chat server" in browser.get("/setup/progress/fragment").text
    while (answer := browser.get("/setup/progress/fragment")).status_code == 200:
        pass
    assert answer.status_code == 204
    assert answer.headers["X-Parlor-Go"] == "/setup/done"


def test_a_setup_that_fails_says_why_and_keeps_the_answers(core: FakeCore, browser: Browser) -> None:
    core.box.setup_failure = Unavailable("Not everything works yet: %(what)s", what="<b>Chat</b>")
    core.box.job_turns = 0
    browser.claim()
    answer_all(browser)
    browser.get("/setup/review")
    page = browser.post("/setup/review", PASSWORD)
    assert "Not everything works yet: &lt;b&gt;Chat&lt;/b&gt;" in page.text
    assert "data-poll-stop" in page.text
    assert 'href="/setup/review"' in page.text
    assert "That did not work yet" in page.text
    assert browser.get("/setup/progress/fragment").headers["X-Parlor-Go"] == "/setup/progress"
    assert 'value="ourhouse"' in browser.get("/setup/name").text


def test_a_second_browser_takes_over_and_the_first_is_told(core: FakeCore, app: Flask, browser: Browser) -> None:
    browser.claim()
    answer_all(browser)
    second = Browser(app)
    second.claim()
    first = browser.get("/setup/name")
    assert first.status_code == 409
    assert "The setup goes on elsewhere" in first.text
    assert 'value="ourhouse"' in second.get("/setup/name").text
    assert browser.get("/setup/name").request.path == "/setup/"


def test_a_claim_that_comes_too_late_is_told_so(core: FakeCore, browser: Browser) -> None:
    browser.get("/setup/")
    core.box.claim()
    answer = browser.post("/setup/", code="K7QM-4TXP")
    assert answer.status_code == 409
    assert "This box has an owner already." in answer.text


def test_the_wizard_of_an_owned_box_leads_to_the_login(core: FakeCore, browser: Browser) -> None:
    core.box.claim()
    for path in ("/setup/", "/setup/name", "/setup/done", "/setup/progress"):
        assert browser.get(path).request.path == "/login"


def test_the_claim_starts_a_new_session(core: FakeCore, browser: Browser) -> None:
    browser.get("/setup/")
    before = browser.csrf_token
    browser.claim()
    browser.get("/setup/language")
    assert browser.csrf_token != before
    assert browser.post("/setup/language", token=before, box__language="de").status_code == 400


def test_a_broken_provisioning_file_is_shown_first(core: FakeCore, browser: Browser) -> None:
    core.box.provisioning_error = "Line 3: <script>"
    answer = browser.get("/")
    assert "parlor.toml" in answer.text
    assert "Line 3: &lt;script&gt;" in answer.text


def test_another_row_is_added_without_scripts(core: FakeCore, browser: Browser) -> None:
    browser.claim()
    answer_all(browser)
    browser.get("/setup/people")
    page = browser.post("/setup/people", people=["a1", "b2", "c3"], action="add")
    assert page.request.path == "/setup/people"
    assert page.text.count('name="people"') == 6
    assert core.box.draft["people"] == ["a1", "b2", "c3"]


def test_the_names_for_the_dns_can_be_copied(browser: Browser) -> None:
    browser.claim()
    answer_all(browser)
    page = browser.get("/setup/domain").text
    for name in ("example.org", "groups.example.org", "upload.example.org", "proxy.example.org"):
        assert f'data-copy="{name}"' in page


def test_without_a_claim_no_step_even_asks_the_core(core: FakeCore, browser: Browser) -> None:
    for step in ("language", "name", "domain", "you", "people", "review", "progress", "done"):
        assert browser.get(f"/setup/{step}").request.path == "/setup/"
    assert {asked.path for asked in core.asked} == {"/v1/box"}


def test_the_setup_session_sees_nothing_of_the_portal(core: FakeCore, browser: Browser) -> None:
    browser.claim()
    answer_all(browser)
    browser.get("/setup/review")
    browser.post("/setup/review", PASSWORD)
    browser.get("/setup/done")
    assert browser.get("/people").request.path == "/login"
