"""What holds for every route: CSRF, no change on GET, escaping, headers, honest errors."""

import logging
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from appliance.model import ParlorError, TooMany, Unavailable
from appliance.settings import N_
from tests.unit.web_setup.conftest import Browser
from tests.unit.web_setup.fake_core import FakeCore
from web_setup import pages
from web_setup.page import Access

HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% for x in y %}",
    "%(name)s %s %d %",
    "a\r\nSet-Cookie: x=y",
    "\u202eevil\u2066",
    "\x00\x1b[31m",
    "аnn",  # begins with a Cyrillic letter
    "' OR 1=1 --",
    "x" * 65536,
)


POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}


def rules(app: Flask, method: str) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.methods and method in rule.methods]


def address(rule: Rule) -> str:
    values = {"name": "bob", "token": "x", "identity": "x", "filename": "style.css"}
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], rule.rule)


@pytest.mark.parametrize("claimed", [False, True])
def test_every_post_without_a_token_is_refused(core: FakeCore, app: Flask, browser: Browser, claimed: bool) -> None:
    if claimed:
        core.box.claim()
        browser.log_in("ann", "correct horse")
    else:
        browser.claim()
    core.asked.clear()
    posts = rules(app, "POST")
    assert len(posts) > 20
    for rule in posts:
        for token in ("", "forged"):
            answer = browser.post(address(rule), token=token, name="x", password="y", code="K7QM-4TXP")
            assert answer.status_code == 400, rule
            assert "This form is out of date" in answer.text
    assert core.changes() == []


def test_no_get_changes_anything(core: FakeCore, app: Flask, admin: Browser) -> None:
    core.asked.clear()
    for rule in rules(app, "GET"):
        assert admin.get(address(rule)).status_code < 500, rule
    assert core.changes() == []


