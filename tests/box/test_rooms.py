"""Rooms in real browsers against the booted box: people who really see and hear each other."""

import time

from tests.box.chromium import PHONE, complaints, one, press, script, text, wait
from tests.box.house import ClaimedBox
from tests.box.room_page import (
    CALL_S,
    enter,
    enter_as_person,
    frames,
    hears,
    loudness,
    others,
    screen,
    sees,
    state,
    two_people,
    visitor,
    wait_for_others,
    wait_inside,
)


def test_three_people_see_and_hear_each_other(box: ClaimedBox) -> None:
    """A person of the box, and two guests with the link, whom it lets in: one alone, one with all."""
    with visitor(box) as ann, visitor(box, size=PHONE) as ben, visitor(box) as cleo:
        enter_as_person(ann, box)
        wait_inside(ann)
        for guest, name, button in ((ben, "Ben", "#door .admit"), (cleo, "Cleo", "#admit-all")):
            enter(guest, box, name=name)
            wait(guest, lambda guest=guest: screen(guest) == "waiting", CALL_S)
            wait(ann, lambda name=name: name in text(ann, "#door"), CALL_S)
            press(ann, button)
            wait_inside(guest)
        for driver in (ann, ben, cleo):
            for person in wait_for_others(driver, 2):
                sees(driver, person)
            hears(driver, 2)
        assert "Ben" in text(cleo, "#grid, main") or "Ben" in text(cleo, "body")
        for driver in (ann, ben, cleo):
            assert complaints(driver) == []
        press(cleo, "#leave")
        wait_for_others(ann, 1)


def test_chat_is_text_and_reaches_all(box: ClaimedBox) -> None:
    with two_people(box) as (ann, other):
        press(ann, "#chat")
        one(ann, "#chat-text").send_keys("<b>hello</b> https://example.org")
        press(ann, "#chat-send")
        press(other, "#chat")
        wait(other, lambda: "<b>hello</b>" in text(other, "#chat-panel"))
        link = one(other, ".message a")
        assert link.get_attribute("href") == "https://example.org/"
        assert "noopener" in (link.get_attribute("rel") or "")


def test_a_screen_is_shared(box: ClaimedBox) -> None:
    with two_people(box) as (ann, other):
        press(ann, "#screen")
        (person,) = wait_for_others(other, 1)
        sees(other, person, "screen")
        press(ann, "#screen")
        wait(other, lambda: not script(other, "return document.querySelector('video[data-kind=screen]')"))


def test_who_is_muted_by_a_host_is_silent_until_it_speaks_again(box: ClaimedBox) -> None:
    with two_people(box) as (ann, other):
        (person,) = wait_for_others(ann, 1)
        hears(ann, 1)
        press(ann, "#people")
        press(ann, f'.person[data-person="{person}"] .mute')
        wait(other, lambda: one(other, "#microphone").get_attribute("aria-pressed") == "false")
        wait(ann, lambda: max(loudness(ann), default=0.0) < 0.005, CALL_S)
        press(other, "#microphone")
        hears(ann, 1)


def test_who_is_removed_stays_out_with_a_second_tab(box: ClaimedBox) -> None:
    with visitor(box) as ann, visitor(box) as guest:
        enter_as_person(ann, box)
        wait_inside(ann)
        enter(guest, box, name="Gus")
        wait(ann, lambda: "Gus" in text(ann, "#door"), CALL_S)
        press(ann, "#admit-all")
        wait_inside(guest)
        (person,) = wait_for_others(ann, 1)
        press(ann, "#people")
        press(ann, f'.person[data-person="{person}"] .remove')
        if script(ann, "return document.querySelector('#confirm')?.open"):
            press(ann, "#confirm-yes")
        wait(guest, lambda: screen(guest) == "over", CALL_S)
        assert "removed" in text(guest, "#over")
        guest.switch_to.new_window("tab")
        enter(guest, box, name="Somebody else")
        wait(guest, lambda: screen(guest) == "over", CALL_S)
        assert "removed" in text(guest, "#over")


def test_janus_killed_in_the_middle_is_back_within_10_s(box: ClaimedBox) -> None:
    with two_people(box) as (ann, _other):
        (person,) = wait_for_others(ann, 1)
        sees(ann, person)
        box.box.run(["systemctl", "kill", "--signal=KILL", "janus.service"])
        killed = time.monotonic()
        time.sleep(1.5)
        sees(ann, person, timeout_s=12)
        assert time.monotonic() - killed < 12
        hears(ann, 1)


def test_the_network_gone_for_20_s_is_survived(box: ClaimedBox) -> None:
    """Everything that comes to the box is lost for 20 seconds; then the same people go on."""
    with two_people(box) as (ann, other):
        (person,) = wait_for_others(ann, 1)
        sees(ann, person)
        box.box.run(["nft", "insert", "rule", "inet", "parlor", "input", "iifname", "!=", "lo", "drop"])
        try:
            time.sleep(20)
        finally:
            box.box.run(["systemctl", "reload", "parlor-firewall.service"])
        for driver in (ann, other):
            wait(driver, lambda driver=driver: state(driver) == "in", CALL_S)
        assert others(ann) == [person]
        before = frames(ann, person)
        wait(ann, lambda: frames(ann, person) > before + 10, CALL_S)
        hears(ann, 1)
        assert text(ann, "#banner") == ""


def test_where_udp_does_not_come_through_the_relay_carries_the_call(box: ClaimedBox) -> None:
    drop = ["nft", "insert", "rule", "inet", "parlor", "input", "iifname", "!=", "lo", "udp", "dport"]
    box.box.run([*drop, "{ 3478, 20000-20999 }", "drop"])
    try:
        with two_people(box) as (ann, _):
            (person,) = wait_for_others(ann, 1)
            sees(ann, person)
            hears(ann, 1)
    finally:
        box.box.run(["systemctl", "reload", "parlor-firewall.service"])
