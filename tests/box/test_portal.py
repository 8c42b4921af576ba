"""The admin's pages in a real browser: what is clicked there happens on the box."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.box.chromium import Driver, browser, choose, complaints, fill, path, press, script, submit, text, wait
from tests.box.house import ClaimedBox
from tests.box.wizard import cards, log_in, uri_of


@pytest.fixture
def driver(box: ClaimedBox) -> Iterator[Driver]:
    """The admin's browser, logged in."""
    with browser({box.domain: box.address}) as opened:
        log_in(opened, box.domain, box.admin, box.password)
        assert path(opened) == "/"
        yield opened
        assert complaints(opened) == []


@pytest.fixture(scope="module")
def stranger(box: ClaimedBox) -> Iterator[Driver]:
    """Another browser, logged in as nobody."""
    with browser({box.domain: box.address}) as opened:
        yield opened


@pytest.fixture
def name() -> str:
    """A name that nobody has yet."""
    return f"w{secrets.token_hex(4)}"


def person(box: ClaimedBox, name: str) -> dict[str, Any] | None:
    """What the box itself knows of somebody."""
    people = json.loads(box.parlor("user", "list", "--json").stdout)
    return next((each for each in people if each["name"] == name), None)


def setting(box: ClaimedBox, key: str) -> Any:
    """The value in force."""
    return json.loads(box.parlor("settings", "show", "--json").stdout)[key]


def go(driver: Driver, box: ClaimedBox, where: str) -> None:
    driver.get(f"https://{box.domain}{where}")


def lands(stranger: Driver, box: ClaimedBox, name: str, password: str) -> str:
    """Where another browser comes to with this password."""
    stranger.delete_all_cookies()
    log_in(stranger, box.domain, name, password)
    return path(stranger)


def test_the_overview_shows_every_service_and_keeps_itself_fresh(box: ClaimedBox, driver: Driver) -> None:
    wait(driver, lambda: "Everything works" in text(driver))
    for service in box.status()["services"]:
        assert service["label"] in text(driver)
    box.box.run(["systemctl", "stop", "janus.service"])
    try:
        wait(driver, lambda: "Something needs attention" in text(driver), 30)
        assert "does not work" in text(driver)
    finally:
        box.box.run(["systemctl", "start", "janus.service"])
    wait(driver, lambda: "Everything works" in text(driver), 30)


def test_an_invited_person_joins_in_the_browser_and_is_deleted(
    box: ClaimedBox, driver: Driver, stranger: Driver, name: str
) -> None:
    go(driver, box, "/people")
    fill(driver, "name", name)
    submit(driver)
    (card,) = cards(driver)
    assert (card.name, card.jid) == (name, f"{name}@{box.domain}")
    with browser({box.domain: box.address}, language="es") as receiver:
        assert uri_of(receiver, card.link).startswith("xmpp:")
        assert f"¡Hola, {name}, adelante!" in text(receiver)
        press(receiver, "summary")
        fill(receiver, "password", "una contraseña: {larga}")
        submit(receiver, "details .primary")
        assert f"{name}@{box.domain}" in text(receiver)
        receiver.get(card.link)
        assert "Esta invitación ha caducado" in text(receiver)
    assert lands(stranger, box, name, "una contraseña: {larga}") == "/account"
    go(driver, box, f"/people/{name}/delete")
    fill(driver, "confirm", "somebody else")
    submit(driver, "main form .danger")
    assert f"Type “{name}” to delete it." in text(driver)
    fill(driver, "confirm", name)
    submit(driver, "main form .danger")
    assert path(driver) == "/people"
    assert person(box, name) is None


