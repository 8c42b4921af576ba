"""Goes through the setup wizard as a person does; for every test that wants a box made in a browser."""

from dataclasses import dataclass

from selenium.webdriver.common.by import By

from image.box import Box
from tests.box.chromium import Driver, choose, fill, one, path, press, submit, text, wait

LOCAL = "parlor.local"  # the name of a box that nobody has named
SETUP_S = 120.0


@dataclass(frozen=True)
class Answers:
    """What the new owner says. Without a `domain` the box stays in its house."""

    admin: str = "ann"
    password: str = 'correct: {"horse"}'
    people: tuple[str, ...] = ("bob",)
    domain: str = ""
    name: str = "parlor"
    language: str = "en"


@dataclass(frozen=True)
class Card:
    """An invitation as the last page shows it."""

    name: str
    jid: str
    link: str


def code_of(box: Box) -> str:
    """The code that the box shows, in two groups of four."""
    return box.run(["parlor", "claim-code"]).stdout.strip()


def enter_code(driver: Driver, code: str, host: str = LOCAL) -> None:
    """Claim the box with this browser."""
    driver.get(f"https://{host}/")
    fill(driver, "code", code)
    submit(driver)


def answer(driver: Driver, answers: Answers) -> None:
    """Answer every question up to the last page, which asks for the password."""
    choose(driver, "box.language", answers.language)
    submit(driver)
    fill(driver, "box.name", answers.name)
    submit(driver)
    choose(driver, "domain.kind", "own" if answers.domain else "house")
    if answers.domain:
        fill(driver, "domain.name", answers.domain)
    submit(driver)
    fill(driver, "admin.name", answers.admin)
    submit(driver)
    for index, person in enumerate(answers.people):
        if index >= len(driver.find_elements(By.NAME, "people")):
            press(driver, "[data-adds-row]")
        fill(driver, "people", person, index)
    submit(driver)


def finish(driver: Driver, password: str) -> tuple[Card, ...]:
    """Start the setup and wait for its end; returns the invitations."""
    fill(driver, "admin.password", password)
    submit(driver)
    assert path(driver) != "/setup/review", text(driver)
    wait(
        driver,
        lambda: path(driver) == "/setup/done" or driver.find_elements(By.CSS_SELECTOR, "[data-poll-stop]"),
        SETUP_S,
    )
    assert path(driver) == "/setup/done", text(driver)
    return cards(driver)


def failed(driver: Driver) -> bool:
    """Whether the page says that the setup went wrong, and why."""
    return bool(driver.find_elements(By.CSS_SELECTOR, "[data-poll-stop]"))


def cards(driver: Driver) -> tuple[Card, ...]:
    """The invitations on the page."""
    found = driver.find_elements(By.CSS_SELECTOR, ".invitation")
    return tuple(
        Card(
            card.find_element(By.CSS_SELECTOR, "h2").text,
            card.find_element(By.CSS_SELECTOR, ".address").text,
            card.find_element(By.CSS_SELECTOR, ".link").text,
        )
        for card in found
    )


def run_wizard(driver: Driver, box: Box, answers: Answers, host: str = LOCAL) -> tuple[Card, ...]:
    """The whole wizard in `driver`, from the claim code to the invitations, which it returns."""
    enter_code(driver, code_of(box), host)
    answer(driver, answers)
    return finish(driver, answers.password)


def log_in(driver: Driver, host: str, name: str, password: str) -> None:
    """Log in to the portal."""
    driver.get(f"https://{host}/login")
    fill(driver, "name", name)
    fill(driver, "password", password)
    submit(driver)


def uri_of(driver: Driver, link: str) -> str:
    """The `xmpp:` address behind an invitation's link, as the page under it offers it."""
    driver.get(link)
    return one(driver, 'a[href^="xmpp:"]').get_attribute("href") or ""