def test_only_get_and_post_are_understood(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        assert (rule.methods or set()) <= {"GET", "HEAD", "OPTIONS", "POST"}


def test_every_page_says_who_may_open_it(app: Flask) -> None:
    for page in pages.load():
        assert isinstance(page.access, Access)
    blueprints = {rule.endpoint.partition(".")[0] for rule in app.url_map.iter_rules() if rule.endpoint != "static"}
    assert blueprints == {page.name for page in pages.load()}


def test_strangers_reach_only_what_is_for_strangers(core: FakeCore, app: Flask, browser: Browser) -> None:
    core.box.claim()
    protected = {page.name: page.access in (Access.PERSON, Access.ADMIN) for page in pages.load()}
    assert sum(protected.values()) >= 5
    for rule in rules(app, "GET"):
        access = next(
            (page.access for page in pages.load() if page.name == rule.endpoint.partition(".")[0]), Access.OPEN
        )
        if access in (Access.PERSON, Access.ADMIN):
            answer = browser.get(address(rule))
            assert answer.request.path == "/login", rule


@pytest.mark.parametrize("path", ["/", "/login", "/nowhere", "/health", "/invite/x", "/static/style.css", "/people"])
def test_every_answer_carries_the_headers(core: FakeCore, browser: Browser, path: str) -> None:
    core.box.claim()
    answer = browser.get(path, follow=False)
    assert answer.headers["Content-Security-Policy"] == POLICY
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert ("no-store" in answer.headers.get("Cache-Control", "")) == (not path.startswith("/static/"))


def test_no_page_holds_a_script_or_a_style_of_its_own() -> None:
    templates = Path(pages.__file__ or "").parents[1] / "templates"
    found = list(templates.rglob("*.html"))
    assert len(found) > 20
    for path in found:
        source = path.read_text()
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|\| *safe\b|autoescape", source), path
        assert not re.search(r"<script(?![^>]*\ssrc=)", source), path


def test_every_form_that_posts_carries_the_token() -> None:
    templates = Path(pages.__file__ or "").parents[1] / "templates"
    forms = [
        form for path in templates.rglob("*.html") for form in re.findall(r"(?s)<form.*?</form>", path.read_text())
    ]
    assert len(forms) > 12
    for form in forms:
        assert 'method="post"' in form
        assert "{{ token() }}" in form or "{{ csrf_token() }}" in form, form


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_are_shown_as_they_are_and_run_nowhere(core: FakeCore, browser: Browser, value: str) -> None:
    browser.claim()
    forms: tuple[tuple[str, dict[str, Any]], ...] = (
        ("name", {"box__name": value}),
        ("domain", {"domain__kind": "own", "domain__name": value}),
        ("you", {"admin__name": value}),
        ("people", {"people": [value, "bob"]}),
    )
    for step, form in forms:
        browser.get(f"/setup/{step}")
        answer = browser.post(f"/setup/{step}", form)
        assert answer.status_code == 422, step
        assert_harmless(answer.text)
    browser.get("/setup/review")
    assert_harmless(browser.post("/setup/review", admin__password=value).text)
    assert not core.box.settings.claimed


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_in_the_portal_run_nowhere(core: FakeCore, admin: Browser, value: str) -> None:
    admin.get("/people")
    assert_harmless(admin.post("/people", name=value).text)
    admin.get("/settings")
    assert_harmless(admin.post("/settings", network__public_address=value).text)
    admin.get("/account")
    assert_harmless(admin.post("/account/password", old=value, new=value).text)
    admin.get("/people/bob/delete")
    assert_harmless(admin.post("/people/bob/delete", confirm=value).text)
    admin.post("/logout")
    assert_harmless(admin.log_in(value, value).text)
    assert "bob" in core.box.people


def assert_harmless(text: str) -> None:
    for piece in ("<script>alert", "<img src=x", 'onerror=alert(1)>"', "{{ 7", ">49{"):
        assert piece not in text.replace("{{ 7 * 7 }}", "") or piece == "{{ 7"
    assert not re.search(r"<(script(?! type=\"module\")|img)\b", text)


def test_what_the_core_says_is_escaped_too(core: FakeCore, admin: Browser) -> None:
    evil = "<script>alert(1)</script>"
    core.box.people["bob"]["role"] = evil
    core.box.people["bob"]["state"] = evil
    core.box.broken = {"nginx": evil}
    core.box.provisioning_error = evil
    for path in ("/", "/people", "/people/bob"):
        assert_harmless(admin.get(path).text)


def test_a_form_that_is_too_long_gets_a_page(admin: Browser) -> None:
    admin.get("/people")
    answer = admin.post("/people", name="x" * 300_000)
    assert answer.status_code == 413
    assert "That is too much at once" in answer.text


def test_a_wrong_method_gets_a_page(admin: Browser) -> None:
    answer = admin.get("/people/bob/disable")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_the_page_says_when_the_core_is_away(core: FakeCore, browser: Browser) -> None:
    core.box.claim()
    core.__exit__()
    answer = browser.get("/")
    assert answer.status_code == 503
    assert "The box is not ready" in answer.text
    assert 'http-equiv="refresh"' in answer.text
    assert browser.get("/health").status_code == 200
    core._server.server_close()
    core.path.touch()


def test_a_bug_shows_an_id_that_is_also_in_the_journal(
    core: FakeCore, admin: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(core.box, "_document", lambda name: {"name": name})  # an answer the portal does not understand
    with caplog.at_level(logging.ERROR):
        answer = admin.get("/people/bob")
    assert answer.status_code == 500
    identity = re.search(r"<code>([0-9a-f]{8})</code>", answer.text)
    assert identity
    assert f"error {identity[1]}" in caplog.text
    assert "Traceback" not in answer.text


def test_an_error_of_the_core_on_the_way_keeps_its_own_words(
    core: FakeCore, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(error: ParlorError) -> None:
        raise error

    away = Unavailable(N_("The chat server does not answer. Try again in a moment."))
    monkeypatch.setattr(core.box, "_get_people", lambda *_: fail(away))
    answer = admin.get("/people")
    assert answer.status_code == 503
    assert "The chat server does not answer." in answer.text
    busy = TooMany(N_("Too many wrong tries. Wait %(retry_s)s seconds."), retry_s=3)
    monkeypatch.setattr(core.box, "_get_people", lambda *_: fail(busy))
    answer = admin.get("/people")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    assert "Wait 3 seconds." in answer.text


def test_static_files_change_their_address_with_their_content(browser: Browser, core: FakeCore) -> None:
    core.box.claim()
    page = browser.get("/login").text
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(addresses) == 10
    assert all(re.search(r"\?v=[0-9a-f]{12}$", found) for found in addresses)
