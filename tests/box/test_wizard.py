"""The wizard in a real browser, on a real box, through nginx and TLS."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from image.box import Box
from image.network import Network
from tests.box.chromium import (
    PHONE,
    Driver,
    accept_certificate,
    browser,
    choose,
    complaints,
    fill,
    one,
    path,
    press,
    script,
    submit,
    text,
    wait,
)
from tests.box.house import House
from tests.box.wizard import LOCAL, Answers, answer, cards, code_of, enter_code, finish, log_in, run_wizard

HOSTILE_NAMES = (
    "Ann Smith",
    "аnn",  # begins with a Cyrillic letter
    "ann\nroot: true",
    "\"'><img src=x onerror=alert(1)>",
    "<script>document.title='owned'</script>",
    "{{ 7 * 7 }}{% raw %}",
    "\u202enna",
    "x" * 65536,
)


@contextmanager
def visitor(box: Box, language: str = "en", scripts: bool = True) -> Iterator[Driver]:
    """Somebody with a phone in the house of the box."""
    with browser({LOCAL: box.address}, language=language, size=PHONE, scripts=scripts) as opened:
        yield opened


@pytest.fixture
def unclaimed_box(house: House, tmp_path: Path) -> Iterator[Box]:
    """A fresh box alone in its house: beside another `parlor.local` it would have to take another name."""
    with Network() as network, Box("alone", house.tree, network, data=tmp_path / "data") as fresh:
        fresh.wait_until_up()
        yield fresh


@pytest.fixture
def driver(unclaimed_box: Box) -> Iterator[Driver]:
    with visitor(unclaimed_box) as opened:
        yield opened


def claimed(box: Box) -> bool:
    """Whether the box has an owner, as its own command says."""
    return bool(json.loads(box.run(["parlor", "status", "--json"], check=False).stdout)["claimed"])


def admins(box: Box) -> list[str]:
    """Who runs the box."""
    people = json.loads(box.run(["parlor", "user", "list", "--json"]).stdout)
    return [person["name"] for person in people if person["role"] == "admin"]


def test_a_newcomer_sets_the_box_up_and_logs_in(unclaimed_box: Box, driver: Driver) -> None:
    shown = run_wizard(driver, unclaimed_box, Answers(people=("bob", "cleo", "dora", "erik")))
    assert [(card.name, card.jid) for card in shown][:2] == [("bob", "bob@parlor.local"), ("cleo", "cleo@parlor.local")]
    assert all(card.link.startswith("https://parlor.local/invite/") for card in shown)
    assert len(driver.find_elements(By.CSS_SELECTOR, ".qr svg")) == 4
    driver.refresh()
    assert len(driver.find_elements(By.CSS_SELECTOR, ".invitation")) == 4
    submit(driver, "form[action='/setup/done'] .primary")
    assert path(driver) == "/login"
    log_in(driver, LOCAL, "ann", Answers().password)
    assert path(driver) == "/"
    wait(driver, lambda: "Everything works" in text(driver))
    assert admins(unclaimed_box) == ["ann"]
    assert complaints(driver) == []


def test_the_box_can_be_set_up_without_scripts_and_in_german(unclaimed_box: Box) -> None:
    with visitor(unclaimed_box, language="de", scripts=False) as driver:
        enter_code(driver, code_of(unclaimed_box).lower().replace("-", " "))
        assert "Welche Sprache sprichst du?" in text(driver)
        answer(driver, Answers(language="de"))
        assert [card.name for card in finish(driver, Answers().password)] == ["bob"]
        assert "Deine Box ist fertig" in text(driver)


def test_a_code_that_is_wrong_or_was_used_claims_nothing(unclaimed_box: Box, driver: Driver) -> None:
    code = code_of(unclaimed_box)
    enter_code(driver, "AAAA-AAAA")
    assert "This is not the code the box shows." in text(driver, ".wrong")
    assert one(driver, "[name=code]").get_attribute("value") == "AAAA-AAAA"
    assert driver.switch_to.active_element.get_attribute("name") == "code"
    enter_code(driver, code)
    assert path(driver) == "/setup/language"
    with visitor(unclaimed_box) as second:
        enter_code(second, code)
        assert "This is not the code the box shows." in text(second, ".wrong")
    driver.refresh()
    assert path(driver) == "/setup/language"


def test_answers_outlive_a_reload_the_way_back_and_a_reboot(unclaimed_box: Box, driver: Driver) -> None:
    enter_code(driver, code_of(unclaimed_box))
    answer(driver, Answers(name="ourhouse", domain="one.example"))
    assert path(driver) == "/setup/review"
    driver.refresh()
    for step, value in (("name", "ourhouse"), ("domain", "one.example"), ("you", "ann"), ("people", "bob")):
        driver.get(f"https://{LOCAL}/setup/{step}")
        assert value in [field.get_attribute("value") for field in driver.find_elements(By.CSS_SELECTOR, "main input")]
    driver.back()
    assert path(driver) == "/setup/you"
    unclaimed_box.reboot()
    unclaimed_box.wait_until_up()
    driver.get(f"https://{LOCAL}/")
    assert path(driver) == "/setup/review"
    assert "ann@one.example" in text(driver)
    assert not claimed(unclaimed_box)


def test_two_browsers_and_impatient_clicks_make_one_box_with_one_admin(unclaimed_box: Box, driver: Driver) -> None:
    enter_code(driver, code_of(unclaimed_box))
    answer(driver, Answers())
    with visitor(unclaimed_box) as second:
        enter_code(second, code_of(unclaimed_box))
        assert path(second) == "/setup/review"  # the answers of the first are there
        fill(driver, "admin.password", "the first one's")
        submit(driver)
        assert "The setup goes on elsewhere" in text(driver)
        fill(second, "admin.password", Answers().password)
        button = one(second, "main form .primary")
        # Straight past the module that holds a second click back: three requests, as fast as a browser can.
        script(
            second,
            "const form = arguments[0].form; const body = new URLSearchParams(new FormData(form));"
            "for (let i = 0; i < 3; i++) fetch(form.action, {method: 'POST', body});",
            button,
        )
        submit(second)
        wait(second, lambda: path(second) == "/setup/done", 60)
        assert len(second.find_elements(By.CSS_SELECTOR, ".invitation")) == 1
    driver.get(f"https://{LOCAL}/setup/name")
    assert path(driver) == "/login"
    assert admins(unclaimed_box) == ["ann"]
    log_in(driver, LOCAL, "ann", "the first one's")
    assert "Name or password is wrong." in text(driver)


def test_a_browser_that_asks_about_the_new_certificate_still_sees_the_result(unclaimed_box: Box) -> None:
    with browser({LOCAL: unclaimed_box.address}, trusting=False) as driver:
        driver.get(f"https://{LOCAL}/")
        accept_certificate(driver)
        fill(driver, "code", code_of(unclaimed_box))
        submit(driver)
        answer(driver, Answers())
        fill(driver, "admin.password", Answers().password)
        submit(driver)
        # Nothing that runs in the page can reach the box now: its certificate covers more names than before.
        wait(driver, lambda: driver.find_elements(By.CSS_SELECTOR, ".alert a.primary"), 30)
        press(driver, ".alert a.primary")
        accept_certificate(driver)
        wait(driver, lambda: path(driver) == "/setup/done", 60)
        assert [card.name for card in cards(driver)] == ["bob"]


def test_a_box_with_a_new_name_is_found_by_it_with_everything_done(unclaimed_box: Box) -> None:
    with browser({LOCAL: unclaimed_box.address, "ourhouse.local": unclaimed_box.address}) as driver:
        enter_code(driver, code_of(unclaimed_box))
        answer(driver, Answers(name="ourhouse"))
        fill(driver, "admin.password", Answers().password)
        submit(driver)
        wait(driver, lambda: "https://ourhouse.local/" in text(driver))
        wait(driver, lambda: claimed(unclaimed_box), 60)
        log_in(driver, "ourhouse.local", "ann", Answers().password)
        driver.get("https://ourhouse.local/people/bob")
        assert [card.jid for card in cards(driver)] == ["bob@ourhouse.local"]


def test_hostile_names_and_passwords_change_nothing_and_run_nowhere(unclaimed_box: Box, driver: Driver) -> None:
    enter_code(driver, code_of(unclaimed_box))
    answer(driver, Answers())
    for step, field in (("name", "box.name"), ("domain", "domain.name"), ("you", "admin.name"), ("people", "people")):
        for value in HOSTILE_NAMES:
            driver.get(f"https://{LOCAL}/setup/{step}")
            if step == "domain":
                choose(driver, "domain.kind", "own")
            fill(driver, field, value)
            submit(driver)
            assert path(driver) == f"/setup/{step}", value
            assert text(driver, ".wrong"), value
            assert "owned" not in driver.title
            assert not driver.find_elements(By.CSS_SELECTOR, "main img")
    answer_again = Answers()
    driver.get(f"https://{LOCAL}/setup/language")
    answer(driver, answer_again)
    for value in ("short", "x" * 129, "tab\tinside it", "🐎" * 9, "x" * 65536):
        fill(driver, "admin.password", value)
        submit(driver)
        assert path(driver) == "/setup/review"
        assert text(driver, ".wrong")
    assert not claimed(unclaimed_box)
    assert complaints(driver) == []
    secret = "\"'{}: #\\ñ€ %(x)s </pass>"
    assert [card.name for card in finish(driver, secret)] == ["bob"]
    log_in(driver, LOCAL, "ann", secret)
    assert path(driver) == "/"


def test_the_whole_wizard_needs_nothing_but_the_keyboard(unclaimed_box: Box, driver: Driver) -> None:
    driver.get(f"https://{LOCAL}/")
    active = driver.switch_to.active_element
    active.send_keys(Keys.TAB)
    assert "Skip" in driver.switch_to.active_element.text
    driver.switch_to.active_element.send_keys(Keys.ENTER, Keys.TAB)
    driver.switch_to.active_element.send_keys(code_of(unclaimed_box), Keys.ENTER)
    wait(driver, lambda: path(driver) == "/setup/language")
    for name in ("box.language", "box.name"):
        one(driver, f"[name='{name}']").send_keys(Keys.ENTER)
        wait(driver, lambda name=name: not driver.find_elements(By.NAME, name))
    assert path(driver) == "/setup/domain"


def test_the_phone_shows_everything_without_scrolling_sideways(unclaimed_box: Box, driver: Driver) -> None:
    enter_code(driver, code_of(unclaimed_box))
    answer(driver, Answers(domain="a-rather-long-name-for-a-house.example", admin="somebody.with_a-long.name"))
    for step in ("language", "name", "domain", "you", "people", "review"):
        driver.get(f"https://{LOCAL}/setup/{step}")
        wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert script(driver, wide) <= 0, step
    press(driver, "[data-shows]")
    assert one(driver, "[name='admin.password']").get_attribute("type") == "text"
