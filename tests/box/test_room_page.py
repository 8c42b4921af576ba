"""The page of a room in Chromium with a made-up conference (tests/screens): what it does by itself, without a box."""

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from selenium.webdriver.common.keys import Keys

from tests.box.chromium import Driver, browser, complaints, fill, one, press, script, text, wait
from tests.box.room_page import MEDIA, screen
from tests.screens.server import served

KEY = "AAAAAAAAAAAAAAAAAAAAAA"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture(scope="module")
def shared() -> Iterator[Driver]:
    with browser({}, more=MEDIA) as driver:
        yield driver


@pytest.fixture
def driver(shared: Driver, address: str) -> Iterator[Driver]:
    """A browser that remembers nothing, and at the end has had nothing to complain of."""
    shared.get(f"{address}/client/page/logo.svg")
    script(shared, "localStorage.clear(); sessionStorage.clear(); document.cookie = 'person=; path=/; max-age=0'")
    complaints(shared)
    yield shared
    assert complaints(shared) == []


def open_room(driver: Driver, address: str, scene: object, person: str = "Ann", fragment: str = "") -> None:
    """The lobby of the made-up room."""
    script(driver, "document.cookie = `person=${arguments[0]}; path=/`", person)
    driver.get(f"{address}/r/team?scene={quote(json.dumps(scene))}{fragment}")
    wait(driver, lambda: screen(driver) == "lobby")


def enter(driver: Driver, address: str, scene: object, person: str = "Ann", fragment: str = "") -> None:
    """In the made-up room, or wherever its scene leads."""
    open_room(driver, address, scene, person, fragment)
    press(driver, "#join")
    wait(driver, lambda: screen(driver) != "lobby")


def key(driver: Driver, keys: str) -> None:
    """Press a key wherever the focus is."""
    driver.switch_to.active_element.send_keys(keys)


def pressed(driver: Driver, selector: str) -> bool:
    """Whether a switch is on."""
    return one(driver, selector).get_attribute("aria-pressed") == "true"


def focus(driver: Driver) -> str:
    """The id of what has the focus."""
    return str(script(driver, "return document.activeElement.id"))


def test_everything_in_the_bar_has_a_key(driver: Driver, address: str) -> None:
    enter(driver, address, {"people": 2})
    for letter, button in (("m", "#microphone"), ("v", "#camera")):
        wait(driver, lambda button=button: pressed(driver, button))
        key(driver, letter)
        wait(driver, lambda button=button: not pressed(driver, button))
        key(driver, letter)
        wait(driver, lambda button=button: pressed(driver, button))
    key(driver, "h")
    wait(driver, lambda: pressed(driver, "#hand"))
    for letter, panel, target in (("c", "#chat-panel", "chat-text"), ("p", "#people-panel", "")):
        key(driver, letter)
        assert one(driver, panel).is_displayed()
        assert not target or focus(driver) == target
        key(driver, Keys.ESCAPE)
        assert not one(driver, panel).is_displayed()
        assert focus(driver) == panel[1:].partition("-")[0]


def test_letters_typed_into_the_chat_switch_nothing(driver: Driver, address: str) -> None:
    enter(driver, address, {"people": 1})
    wait(driver, lambda: pressed(driver, "#microphone"))
    press(driver, "#chat")
    key(driver, "mvhp <i>x</i> https://a.example" + Keys.ENTER)
    wait(driver, lambda: "mvhp <i>x</i>" in text(driver, ".message"))
    assert pressed(driver, "#microphone")
    assert script(driver, "return document.querySelectorAll('.message i').length") == 0
    assert one(driver, ".message a").get_attribute("rel") == "noopener noreferrer nofollow"
    assert one(driver, "#chat-text").get_attribute("value") == ""


def test_unread_messages_are_counted_until_they_are_seen(driver: Driver, address: str) -> None:
    enter(driver, address, {"people": 1})
    for number in range(2):
        script(
            driver,
            "conference.emit('message', { from: '1', name: 'Ben', text: `${arguments[0]}`, at: Date.now() })",
            number,
        )
    assert text(driver, "#unread") == "2"
    press(driver, "#chat")
    assert text(driver, "#unread") == ""


def test_only_what_is_seen_is_asked_for(driver: Driver, address: str) -> None:
    """Each picture in the size of its tile; a hidden one not at all; a pinned one large."""
    enter(driver, address, {"people": 39})
    watched = script(driver, "return conference.watched")
    layers = [each["camera"] for each in watched.values()]
    assert len(layers) == 39
    assert layers.count(None) == 39 - 23  # 25 places: 23 others, me, and how many more there are
    assert set(layers) <= {None, 0, 1}
    script(driver, "document.querySelector(\".tile[data-person='1'] .pin\").click()")
    assert script(driver, "return conference.watched['1'].camera") == 2