def test_a_person_is_added_disabled_enabled_and_made_admin(
    box: ClaimedBox, driver: Driver, stranger: Driver, name: str
) -> None:
    go(driver, box, "/people")
    fill(driver, "name", name)
    choose(driver, "way", "password")
    fill(driver, "password", "a good password")
    submit(driver)
    assert path(driver) == f"/people/{name}"
    assert lands(stranger, box, name, "a good password") == "/account"
    for action, key, value, landing in (
        ("disable", "state", "disabled", "/login"),
        ("enable", "state", "active", "/account"),
        ("role", "role", "admin", "/"),
        ("role", "role", "member", "/account"),
    ):
        submit(driver, f"form[action$='/{action}'] button")
        assert (person(box, name) or {})[key] == value
        assert lands(stranger, box, name, "a good password") == landing


def test_a_reset_ends_the_old_password_and_its_link_makes_a_new_one(
    box: ClaimedBox, driver: Driver, stranger: Driver, name: str
) -> None:
    old = box.add_person(name)
    go(driver, box, f"/people/{name}")
    submit(driver, "form[action$='/reset'] button")
    (card,) = cards(driver)
    driver.refresh()
    assert cards(driver) == (card,)
    assert lands(stranger, box, name, old) == "/login"
    with browser({box.domain: box.address}) as receiver:
        receiver.get(card.link)
        fill(receiver, "password", "short")
        submit(receiver)
        assert "at least 8 characters" in text(receiver, ".wrong")
        fill(receiver, "password", "entirely new")
        submit(receiver)
        assert f"{name}@{box.domain}" in text(receiver)
    assert lands(stranger, box, name, "entirely new") == "/account"


def test_logging_out_everywhere_ends_other_browsers(box: ClaimedBox, driver: Driver, name: str) -> None:
    password = box.add_person(name)
    with browser({box.domain: box.address}) as other:
        log_in(other, box.domain, name, password)
        assert path(other) == "/account"
        go(driver, box, f"/people/{name}")
        submit(driver, "form[action$='/logout'] button")
        other.refresh()
        assert path(other) == "/login"
        log_in(other, box.domain, name, password)
        submit(other, "form[action$='/logout-everywhere'] button")
        assert path(other) == "/login"


def test_a_member_changes_the_own_password_and_sees_no_more(box: ClaimedBox, stranger: Driver, name: str) -> None:
    old = box.add_person(name)
    with browser({box.domain: box.address}) as member:
        log_in(member, box.domain, name.upper(), old)
        fill(member, "old", old)
        fill(member, "new", "brand new words")
        submit(member)
        assert "Your new password is in force." in text(member)
        go(member, box, "/people")
        assert "Only an admin" in text(member)
    assert lands(stranger, box, name, "brand new words") == "/account"


def test_settings_are_changed_together_or_not_at_all(box: ClaimedBox, driver: Driver) -> None:
    go(driver, box, "/settings")
    fill(driver, "files.max_mb", "150")
    fill(driver, "network.public_address", "no address")
    submit(driver)
    assert "is not an IP address." in text(driver, ".wrong")
    assert setting(box, "files.max_mb") == 100
    fill(driver, "network.public_address", "")
    submit(driver)
    wait(driver, lambda: "Saved." in text(driver), 30)
    assert setting(box, "files.max_mb") == 150
    fill(driver, "files.max_mb", "100")
    submit(driver)
    wait(driver, lambda: "Saved." in text(driver), 30)
    box.wait_until_well()


def test_no_login_is_left_in_the_address_or_out_of_the_cookie(box: ClaimedBox, driver: Driver) -> None:
    cookie = driver.get_cookie("__Host-parlor")
    assert cookie is not None
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")
    assert script(driver, "return document.cookie") == ""


def test_an_error_on_a_page_is_found_in_the_journal_by_its_number(box: ClaimedBox, driver: Driver) -> None:
    box.box.run(["systemctl", "stop", "parlor-core.service"])
    try:
        go(driver, box, "/people")
        assert "The box is not ready" in text(driver)
        number = text(driver, "main code")
    finally:
        box.box.run(["systemctl", "start", "parlor-core.service"])
    assert f"error {number}" in box.box.journal("--unit", "parlor-portal.service")
    wait(driver, lambda: path(driver) == "/people" and "Somebody new" in text(driver), 30)  # it comes back by itself