def test_a_host_admits_and_mutes_and_removes_after_a_question(driver: Driver, address: str) -> None:
    enter(driver, address, {"people": 2, "door": ["Olga", "Pete"]})
    press(driver, "#door .admit")
    wait(driver, lambda: "Olga" not in text(driver, "#door"))
    press(driver, "#admit-all")
    wait(driver, lambda: not one(driver, "#door").is_displayed())
    script(driver, "conference.removed = []; conference.remove = (id) => conference.removed.push(id)")
    press(driver, "#people")
    press(driver, ".person[data-person='1'] .remove")
    press(driver, "#confirm-no")
    press(driver, ".person[data-person='1'] .remove")
    press(driver, "#confirm-yes")
    wait(driver, lambda: script(driver, "return conference.removed") == ["1"])


def test_others_than_hosts_are_offered_nothing_of_a_host(driver: Driver, address: str) -> None:
    enter(driver, address, {"people": 2, "role": "guest", "door": ["Olga"]})
    assert not one(driver, "#door").is_displayed()
    press(driver, "#people")
    assert script(driver, "return document.querySelectorAll('.mute, .remove').length") == 0
    press(driver, "#more")
    for choice in ("#record", "#lock", "#end"):
        assert not one(driver, choice).is_displayed()


def test_the_first_host_of_an_encrypted_room_makes_its_key(driver: Driver, address: str) -> None:
    enter(driver, address, {"lock": "new"})
    wait(driver, lambda: screen(driver) == "room")
    made = script(driver, "return location.hash")
    assert made.startswith("#k=")
    assert len(made) == 3 + 22
    assert text(driver, "#lock-words") == "End-to-end encrypted"
    assert script(driver, "return localStorage.getItem('parlor.key.team')") == made[3:]


def test_a_made_key_that_is_not_the_rooms_is_forgotten(driver: Driver, address: str) -> None:
    enter(driver, address, {"lock": KEY})
    wait(driver, lambda: screen(driver) == "over")
    assert text(driver, "#over-title") == "The link is not complete"
    assert script(driver, "return location.hash") == ""
    assert script(driver, "return localStorage.getItem('parlor.key.team')") is None


def test_the_key_in_the_link_opens_the_room(driver: Driver, address: str) -> None:
    enter(driver, address, {"lock": KEY}, fragment=f"#k={KEY}")
    wait(driver, lambda: screen(driver) == "room")
    assert text(driver, "#lock-words") == "End-to-end encrypted"


def test_a_guest_says_a_name_once(driver: Driver, address: str) -> None:
    open_room(driver, address, {}, person="")
    press(driver, "#join")
    assert one(driver, "#name-problem").is_displayed()
    assert focus(driver) == "name"
    fill(driver, "name", "  Gus   Green ")
    press(driver, "#join")
    wait(driver, lambda: screen(driver) == "room")
    assert script(driver, "return conference.options.name") == "Gus Green"
    open_room(driver, address, {}, person="")
    assert one(driver, "#name").get_attribute("value") == "Gus Green"


def test_an_unplugged_camera_is_told_and_the_call_goes_on(driver: Driver, address: str) -> None:
    enter(driver, address, {"people": 1})
    wait(driver, lambda: pressed(driver, "#camera"))
    script(
        driver,
        "const [track] = document.querySelector(\".tile[data-person='me'] video\").srcObject.getTracks();"
        "track.dispatchEvent(new Event('ended'))",
    )
    wait(driver, lambda: "unplugged" in text(driver, "#toasts"))
    assert not pressed(driver, "#camera")
    assert screen(driver) == "room"
    press(driver, "#camera")
    wait(driver, lambda: pressed(driver, "#camera"))


def test_a_page_around_has_it_joined(driver: Driver, address: str) -> None:
    """It speaks the language of the page around, knows its name, and shows neither login nor header."""
    driver.get(f"{address}/around")
    driver.set_script_timeout(20)
    driver.execute_async_script(
        "customElements.whenDefined('parlor-room').then("
        "() => document.querySelector('parlor-room').join()).then(arguments[0], (error) => arguments[0](`${error}`))"
    )
    people = driver.execute_async_script("document.querySelector('parlor-room').participants().then(arguments[0])")
    assert [person["name"] for person in people] == ["Zoe Young"]
    driver.switch_to.frame(one(driver, "iframe"))
    assert screen(driver) == "room"
    assert text(driver, "#leave") == "Verlassen"
    assert not one(driver, ".brand").is_displayed()
    assert not one(driver, "#lobby-log-in").is_displayed()
    driver.switch_to.default_content()
    # Said twice, since older browsers know one way only.
    assert [complaint for complaint in complaints(driver) if "allowfullscreen" not in complaint] == []
